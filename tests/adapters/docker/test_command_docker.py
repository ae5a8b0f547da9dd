"""A command inside a real container leaves nothing there, however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import docker
import pytest
from docker.api.client import APIClient

from meshctl.adapters.docker.runtime import DockerRuntime
from meshctl.errors import CommandLeft, DeadlineExceeded
from meshctl.model.containers import LABEL_INSTANCE, LABEL_PROJECT, LABEL_SERVICE, ContainerState
from tests.adapters.contract_runtime import WAIT_S, eventually, until

pytestmark = pytest.mark.docker

NESTED = ("sh", "-c", "timeout 900 sh -c 'sleep 1000; true'; true")
SLEEPERS: dict[str, Sequence[str]] = {
    "alone": ("sleep", "1000"),
    "a child": ("sh", "-c", "sleep 1000; true"),
    "a group of its own": NESTED,
    "children in the background": ("sh", "-c", "sleep 500 & sleep 501 & trap '' TERM INT; wait; sleep 1000"),
    "a pipe": ("bash", "-c", "yes | sleep 1000"),
    "one after another": ("sh", "-c", "while :; do sleep 0.01; done"),
    "busy": ("sh", "-c", "while :; do :; done"),
    "no pipe kept": ("sh", "-c", "exec >/dev/null 2>&1; sleep 1000; true"),
}


@pytest.fixture
def api() -> Iterator[APIClient]:
    client = docker.from_env()
    yield client.api
    client.close()


class Box:
    """A container whose first process sleeps, made as no service of a file is."""

    def __init__(self, api: APIClient, project: str, image: str, host: Any = None, **changes: Any) -> None:
        labels = {LABEL_PROJECT: project, LABEL_SERVICE: "web", LABEL_INSTANCE: "1"}
        config = api.create_host_config(**({"init": True} if host is None else host))
        options = {"command": ["sleep", "600"], "name": f"{project}-web-1", "labels": labels, "host_config": config}
        self.api = api
        self.id = str(api.create_container(image, **{**options, **changes})["Id"])
        api.start(self.id)
        self.own = len(self.processes())

    def processes(self) -> list[str]:
        return [" ".join(row[7:]) for row in self.api.top(self.id)["Processes"]]

    async def left(self) -> list[str]:
        """What stays, be it a zombie, beside the container's own processes, whose first may be about to reap it."""

        async def nothing() -> bool:
            return not self.processes()[self.own :]

        with suppress(TimeoutError):
            await eventually(nothing, 1.0)
        return self.processes()[self.own :]


async def times_out(runtime: DockerRuntime, box: Box, command: Sequence[str], timeout_s: float = 0.3) -> str:
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(DeadlineExceeded) as failure:
            await runtime.exec.run(box.id, command, timeout_s)
    return str(failure.value)


@pytest.mark.parametrize("init", [True, False], ids=["init", "no init"])
async def test_nothing_is_left_of_what_times_out(
    runtime: DockerRuntime, api: APIClient, project: str, image: str, init: bool
) -> None:
    box = Box(api, project, image, {"init": init})
    for name, command in SLEEPERS.items():
        await times_out(runtime, box, command)
        assert await box.left() == [], name


@pytest.mark.parametrize(
    ("host", "changes"),
    [
        ({"init": True, "read_only": True}, {}),
        ({"init": True}, {"user": "65534:65534"}),
        ({"init": True}, {"tty": True, "stdin_open": True}),
        ({"init": False, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}, {"user": "65534"}),
        ({"init": False, "pids_limit": 20}, {}),
    ],
    ids=["read-only", "other user", "terminal", "no rights", "few processes"],
)
async def test_every_kind_of_container_is_kept_clean(
    runtime: DockerRuntime, api: APIClient, project: str, image: str, host: dict[str, Any], changes: dict[str, Any]
) -> None:
    box = Box(api, project, image, host, **changes)
    await times_out(runtime, box, NESTED)
    assert await box.left() == []
    result = await runtime.exec.run(box.id, ("sh", "-c", "echo out; echo err >&2; exit 3"), WAIT_S)
    assert (result.exit_code, sorted(result.output.split()), result.errors) == (3, ["err", "out"], "err\n")


async def test_nothing_is_left_of_what_is_cancelled(
    runtime: DockerRuntime, api: APIClient, project: str, image: str
) -> None:
    box = Box(api, project, image)
    running = asyncio.ensure_future(runtime.exec.run(box.id, NESTED, 60.0))

    async def runs() -> bool:
        return "sleep 1000" in box.processes()

    await eventually(runs)
    running.cancel()
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(asyncio.CancelledError):
            await running
    assert await box.left() == []


async def test_nothing_is_left_of_what_is_cancelled_at_any_moment(
    runtime: DockerRuntime, api: APIClient, project: str, image: str
) -> None:
    box = Box(api, project, image)
    for step in range(12):
        with pytest.raises(DeadlineExceeded):
            await runtime.exec.run(box.id, NESTED, 0.001 + step * 0.008)
        assert await box.left() == [], step


async def test_a_command_of_a_paused_container_is_ended_later(
    runtime: DockerRuntime, api: APIClient, project: str, image: str
) -> None:
    box = Box(api, project, image)
    running = asyncio.ensure_future(runtime.exec.run(box.id, NESTED, 1.0))

    async def runs() -> bool:
        return "sleep 1000" in box.processes()

    await eventually(runs)
    api.pause(box.id)
    with pytest.raises(DeadlineExceeded, match="and is left running"):
        await running
    api.unpause(box.id)
    assert (await runtime.exec.run(box.id, ("true",), WAIT_S)).exit_code == 0
    assert await box.left() == []


async def test_a_container_that_stops_leaves_nothing_to_end(
    runtime: DockerRuntime, api: APIClient, project: str, image: str
) -> None:
    box = Box(api, project, image)
    running = asyncio.ensure_future(runtime.exec.run(box.id, ("sleep", "1000"), 60.0))

    async def runs() -> bool:
        return "sleep 1000" in box.processes()

    await eventually(runs)
    api.kill(box.id)
    async with asyncio.timeout(WAIT_S):
        assert (await running).exit_code == 137
    await until(runtime, project, lambda container: container.state is ContainerState.EXITED)
    api.start(box.id)
    assert (await runtime.exec.run(box.id, ("true",), WAIT_S)).exit_code == 0


async def test_without_a_shell_one_is_left_at_most(
    runtime: DockerRuntime, api: APIClient, project: str, image: str
) -> None:
    box = Box(api, project, image)
    assert (await runtime.exec.run(box.id, ("rm", "/bin/sh"), WAIT_S)).exit_code == 0
    bare = DockerRuntime()
    try:
        assert (await bare.exec.run(box.id, ("true",), WAIT_S)).exit_code == 0
        assert (await bare.exec.run(box.id, ("no-such-program",), WAIT_S)).exit_code in (126, 127)
        assert "left running: its container has no shell" in await times_out(bare, box, ("sleep", "1000"))
        with pytest.raises(CommandLeft, match=r"an earlier `sleep 1000` still runs inside"):
            await bare.exec.run(box.id, ("sleep", "1000"), WAIT_S)
    finally:
        await bare.close()
    with pytest.raises(CommandLeft, match=r"an earlier `sleep 1000` still runs inside"):
        await runtime.exec.run(box.id, ("sleep", "1000"), 0.3)
    assert await box.left() == ["sleep 1000"]
