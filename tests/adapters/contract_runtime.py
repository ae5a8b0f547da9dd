"""What a ports.Runtime owes its callers, a class for each group that it may have; for fakes and real ones alike.

Subclasses bring the fixtures ``runtime``, ``project`` (a fresh name) and ``image`` (one that is here).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from meshctl.errors import ImageUnavailable, NotFound, OperationFailed, PortInUse
from meshctl.model.config import AppProtocol, PortSpec
from meshctl.model.containers import (
    LABEL_CONFIG_HASH,
    LABEL_IMAGE,
    LABEL_KIND,
    LABEL_PORTS,
    LABEL_PROJECT,
    LABEL_REGISTER,
    Capability,
    Container,
    ContainerRequest,
    ContainerState,
    RuntimeEvent,
)
from meshctl.ports.runtime import Exec, Pausing, Resources, Runtime, Stats, capabilities

WAIT_S = 20.0


def sleeper(project: str, image: str, service: str = "web", instance: int = 1, **changes: Any) -> ContainerRequest:
    """A container that runs until it is stopped, and stops at once."""
    request = ContainerRequest(
        name=f"{project}-{service}-{instance}",
        project=project,
        service=service,
        instance=instance,
        image=image,
        labels={
            LABEL_CONFIG_HASH: "abc123",
            LABEL_IMAGE: image,
            LABEL_KIND: "application",
            LABEL_REGISTER: service,
            LABEL_PORTS: '[{"name":"http","target":8000,"app_protocol":"http"}]',
        },
        command=("sleep", "600"),
        ports=(PortSpec(name="http", target=8000, app_protocol=AppProtocol.HTTP),),
        hostname=f"{service}-{instance}",
        stop_grace_s=1.0,
    )
    return replace(request, **changes)


async def only(runtime: Runtime, project: str) -> Container:
    """The one container of the project."""
    (container,) = (await runtime.observe(project)).containers
    return container


async def until(
    runtime: Runtime, project: str, holds: Callable[[Container], bool], timeout_s: float = WAIT_S
) -> Container:
    """The one container of the project as soon as ``holds``."""
    found: list[Container] = []

    async def look() -> bool:
        found[:] = [await only(runtime, project)]
        return holds(found[0])

    await eventually(look, timeout_s)
    return found[0]


def free_port() -> int:
    """A port of this machine that nobody has at the moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def eventually(holds: Callable[[], Awaitable[bool]], timeout_s: float = WAIT_S) -> None:
    """Return as soon as ``holds`` does."""
    async with asyncio.timeout(timeout_s):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


class RuntimeContract:
    """Looking, instances and streams, which every runtime has."""

    async def test_it_tells_who_it_is(self, runtime: Runtime) -> None:
        info = await runtime.info()
        assert info.name and info.version and info.address

    async def test_it_is_tested_for_what_it_has(self, runtime: Runtime) -> None:
        tested = {vars(contract).get("capability") for contract in type(self).__mro__} - {None}
        assert tested == capabilities(runtime)

    async def test_a_project_nobody_started_is_empty(self, runtime: Runtime, project: str) -> None:
        observed = await runtime.observe(project)
        assert observed.project == project
        assert (observed.containers, observed.networks, observed.volumes) == ((), (), ())

    async def test_a_created_container_has_not_run_and_carries_its_labels(
        self, runtime: Runtime, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image, instance=2))
        container = await only(runtime, project)
        assert container.id == container_id
        assert container.name == f"{project}-web-2"
        assert (container.service, container.instance, container.instance_id) == ("web", 2, "web-2")
        assert container.state is ContainerState.CREATED
        assert (container.config_hash, container.kind, container.register) == ("abc123", "application", "web")
        assert container.image == image
        assert container.exit_code is None
        assert container.ports == {}

    async def test_a_running_container_has_a_start_time_and_a_published_port(
        self, runtime: Runtime, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        container = await only(runtime, project)
        assert container.state is ContainerState.RUNNING
        assert container.started_at is not None and container.exit_code is None
        host, _, port = container.ports["http"].partition(":")
        assert host == "127.0.0.1" and int(port) > 0
        assert container.protocols == {"http": "http"}

    async def test_starting_what_runs_changes_nothing(self, runtime: Runtime, project: str, image: str) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        before = await only(runtime, project)
        await runtime.instances.start(container_id)
        assert (await only(runtime, project)).started_at == before.started_at

    async def test_stop_leaves_an_exit_code_and_frees_the_port(
        self, runtime: Runtime, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        await runtime.instances.stop(container_id, 1.0)
        container = await only(runtime, project)
        assert container.state is ContainerState.EXITED
        assert container.exit_code is not None and container.finished_at is not None
        assert container.ports == {}
        await runtime.instances.stop(container_id, 1.0)

    async def test_a_second_start_is_a_new_run(self, runtime: Runtime, project: str, image: str) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        before = await only(runtime, project)
        await runtime.instances.stop(container_id, 1.0)
        await runtime.instances.start(container_id)
        after = await only(runtime, project)
        assert after.state is ContainerState.RUNNING
        assert after.started_at is not None and before.started_at is not None
        assert after.started_at > before.started_at

    async def test_remove_takes_a_running_container_and_forgives_a_missing_one(
        self, runtime: Runtime, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        await runtime.instances.remove(container_id)
        await runtime.instances.remove(container_id)
        assert (await runtime.observe(project)).containers == ()

    async def test_what_is_gone_is_not_found(self, runtime: Runtime, project: str, image: str) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.remove(container_id)
        with pytest.raises(NotFound):
            await runtime.instances.start(container_id)
        with pytest.raises(NotFound):
            await runtime.instances.stop(container_id, 1.0)

    async def test_what_another_has_just_made_of_the_same_settings_is_adopted(
        self, runtime: Runtime, project: str, image: str
    ) -> None:
        first = await runtime.instances.create(sleeper(project, image))
        assert await runtime.instances.create(sleeper(project, image)) == first

    @pytest.mark.parametrize("changed", ["settings", "instance", "service", "project"])
    async def test_a_name_that_something_else_has_is_refused(
        self, runtime: Runtime, project: str, image: str, changed: str
    ) -> None:
        request = sleeper(project, image)
        other: dict[str, Any] = {
            "settings": {"labels": {**request.labels, LABEL_CONFIG_HASH: "def456"}},
            "instance": {"instance": 2},
            "service": {"service": "api"},
            "project": {"project": f"{project}-other"},
        }
        first = await runtime.instances.create(request)
        try:
            with pytest.raises(OperationFailed):
                await runtime.instances.create(replace(request, **other[changed]))
        finally:
            await runtime.instances.remove(first)

    async def test_a_fixed_port_is_given_once(self, runtime: Runtime, project: str, image: str) -> None:
        port = (PortSpec(name="http", target=8000, published=free_port()),)
        await runtime.instances.start(await runtime.instances.create(sleeper(project, image, ports=port)))
        second = await runtime.instances.create(sleeper(project, image, instance=2, ports=port))
        with pytest.raises(PortInUse, match=f"Port {port[0].published} "):
            await runtime.instances.start(second)

    async def test_projects_do_not_see_each_other(self, runtime: Runtime, project: str, image: str) -> None:
        await runtime.instances.create(sleeper(project, image))
        assert (await runtime.observe(f"{project}-other")).containers == ()

    async def test_containers_come_in_order_of_service_and_instance(
        self, runtime: Runtime, project: str, image: str
    ) -> None:
        for service, instance in (("web", 10), ("web", 9), ("api", 1)):
            await runtime.instances.create(sleeper(project, image, service, instance))
        observed = await runtime.observe(project)
        assert [c.instance_id for c in observed.containers] == ["api-1", "web-9", "web-10"]

    async def test_find_gives_state_and_address_of_one_service_or_of_all(
        self, runtime: Runtime, project: str, image: str
    ) -> None:
        await runtime.instances.start(await runtime.instances.create(sleeper(project, image)))
        await runtime.instances.create(sleeper(project, image, "api"))
        known = {c.service: c for c in (await runtime.observe(project)).containers}
        (web,) = await runtime.find(project, "web")
        assert (web.id, web.name, web.instance_id) == (known["web"].id, f"{project}-web-1", "web-1")
        assert (web.state, web.image, web.image_id) == (ContainerState.RUNNING, image, known["web"].image_id)
        assert (web.ports, web.protocols) == (known["web"].ports, known["web"].protocols)
        assert (web.labels, web.addresses) == (known["web"].labels, known["web"].addresses)
        assert [c.instance_id for c in await runtime.find(project)] == ["api-1", "web-1"]

    async def test_find_without_a_project_sees_those_of_all(self, runtime: Runtime, project: str, image: str) -> None:
        for one in (project, f"{project}-other"):
            await runtime.instances.create(sleeper(one, image))
        found = {c.labels[LABEL_PROJECT] for c in await runtime.find("")}
        for container in await runtime.find(f"{project}-other"):
            await runtime.instances.remove(container.id)
        assert found >= {project, f"{project}-other"}
        assert await runtime.find(project, "absent") == () == await runtime.find(f"{project}-other")

    async def test_events_tell_what_happens_after_the_call(self, runtime: Runtime, project: str, image: str) -> None:
        events = runtime.events(project)
        container_id = await runtime.instances.create(sleeper(project, image, instance=3))
        await runtime.instances.start(container_id)
        await runtime.instances.remove(container_id)
        seen = await self._events_until(events, "destroy")
        actions = [event.action for event in seen]
        assert actions[:2] == ["create", "start"]
        assert "die" in actions
        assert {(e.container_id, e.service, e.instance) for e in seen} == {(container_id, "web", 3)}
        assert all(e.exit_code is not None for e in seen if e.action == "die")

    async def _events_until(self, events: AsyncIterator[RuntimeEvent], last: str) -> list[RuntimeEvent]:
        seen: list[RuntimeEvent] = []
        async with asyncio.timeout(WAIT_S):
            async for event in events:
                seen.append(event)
                if event.action == last:
                    break
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
        return seen

    async def test_what_has_happened_is_remembered(self, runtime: Runtime, project: str, image: str) -> None:
        assert list(await runtime.past_events(project)) == []
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        await runtime.instances.stop(container_id, 1.0)

        async def has_ended() -> bool:
            return "die" in [event.action for event in await runtime.past_events(project)]

        await eventually(has_ended)
        past = await runtime.past_events(project)
        assert [event.action for event in past][:2] == ["create", "start"]
        assert {(event.container_id, event.service) for event in past} == {(container_id, "web")}
        assert [event.time for event in past] == sorted(event.time for event in past)

    async def test_what_is_gone_has_no_last_lines(self, runtime: Runtime, project: str, image: str) -> None:
        for number in (1, 2):
            await runtime.instances.create(sleeper(project, image, instance=number))
        silent, gone = (await runtime.observe(project)).containers
        await runtime.instances.remove(gone.id)
        assert list(await runtime.last_lines([silent, gone], 10)) == []

    async def test_waiting_for_an_event_can_be_cancelled(self, runtime: Runtime, project: str) -> None:
        events = runtime.events(project)
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        waiting.cancel()
        async with asyncio.timeout(WAIT_S):
            with pytest.raises(asyncio.CancelledError):
                await waiting

    async def test_logs_of_what_never_ran_are_empty(self, runtime: Runtime, project: str, image: str) -> None:
        await runtime.instances.create(sleeper(project, image))
        container = await only(runtime, project)
        lines = runtime.logs(container, since=None, tail=None, follow=False)
        assert [line async for line in lines] == []

    async def test_followed_logs_end_with_the_container(self, runtime: Runtime, project: str, image: str) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        container = await only(runtime, project)

        async def follow() -> None:
            async for _ in runtime.logs(container, since=None, tail=None, follow=True):
                pass

        following = asyncio.ensure_future(follow())
        await runtime.instances.stop(container_id, 1.0)
        async with asyncio.timeout(WAIT_S):
            await following

    async def test_logs_of_what_is_gone_are_not_found(self, runtime: Runtime, project: str, image: str) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        container = await only(runtime, project)
        await runtime.instances.remove(container_id)
        with pytest.raises(NotFound):
            async for _ in runtime.logs(container, since=None, tail=None, follow=False):
                pass


class PausingContract:
    """``runtime.pausing``."""

    capability = Capability.PAUSING

    @pytest.fixture
    def pausing(self, runtime: Runtime) -> Pausing:
        assert runtime.pausing is not None
        return runtime.pausing

    async def test_pause_and_unpause(self, runtime: Runtime, pausing: Pausing, project: str, image: str) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        await pausing.pause(container_id)
        await pausing.pause(container_id)
        assert (await only(runtime, project)).state is ContainerState.PAUSED
        await pausing.unpause(container_id)
        await pausing.unpause(container_id)
        assert (await only(runtime, project)).state is ContainerState.RUNNING

    async def test_a_paused_container_can_be_stopped_and_removed(
        self, runtime: Runtime, pausing: Pausing, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        await pausing.pause(container_id)
        await runtime.instances.stop(container_id, 1.0)
        assert (await only(runtime, project)).state is ContainerState.EXITED
        await runtime.instances.start(container_id)
        await pausing.pause(container_id)
        await runtime.instances.remove(container_id)
        assert (await runtime.observe(project)).containers == ()

    async def test_pausing_what_does_not_run_is_refused(
        self, runtime: Runtime, pausing: Pausing, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        with pytest.raises(OperationFailed):
            await pausing.pause(container_id)

    async def test_what_is_gone_is_not_paused(
        self, runtime: Runtime, pausing: Pausing, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.remove(container_id)
        with pytest.raises(NotFound):
            await pausing.pause(container_id)
        with pytest.raises(NotFound):
            await pausing.unpause(container_id)


class ImagesContract:
    """``runtime.images``, as far as it needs no network and no builder."""

    capability = Capability.IMAGES

    async def test_only_images_that_are_here_have_an_id(self, runtime: Runtime, project: str, image: str) -> None:
        observed = await runtime.observe(project, [image, "meshctl/never-built:none", image])
        assert list(observed.images) == [image]
        assert observed.images[image]

    async def test_a_container_tells_the_image_it_is_made_of(self, runtime: Runtime, project: str, image: str) -> None:
        await runtime.instances.create(sleeper(project, image))
        seen = await runtime.observe(project, [image])
        assert seen.containers[0].image_id == seen.images[image]

    async def test_an_image_that_is_not_here_is_refused(self, runtime: Runtime, project: str) -> None:
        with pytest.raises(ImageUnavailable):
            await runtime.instances.create(sleeper(project, "meshctl/never-built:none"))
        assert (await runtime.observe(project)).containers == ()


class NetworksContract:
    """``runtime.networks``."""

    capability = Capability.NETWORKS

    @pytest.fixture
    def networks(self, runtime: Runtime) -> Resources:
        assert runtime.networks is not None
        return runtime.networks

    async def test_networks_come_and_go_and_may_be_asked_for_twice(
        self, runtime: Runtime, networks: Resources, project: str
    ) -> None:
        for _ in range(2):
            await networks.create(project, f"{project}_default")
        assert (await runtime.observe(project)).networks == (f"{project}_default",)
        for _ in range(2):
            await networks.remove(f"{project}_default")
        assert (await runtime.observe(project)).networks == ()

    async def test_a_network_that_is_not_there_is_refused_at_the_latest_at_the_start(
        self, runtime: Runtime, project: str, image: str
    ) -> None:
        with pytest.raises(OperationFailed, match=f"{project}_absent") as caught:
            request = sleeper(project, image, networks=(f"{project}_absent",))
            await runtime.instances.start(await runtime.instances.create(request))
        assert not isinstance(caught.value, NotFound)


class VolumesContract:
    """``runtime.volumes``."""

    capability = Capability.VOLUMES

    @pytest.fixture
    def volumes(self, runtime: Runtime) -> Resources:
        assert runtime.volumes is not None
        return runtime.volumes

    async def test_volumes_come_and_go_and_may_be_asked_for_twice(
        self, runtime: Runtime, volumes: Resources, project: str
    ) -> None:
        for _ in range(2):
            await volumes.create(project, f"{project}_data")
        assert (await runtime.observe(project)).volumes == (f"{project}_data",)
        for _ in range(2):
            await volumes.remove(f"{project}_data")
        assert (await runtime.observe(project)).volumes == ()


class StatsContract:
    """``runtime.stats``."""

    capability = Capability.STATS

    @pytest.fixture
    def stats(self, runtime: Runtime) -> Stats:
        assert runtime.stats is not None
        return runtime.stats

    async def test_resource_use_of_a_running_container(
        self, runtime: Runtime, stats: Stats, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        samples: Any = stats.follow(container_id)
        async with asyncio.timeout(WAIT_S), aclosing(samples):
            sample = await anext(samples)
        assert sample.container_id == container_id
        assert sample.cpu >= 0.0 and sample.memory > 0 and sample.time > 0


class ExecContract:
    """``runtime.exec``."""

    capability = Capability.EXEC

    @pytest.fixture
    def inside(self, runtime: Runtime) -> Exec:
        assert runtime.exec is not None
        return runtime.exec

    async def test_a_command_inside_has_output_and_exit_code(
        self, runtime: Runtime, inside: Exec, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        await runtime.instances.start(container_id)
        result = await inside.run(container_id, ("true",), 10.0)
        assert result.exit_code == 0

    async def test_a_command_in_a_stopped_container_is_refused(
        self, runtime: Runtime, inside: Exec, project: str, image: str
    ) -> None:
        container_id = await runtime.instances.create(sleeper(project, image))
        with pytest.raises(OperationFailed):
            await inside.run(container_id, ("true",), 10.0)


class WholeRuntimeContract(
    RuntimeContract,
    PausingContract,
    ImagesContract,
    NetworksContract,
    VolumesContract,
    StatsContract,
    ExecContract,
):
    """A runtime that lacks nothing."""
