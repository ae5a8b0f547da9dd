"""What only a real engine can show: ports, logs, commands, images, limits."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest

from meshctl.adapters.docker.reader import ContainerReader
from meshctl.adapters.docker.runtime import DockerRuntime
from meshctl.errors import (
    BuildFailed,
    CannotRun,
    ConfigError,
    DeadlineExceeded,
    ImageUnavailable,
    MeshError,
    OperationFailed,
    PortInUse,
)
from meshctl.model.config import BuildSpec, Mount, PortSpec
from meshctl.model.containers import (
    LABEL_CONFIG_HASH,
    LABEL_PROJECT,
    Container,
    ContainerState,
    LogLine,
    WritableMount,
)
from tests.adapters.contract_runtime import WAIT_S, eventually, free_port, only, sleeper, until

pytestmark = pytest.mark.docker


async def run(runtime: DockerRuntime, project: str, image: str, script: str, **changes: Any) -> str:
    """A started container that runs ``script`` with sh."""
    container_id = await runtime.instances.create(sleeper(project, image, command=("sh", "-c", script), **changes))
    await runtime.instances.start(container_id)
    return container_id


async def lines_of(
    runtime: DockerRuntime,
    project: str,
    *,
    since: float | None = None,
    tail: int | None = None,
    follow: bool = False,
) -> list[LogLine]:
    container = await only(runtime, project)
    async with asyncio.timeout(WAIT_S):
        return [line async for line in runtime.logs(container, since=since, tail=tail, follow=follow)]


async def ended(runtime: DockerRuntime, project: str) -> None:
    await until(runtime, project, lambda c: c.state is ContainerState.EXITED)


async def test_the_last_lines_of_several_in_the_order_of_time(runtime: DockerRuntime, project: str, image: str) -> None:
    await run(runtime, project, image, "echo one; echo two; sleep 0.2; echo four")
    await runtime.instances.start(
        await runtime.instances.create(
            sleeper(project, image, instance=2, command=("sh", "-c", "sleep 0.1; echo three >&2"))
        )
    )

    async def all_ended() -> bool:
        return {c.state for c in (await runtime.observe(project)).containers} == {ContainerState.EXITED}

    await eventually(all_ended)
    lines = await runtime.last_lines((await runtime.observe(project)).containers, 2)
    assert {(line.text, line.stream) for line in lines} == {("two", "stdout"), ("four", "stdout"), ("three", "stderr")}
    assert [line.time for line in lines] == sorted(line.time for line in lines)


async def test_the_room_of_a_volume_is_the_same_from_outside_and_inside(
    runtime: DockerRuntime, project: str, image: str
) -> None:
    await runtime.volumes.create(project, f"{project}_data")
    data = Mount("volume", f"{project}_data", "/data")
    await run(runtime, project, image, "sleep 600", mounts=(data, Mount("bind", "/etc", "/host", read_only=True)))
    container = await only(runtime, project)
    assert [(mount.source, mount.target) for mount in container.mounts] == [(f"{project}_data", "/data")]
    inside = (await runtime.volumes.room([replace(container, mounts=_elsewhere(container))], ask=True))[container.id]
    assert (inside[0].source, inside[0].target) == (f"{project}_data", "/data")
    seen = await runtime.volumes.room([container], ask=False)
    if container.id in seen:
        assert seen[container.id][0].total == pytest.approx(inside[0].total, rel=0.01)


def _elsewhere(container: Container) -> tuple[WritableMount, ...]:
    """The mounts of an engine whose files are not here."""
    return tuple(replace(mount, path=f"/nowhere{mount.path}") for mount in container.mounts)


async def test_a_port_held_by_a_container_names_it(runtime: DockerRuntime, project: str, image: str) -> None:
    port = (PortSpec(name="http", target=8000, published=free_port()),)
    first = await runtime.instances.create(sleeper(project, image, ports=port))
    await runtime.instances.start(first)
    second = await runtime.instances.create(sleeper(project, image, instance=2, ports=port))
    with pytest.raises(PortInUse, match=rf"Port {port[0].published} .* by web-1, another instance"):
        await runtime.instances.start(second)
    refused = next(c for c in (await runtime.observe(project)).containers if c.id == second)
    assert (
        refused.error
        == f"port {port[0].published} of 127.0.0.1 is taken by web-1, another instance of the same service"
    )
    await runtime.instances.remove(first)
    refused = await only(runtime, project)
    assert refused.error.endswith("was taken by another program")


async def test_a_port_held_by_a_program_is_named(runtime: DockerRuntime, project: str, image: str) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        container_id = await runtime.instances.create(
            sleeper(project, image, ports=(PortSpec(name="http", target=8000, published=port),))
        )
        with pytest.raises(PortInUse, match=f"Port {port} ") as caught:
            await runtime.instances.start(container_id)
    assert "another program" in str(caught.value)
    assert "published" in caught.value.hint


async def test_who_has_the_name_is_told_with_what_to_do(runtime: DockerRuntime, project: str, image: str) -> None:
    request = sleeper(project, image)
    await runtime.instances.create(request)
    with pytest.raises(OperationFailed, match=f"another meshctl is changing {project}: it has just made") as ours:
        await runtime.instances.create(replace(request, labels={**request.labels, LABEL_CONFIG_HASH: "def456"}))
    with pytest.raises(OperationFailed, match="already in use by container") as foreign:
        await runtime.instances.create(replace(request, project=f"{project}-other"))
    assert ours.value.hint == "Run the command again."
    assert "docker rm -f" in foreign.value.hint


async def test_many_that_create_the_same_instance_have_one_on_all_its_networks(
    runtime: DockerRuntime, project: str, image: str
) -> None:
    networks = (f"{project}_a", f"{project}_b")
    for name in networks:
        await runtime.networks.create(project, name)
    others = [DockerRuntime() for _ in range(3)]
    try:
        request = sleeper(project, image, networks=networks)
        ids = await asyncio.gather(*(one.instances.create(request) for one in (runtime, *others)))
        assert len(set(ids)) == 1
        await asyncio.gather(*(one.instances.start(ids[0]) for one in (runtime, *others)))
    finally:
        await asyncio.gather(*(one.close() for one in others))
    assert len((await only(runtime, project)).addresses) == 2


async def test_what_is_being_removed_makes_room_for_the_next_of_its_name(
    runtime: DockerRuntime, project: str, image: str
) -> None:
    first = await run(runtime, project, image, "sleep 600")
    removal = asyncio.ensure_future(runtime.instances.remove(first))
    request = sleeper(project, image, labels={**sleeper(project, image).labels, LABEL_CONFIG_HASH: "def456"})
    await removal
    assert await runtime.instances.create(request) != first


async def test_many_that_create_a_network_have_one(runtime: DockerRuntime, project: str) -> None:
    others = [DockerRuntime() for _ in range(3)]
    try:
        await asyncio.gather(*(one.networks.create(project, f"{project}_default") for one in (runtime, *others)))
    finally:
        await asyncio.gather(*(one.close() for one in others))
    assert (await runtime.observe(project)).networks == (f"{project}_default",)


class TestDoubledNetworks:
    """Engines before 25 let two clients have two networks of one name."""

    @pytest.fixture
    def name(self, project: str) -> str:
        return f"{project}_default"

    @pytest.fixture
    def networks(self, project: str, name: str, runtime: DockerRuntime) -> Iterator[tuple[str, ...]]:
        """The ids of two of that name, the older one first."""
        with closing(docker.from_env().api) as api:
            labels = {LABEL_PROJECT: project}
            try:
                made = [api.create_network(name, check_duplicate=False, labels=labels)["Id"] for _ in range(2)]
            except docker.errors.APIError as error:
                if error.status_code != 409:
                    raise
                pytest.skip("this engine has no two networks of one name")
            yield tuple(made)

    def left(self, name: str) -> list[str]:
        with closing(docker.from_env().api) as api:
            return [network["Id"] for network in api.networks(names=[name])]

    async def test_they_are_seen_and_the_older_one_stays(
        self, runtime: DockerRuntime, project: str, name: str, networks: tuple[str, ...]
    ) -> None:
        assert (await runtime.observe(project)).networks == (name, name)
        await runtime.networks.create(project, name)
        assert self.left(name) == [networks[0]]

    async def test_all_of_them_are_removed(self, runtime: DockerRuntime, name: str, networks: tuple[str, ...]) -> None:
        await runtime.networks.remove(name)
        assert self.left(name) == []

    async def test_a_start_on_them_makes_them_one(
        self, runtime: DockerRuntime, project: str, image: str, name: str, networks: tuple[str, ...]
    ) -> None:
        await runtime.instances.start(await runtime.instances.create(sleeper(project, image, networks=(name,))))
        assert self.left(name) == [networks[0]]
        assert len((await only(runtime, project)).addresses) == 1

    async def test_what_is_on_the_younger_one_moves_with_its_names(
        self, runtime: DockerRuntime, project: str, image: str, name: str, networks: tuple[str, ...]
    ) -> None:
        """What runs goes on running, and what is stopped can be started."""
        made = [sleeper(project, image, "api", n, networks=(networks[1],), aliases=("api",)) for n in (1, 2)]
        runs, stopped = [await runtime.instances.create(request) for request in made]
        for instance in (runs, stopped):
            await runtime.instances.start(instance)
        await runtime.instances.stop(stopped, 1.0)
        await runtime.networks.create(project, name)
        assert self.left(name) == [networks[0]]
        await runtime.instances.start(stopped)
        seen = (await runtime.observe(project)).containers
        assert [(c.state, len(c.addresses), c.restarts) for c in seen] == [(ContainerState.RUNNING, 1, 0)] * 2
        request = sleeper(project, image, networks=(name,))
        other = await runtime.instances.create(request)
        await runtime.instances.start(other)
        found = await runtime.exec.run(other, ("getent", "ahostsv4", "api"), 10.0)
        assert all(c.addresses[0] in found.output for c in seen)


async def test_a_network_that_others_have_joined_names_them(runtime: DockerRuntime, project: str, image: str) -> None:
    name = f"{project}_default"
    await runtime.networks.create(project, name)
    await runtime.instances.start(await runtime.instances.create(sleeper(project, image, networks=(name,))))
    with pytest.raises(OperationFailed, match=f"{name} is used by {project}-web-1, which somebody else") as caught:
        await runtime.networks.remove(name)
    assert caught.value.hint == "Run the command again."


async def test_log_lines_keep_stream_order_and_time(runtime: DockerRuntime, project: str, image: str) -> None:
    await run(runtime, project, image, "echo one; sleep 0.1; echo two >&2; sleep 0.1; printf 'three'")
    await ended(runtime, project)
    lines = sorted(await lines_of(runtime, project), key=lambda line: line.time)
    assert [(line.stream, line.text) for line in lines] == [
        ("stdout", "one"),
        ("stderr", "two"),
        ("stdout", "three"),
    ]
    assert len({line.time for line in lines}) == 3
    assert {(line.service, line.instance_id) for line in lines} == {("web", "web-1")}
    assert len(await lines_of(runtime, project, tail=1)) == 1
    assert [line.text for line in await lines_of(runtime, project, tail=0)] == []
    later = await lines_of(runtime, project, since=lines[1].time)
    assert sorted(line.text for line in later) == ["three", "two"]


async def test_a_long_line_comes_in_one_piece_and_an_endless_one_is_cut(
    runtime: DockerRuntime, project: str, image: str
) -> None:
    script = "import sys; print('x' * 100_000); print('y' * 600_000); print('z')"
    await run(runtime, project, image, f'python3 -c "{script}"')
    first, second, third = await lines_of(runtime, project, follow=True)
    assert first.text == "x" * 100_000
    assert second.text == "y" * (256 * 1024) + "… 0.3 MB more"
    assert third.text == "z"


async def test_many_lines_pass_a_slow_reader(runtime: DockerRuntime, project: str, image: str) -> None:
    await run(runtime, project, image, "seq 1 20000")
    lines = await lines_of(runtime, project, follow=True)
    assert [line.text for line in lines] == [str(n) for n in range(1, 20001)]


async def test_a_command_that_hangs_ends_in_time(runtime: DockerRuntime, project: str, image: str) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(DeadlineExceeded, match=r"sleep 60.*within 0\.3 s"):
            await runtime.exec.run(container_id, ("sleep", "60"), 0.3)


async def test_a_command_that_talks_without_end_ends_in_time(runtime: DockerRuntime, project: str, image: str) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(DeadlineExceeded):
            await runtime.exec.run(container_id, ("yes",), 0.5)


async def test_a_command_has_both_streams_and_its_code(runtime: DockerRuntime, project: str, image: str) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    result = await runtime.exec.run(container_id, ("sh", "-c", "echo out; echo err >&2; exit 3"), 10.0)
    assert result.exit_code == 3
    assert sorted(result.output.split()) == ["err", "out"]
    absent = await runtime.exec.run(container_id, ("no-such-program",), 10.0)
    assert absent.exit_code in (126, 127)
    assert "no-such-program" in absent.output


ATTACH = textwrap.dedent(
    """
    import asyncio, sys
    from meshctl.adapters.docker.runtime import DockerRuntime
    async def main():
        engine = DockerRuntime()
        try:
            return await engine.exec.attach(sys.argv[1], sys.argv[3:], tty=sys.argv[2] == "tty")
        finally:
            await engine.close()
    sys.exit(asyncio.run(main()))
    """
)


async def test_attached_without_a_terminal_pipes_and_returns_the_code(
    runtime: DockerRuntime, project: str, image: str
) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    argv = [sys.executable, "-W", "error", "-c", ATTACH, container_id, "pipe"]
    script = "cat; echo err >&2; exit 7"
    done = await asyncio.to_thread(
        subprocess.run, [*argv, "sh", "-c", script], input=b"a\nb\n", capture_output=True, timeout=WAIT_S
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, b"a\nb\n", b"err\n")


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("no-such-program", 127, "no `no-such-program` in"),
        ("/etc/passwd", 126, "`/etc/passwd` in its image is no program"),
    ],
)
async def test_attached_to_what_cannot_be_run_the_engines_words_are_an_error(
    runtime: DockerRuntime, project: str, image: str, program: str, code: int, words: str, terminal: bool
) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    with pytest.raises(CannotRun, match=words) as caught:
        await runtime.exec.attach(container_id, (program,), tty=terminal)
    assert caught.value.exit_code == code


async def test_attached_to_a_command_that_ends_as_if_it_were_not_there(
    runtime: DockerRuntime, project: str, image: str
) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    argv = [sys.executable, "-W", "error", "-c", ATTACH, container_id, "pipe"]
    words = "OCI runtime exec failed\\r\\n"
    done = await asyncio.to_thread(
        subprocess.run, [*argv, "sh", "-c", f"printf '{words}'; exit 127"], capture_output=True, timeout=WAIT_S
    )
    assert (done.returncode, done.stdout, done.stderr) == (127, b"OCI runtime exec failed\r\n", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
async def test_attached_with_a_stdout_that_takes_nothing(runtime: DockerRuntime, project: str, image: str) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    argv = [sys.executable, "-W", "error", "-c", ATTACH, container_id, "pipe", "echo", "hi"]
    full = ["sh", "-c", 'exec "$@" >/dev/full', "sh", *argv]
    done = await asyncio.to_thread(subprocess.run, full, capture_output=True, timeout=WAIT_S)
    assert b"stdout cannot be written: No space left on device" in done.stderr


async def test_attached_ends_when_the_reader_of_its_output_has_gone(
    runtime: DockerRuntime, project: str, image: str
) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", ATTACH, container_id, "pipe", "yes"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"y\n"
    process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    assert await asyncio.wait_for(process.wait(), WAIT_S) == 141


async def test_attached_to_a_terminal_has_its_size_and_its_keys(
    runtime: DockerRuntime, project: str, image: str
) -> None:
    import fcntl
    import pty
    import struct
    import termios

    container_id = await run(runtime, project, image, "exec sleep 600")
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    before = termios.tcgetattr(follower)
    script = "read line; stty size; echo got:$line; exit 5"
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-W", "error", "-c", ATTACH, container_id, "tty", "sh", "-c", script],
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    output = b""
    try:
        os.write(leader, b"hello\r")
        while b"got:hello" not in output:
            output += await asyncio.wait_for(asyncio.to_thread(os.read, leader, 4096), WAIT_S)
        assert await asyncio.to_thread(process.wait, WAIT_S) == 5
        assert b"33 101" in output
        assert termios.tcgetattr(follower) == before
    finally:
        process.kill()
        process.wait()
        os.close(leader)
        os.close(follower)


async def test_an_attached_command_can_be_abandoned(runtime: DockerRuntime, project: str, image: str) -> None:
    container_id = await run(runtime, project, image, "exec sleep 600")
    attached = asyncio.ensure_future(runtime.exec.attach(container_id, ("sleep", "61"), tty=False))
    running = ("sh", "-c", "grep -lzx 61 /proc/[0-9]*/cmdline")

    async def runs() -> bool:
        return (await runtime.exec.run(container_id, running, 5.0)).exit_code == 0

    await eventually(runs)
    attached.cancel()
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(asyncio.CancelledError):
            await attached


async def test_two_networks_two_names(runtime: DockerRuntime, project: str, image: str) -> None:
    networks = (f"{project}_front", f"{project}_back")
    for network in networks:
        await runtime.networks.create(project, network)
    await run(runtime, project, image, "exec sleep 600", networks=networks, aliases=("web",))
    other = sleeper(project, image, "client", networks=networks[1:], aliases=("client",))
    client_id = await runtime.instances.create(other)
    await runtime.instances.start(client_id)
    containers = (await runtime.observe(project)).containers
    web = next(c for c in containers if c.service == "web")
    assert len(web.addresses) == 2
    result = await runtime.exec.run(client_id, ("getent", "hosts", "web"), 10.0)
    assert result.output.split()[0] in web.addresses


async def test_mounts_environment_user_and_directory(
    runtime: DockerRuntime, project: str, image: str, tmp_path: Path
) -> None:
    (tmp_path / "word").write_text("bound")
    await runtime.volumes.create(project, f"{project}_data")
    await run(
        runtime,
        project,
        image,
        "cat /bound/word; echo :$COLOUR:$(id -u):$(pwd):$(hostname);"
        " touch /data/x /scratch/y && echo ok; touch /bound/z",
        mounts=(
            Mount("bind", str(tmp_path), "/bound", read_only=True),
            Mount("volume", f"{project}_data", "/data"),
            Mount("tmpfs", "", "/scratch"),
        ),
        environment={"COLOUR": "green=blue"},
        working_dir="/tmp",
        hostname="web-1",
    )
    lines = [(line.stream, line.text) for line in await lines_of(runtime, project, follow=True)]
    assert [text for stream, text in lines if stream == "stdout"] == ["bound:green=blue:0:/tmp:web-1", "ok"]
    assert ["Read-only" in text for stream, text in lines if stream == "stderr"] == [True]


async def test_out_of_memory_is_seen(runtime: DockerRuntime, project: str, image: str) -> None:
    await run(runtime, project, image, "exec python3 -c 'x = bytearray(200_000_000)'", mem_limit=32 << 20)
    container = await until(runtime, project, lambda c: c.state is ContainerState.EXITED and c.oom_killed)
    assert container.exit_code == 137


async def test_cpu_use_is_a_fraction_of_a_core(runtime: DockerRuntime, project: str, image: str) -> None:
    container_id = await run(runtime, project, image, "while :; do :; done", cpus=0.25, mem_limit=64 << 20)
    samples: Any = runtime.stats.follow(container_id)
    async with asyncio.timeout(WAIT_S), aclosing(samples):
        sample = await anext(samples)
    assert 0.02 < sample.cpu < 0.6
    assert sample.memory_limit == 64 << 20


@pytest.fixture
async def tag(project: str) -> AsyncIterator[str]:
    yield f"meshctl/{project}:dev"
    from docker.api.client import APIClient
    from docker.errors import ImageNotFound

    def remove() -> None:
        api = APIClient(base_url=ContainerReader().address.url)
        try:
            api.remove_image(f"meshctl/{project}:dev", force=True)
        except ImageNotFound:
            pass
        finally:
            api.close()

    await asyncio.to_thread(remove)


async def test_a_build_tells_its_steps_and_heeds_dockerignore(
    runtime: DockerRuntime, image: str, tag: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nARG WORD\nCOPY . /src\nRUN ls /src && echo $WORD > /word\n")
    (tmp_path / ".dockerignore").write_text("secret\n")
    (tmp_path / "secret").write_text("s")
    (tmp_path / "kept").write_text("k")
    told: list[tuple[str, float | None]] = []
    spec = BuildSpec(context=str(tmp_path), args={"WORD": "mellon"})
    image_id = await runtime.images.build(spec, tag, lambda text, fraction: told.append((text, fraction)))
    assert [text.partition(":")[0] for text, _ in told] == [f"Step {n}/4" for n in range(1, 5)]
    assert [fraction for _, fraction in told] == [0.0, 0.25, 0.5, 0.75]
    assert (await runtime.observe("ctr-docker-none", [tag])).images == {tag: image_id}


async def test_a_failed_build_shows_the_end_of_its_output(
    runtime: DockerRuntime, image: str, tag: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nRUN seq 1 100 && exit 9\n")
    with pytest.raises(BuildFailed, match=r"Step 2/2: RUN .* failed: .* returned a non-zero code: 9") as caught:
        await runtime.images.build(BuildSpec(context=str(tmp_path)), tag, lambda *_: None)
    assert len(caught.value.log) == 40
    assert "100" in caught.value.log


@pytest.mark.parametrize(
    ("dockerfile", "kind", "word", "code"),
    [
        ("NONSENSE here\n", BuildFailed, "line 1: unknown instruction: NONSENSE", 1),
        ("FROM 127.0.0.1:1/meshctl/nothing:none\n", ImageUnavailable, "cannot be built", 3),
        (None, ConfigError, "no Dockerfile", 2),
    ],
)
async def test_a_dockerfile_that_is_wrong_or_missing(
    runtime: DockerRuntime,
    tag: str,
    tmp_path: Path,
    dockerfile: str | None,
    kind: type[MeshError],
    word: str,
    code: int,
) -> None:
    if dockerfile is not None:
        (tmp_path / "Dockerfile").write_text(dockerfile)
    with pytest.raises(kind, match=word) as caught:
        await runtime.images.build(BuildSpec(context=str(tmp_path)), tag, lambda *_: None)
    assert caught.value.exit_code == code


async def test_what_a_dockerfile_copies_and_is_not_there_is_its_own_fault(
    runtime: DockerRuntime, image: str, tag: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nCOPY nosuch /\n")
    with pytest.raises(BuildFailed, match="Step 2/2: COPY nosuch / failed"):
        await runtime.images.build(BuildSpec(context=str(tmp_path)), tag, lambda *_: None)


async def test_a_build_can_be_cancelled(runtime: DockerRuntime, image: str, tag: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nRUN sleep 300\n")
    reached = asyncio.Event()

    def tell(text: str, _: float | None) -> None:
        if text.startswith("Step 2"):
            reached.set()

    building = asyncio.ensure_future(runtime.images.build(BuildSpec(context=str(tmp_path)), tag, tell))
    async with asyncio.timeout(WAIT_S):
        await reached.wait()
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building


async def test_an_image_from_a_registry_that_does_not_answer(runtime: DockerRuntime) -> None:
    reference = "127.0.0.1:1/meshctl/nothing:none"
    with pytest.raises(ImageUnavailable, match="cannot be pulled") as caught:
        await runtime.images.pull(reference, lambda *_: None)
    assert "make images" in caught.value.hint


async def test_closing_the_engine_ends_its_streams_and_threads(project: str, image: str) -> None:
    runtime = DockerRuntime()
    events = runtime.events(project)
    waiting = asyncio.ensure_future(anext(events, None))

    async def connected() -> bool:
        return any(handle._response for handle in runtime._client._handles)

    async def alone() -> bool:
        return not any(thread.name == "meshctl-worker" for thread in threading.enumerate())

    await eventually(connected)
    await runtime.close()
    async with asyncio.timeout(WAIT_S):
        assert await waiting is None
    await eventually(alone)
    gc.collect()
