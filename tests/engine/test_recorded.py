"""A recording answers what a live session answers, and refuses what it would have to act for."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from meshctl import bootstrap
from meshctl.engine.session import Ability, MeshSession
from meshctl.engine.up import UpOptions
from meshctl.errors import NotPossible, UsageError
from meshctl.model.calls import CallRequest
from meshctl.model.containers import LogLine
from meshctl.model.recording import Recording
from meshctl.model.traces import TraceQuery
from tests.builders import application, mesh_config, spec
from tests.fakes.world import RecordingSink
from tests.spans import BEGIN_NS, TRACE, order
from tests.tui.states import service

AT = BEGIN_NS / 1e9 + 5
SINK = RecordingSink()


def line(instance: str, second: int, text: str) -> LogLine:
    return LogLine(instance.rpartition("-")[0], instance, AT + second, "stdout", text)


LINES = (
    line("orders-1", 1, "starting"),
    line("users-1", 2, "starting"),
    line("orders-1", 3, f"order of {TRACE}"),
    line("orders-2", 4, "starting"),
    line("orders-1", 5, "done"),
)


@pytest.fixture
def session() -> MeshSession:
    config = mesh_config(application("orders"), application("users"), spec("redis"))
    services = (service("orders", count=2), service("users"), replace(service("redis"), instances=()))
    return bootstrap.open_recording(Recording(AT, config, services, AT, traces=(order(),), lines=LINES))


async def read(session: MeshSession, *services: str, **options: object) -> list[str]:
    lines = session.logs.stream(services, **{"follow": False, **options})  # type: ignore[arg-type]
    return [f"{one.instance_id} {one.text}" async for one in lines]


async def test_lines_are_chosen_as_from_what_runs(session: MeshSession) -> None:
    assert len(await read(session)) == len(LINES)
    assert await read(session, "users") == ["users-1 starting"]
    assert await read(session, trace=TRACE) == [f"orders-1 order of {TRACE}"]
    assert await read(session, grep="^start", since=AT + 2) == ["users-1 starting", "orders-2 starting"]
    assert await read(session, "orders", tail=1) == ["orders-2 starting", "orders-1 done"]
    assert await read(session, tail=0, follow=True) == []


async def test_a_service_that_was_not_there_is_told(session: MeshSession) -> None:
    told: list[bool] = []
    assert await read(session, "redis", absent=lambda: told.append(True)) == []
    assert told == [True]
    with pytest.raises(UsageError, match="no service 'order'"):
        await read(session, "order")
    with pytest.raises(UsageError, match="no service 'order'"):
        await session.survey(("order",))


async def test_status_is_what_it_was(session: MeshSession) -> None:
    assert [one.service for one in (await session.survey()).services] == ["orders", "users", "redis"]
    assert [one.service for one in (await session.survey(("users",))).services] == ["users"]


async def test_traces_are_read_found_and_exported(session: MeshSession) -> None:
    traces = session.traces
    (row,) = await traces.search(TraceQuery(service="worker"))
    assert row.trace_id == TRACE
    assert await traces.read(TRACE) == await traces.find("last") == await traces.find(TRACE[:3]) == order()
    assert "worker" in await traces.services()
    assert ("orders", "users") in [(edge.caller, edge.target) for edge in await traces.edges(60.0)]
    assert [one.text for one in await traces.logs(TRACE)] == [f"order of {TRACE}"]
    document = json.loads(await traces.export([TRACE, "f" * 32]))
    spans = [one for r in document["resourceSpans"] for scope in r["scopeSpans"] for one in scope["spans"]]
    assert len(spans) == len(order().spans)


Act = Callable[[MeshSession], Awaitable[object]]
ACTS: dict[Ability, Act] = {
    Ability.UP: lambda s: s.lifecycle.up(UpOptions(), SINK),
    Ability.DOWN: lambda s: s.lifecycle.down(volumes=False, timeout_s=1.0, sink=SINK),
    Ability.START: lambda s: s.lifecycle.start((), SINK),
    Ability.STOP: lambda s: s.lifecycle.stop((), SINK),
    Ability.RESTART: lambda s: s.lifecycle.restart((), SINK),
    Ability.PAUSE: lambda s: s.lifecycle.pause((), SINK),
    Ability.UNPAUSE: lambda s: s.lifecycle.unpause((), SINK),
    Ability.SCALE: lambda s: s.lifecycle.scale({"orders": 3}, SINK),
    Ability.EXEC: lambda s: s.lifecycle.exec_attached("orders", ["sh"], instance=None, tty=False),
    Ability.CALL: lambda s: s.calls.call(CallRequest("orders", "GET", "/")),
    Ability.PIN: lambda s: s.traces.pin(TRACE, True),
    Ability.IMPORT: lambda s: s.traces.import_document(b"{}"),
}


@pytest.mark.parametrize("ability", list(Ability))
async def test_whatever_acts_is_refused_with_the_sentence_that_was_foretold(
    session: MeshSession, ability: Ability
) -> None:
    with pytest.raises(NotPossible) as caught:
        await ACTS[ability](session)
    assert str(caught.value) == session.can(ability)
    assert session.can(ability).startswith("this is a recording of shop: nothing in it can be ")
    assert "without a recording" in caught.value.hint


async def test_a_plan_is_refused_too(session: MeshSession) -> None:
    with pytest.raises(NotPossible):
        await session.lifecycle.plan_up(UpOptions())


async def test_time_stands_and_following_changes_nothing(session: MeshSession) -> None:
    before = session.state.services.value
    async with session.following():
        assert session.now() == AT
    assert session.state.services.value is before
    assert (await session.record()).time == AT
    await session.close()
