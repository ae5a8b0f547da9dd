"""The watcher and the collector: the list of traces, its link, and what happens when it is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.state.traces import KEEP
from meshctl.engine.watch.watcher import Watcher
from meshctl.model.config import AppProtocol, MeshConfig, PortSpec
from meshctl.model.status import LinkState
from meshctl.model.traces import CollectorStatus, TraceChanges
from tests.builders import mesh_config, spec
from tests.fakes.sessions import Shown, shown_of, shown_when
from tests.fakes.stage import Stage, stage
from tests.spans import summary

PORTS = tuple(PortSpec(name, 4000 + at, app_protocol=AppProtocol.HTTP) for at, name in enumerate(("http", "otlp-http")))


def project() -> MeshConfig:
    return mesh_config(spec("db"), spec("collector", ports=PORTS), collector="collector")


def running(config: MeshConfig) -> Stage:
    on = stage(config)
    on.seed_all()
    return on


@asynccontextmanager
async def watched(on: Stage) -> AsyncIterator[MeshState]:
    state = MeshState(on.clock)
    async with Watcher(on.mesh, state):
        yield state
    await on.engine.close()


async def until(state: MeshState, holds: Callable[[Shown], bool]) -> Shown:
    """The first state that fits."""
    return await shown_when(state, holds, state.services.clock)


def link(state: Shown) -> LinkState | None:
    return next((one for one in state.links if one.name == "collector"), None)


def ids(state: Shown) -> list[int]:
    return [int(trace.trace_id, 16) for trace in state.traces]


def is_lost(state: Shown) -> bool:
    found = link(state)
    return found is not None and not found.up


async def test_the_list_is_there_newest_first_and_goes_on_as_traces_come() -> None:
    on = running(project())
    on.collector.summaries = tuple(summary(number, at=float(number)) for number in (3, 2, 1))
    async with watched(on) as state:
        shown = await until(state, lambda s: len(s.traces) == 3)
        found = link(shown)
        assert ids(shown) == [3, 2, 1]
        assert found is not None and (found.up, found.detail) == (True, "3 traces")
        status = CollectorStatus(traces=1204)
        on.collector.tell(TraceChanges((summary(9, at=9.0),), (summary(1).trace_id,), status))
        shown = await until(state, lambda s: s.collector == status)
        found = link(shown)
        assert ids(shown) == [9, 3, 2]
        assert found is not None and found.detail == "1,204 traces"


async def test_it_asks_for_as_many_as_a_view_can_list() -> None:
    on = running(project())
    on.collector.summaries = tuple(summary(number, at=float(number)) for number in range(KEEP + 10, 0, -1))
    async with watched(on) as state:
        shown = await until(state, lambda s: bool(s.traces))
        assert len(shown.traces) == KEEP and ids(shown)[0] == KEEP + 10


async def test_after_a_reset_the_list_is_read_anew() -> None:
    on = running(project())
    on.collector.summaries = (summary(1),)
    async with watched(on) as state:
        await until(state, lambda s: ids(s) == [1])
        on.collector.summaries = (summary(3, at=3.0), summary(2, at=2.0))
        on.collector.tell(TraceChanges(reset=True))
        await until(state, lambda s: ids(s) == [3, 2])


async def test_a_collector_that_is_lost_is_told_its_list_stays_and_it_is_tried_again() -> None:
    on = running(project())
    on.collector.summaries = (summary(1),)
    async with watched(on) as state:
        await until(state, lambda s: ids(s) == [1])
        on.collector.away = True
        on.collector.tell(None)
        shown = await until(state, is_lost)
        lost_at = link(shown)
        assert lost_at is not None and ids(shown) == [1]
        await on.clock.sleep(12.0)
        found = link(shown_of(state))
        assert found is not None and not found.up and found.since == lost_at.since
        assert found.detail == "the collector does not answer"
        on.collector.away = False
        on.collector.summaries = (summary(2), summary(1))
        shown = await until(state, lambda s: len(s.traces) == 2)
        assert not is_lost(shown)


async def test_one_that_is_stopped_and_started_is_found_at_its_new_address() -> None:
    on = running(project())
    async with watched(on) as state:
        await until(state, lambda s: s.collector is not None)
        before = on.collector.addresses[-1]
        container = on.engine.get("collector-1")
        await on.engine.instances.stop(container.id, 1.0)
        on.collector.tell(None)
        shown = await until(state, is_lost)
        await until(state, lambda s: (one := link(s)) is not None and one.detail == "its container is not running")
        await on.engine.instances.start(container.id)
        await until(state, lambda s: not is_lost(s))
        assert on.collector.addresses[-1] == on.engine.get("collector-1").ports["http"]
        assert shown.links[0].up and before


async def test_a_project_without_a_collector_has_no_link_to_one() -> None:
    on = running(mesh_config(spec("db")))
    async with watched(on) as state:
        await until(state, lambda s: bool(s.services))
        await on.clock.sleep(5.0)
        assert link(shown_of(state)) is None and shown_of(state).collector is None
        assert on.collector.addresses == []
