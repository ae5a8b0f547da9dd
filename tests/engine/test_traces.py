"""What the engine asks of the collector, and an ``up`` that tells what it did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.core.plan.request import container_request
from meshctl.core.traces.waterfall import waterfall
from meshctl.engine.live import LiveSession
from meshctl.engine.traces import LiveTraces
from meshctl.engine.up import UpOptions, up
from meshctl.errors import CollectorUnavailable
from meshctl.model.config import AppProtocol, MeshConfig, PortSpec
from meshctl.model.spans import SpanStatus
from meshctl.model.traces import TraceQuery
from meshctl.model.waterfall import WaterfallRow
from tests.builders import application, mesh_config, spec
from tests.fakes.machine import Behaviour, Death
from tests.fakes.sessions import Shown, nobody, shown_when
from tests.fakes.stage import Stage, stage
from tests.spans import span, summary

PORTS = tuple(PortSpec(name, 4000 + at, app_protocol=AppProtocol.HTTP) for at, name in enumerate(("http", "otlp-http")))


def project() -> MeshConfig:
    db = spec("db")
    return mesh_config(db, application("api", "db"), spec("collector", ports=PORTS), collector="collector")


def rows(on: Stage) -> list[WaterfallRow]:
    trace = on.collector.trace(on.collector.sent[0].trace_id)
    assert trace is not None
    return list(waterfall(trace).rows)


async def test_up_is_a_trace_with_a_span_a_service_and_one_an_operation() -> None:
    on = stage(project())
    report = await up(on.mesh, UpOptions(), on.sink)
    assert report.ready and report.trace_id == on.collector.sent[0].trace_id
    drawn = rows(on)
    assert drawn[0].span.name == "up shop" and drawn[0].span.attributes["mesh.ready"] is True
    assert {row.span.name for row in drawn if row.depth == 1} >= {"db", "api", "collector"}
    below_api = {row.span.name for row in drawn if row.span.attributes.get("mesh.service") == "api" and row.depth == 2}
    assert below_api >= {"create api-1", "start api-1", "wait ready api-1"}
    critical = {row.span.attributes["mesh.target"] for row in drawn if row.depth == 2 and _critical(row)}
    assert critical == {step.target for step in report.critical_path}
    step = report.critical_path[-1]
    waited = next(row.span for row in drawn if row.span.name == f"{step.operation} {step.target}")
    assert waited.duration_ns == pytest.approx(step.seconds * 1e9, abs=1e6)


def _critical(row: WaterfallRow) -> bool:
    return bool(row.span.attributes.get("mesh.critical"))


async def test_a_failed_up_tells_where_it_failed_and_what_was_left_out() -> None:
    on = stage(project(), db=Behaviour(ready_after_s=None, deaths=(Death(0.1),), always=True))
    report = await up(on.mesh, UpOptions(), on.sink)
    assert not report.ready and report.trace_id
    root, *below = (row.span for row in rows(on))
    assert (root.attributes["mesh.ready"], root.attributes["mesh.changed"]) == (False, True)
    assert root.status is SpanStatus.ERROR and root.status_message == report.failures[0].message
    assert {event.attributes["mesh.target"] for event in root.events} == set(report.skipped)
    assert any(one.name.startswith("wait ready db") and one.status is SpanStatus.ERROR for one in below)


async def test_runs_that_are_compared_have_one_name() -> None:
    on = stage(project())
    await up(on.mesh, UpOptions(), on.sink)
    await on.lifecycle.scale({"api": 2}, on.sink)
    await on.engine.instances.remove(on.engine.get("db-1").id)
    await up(on.mesh, UpOptions(("collector", "api")), on.sink)
    roots = [one for one in on.collector.sent if not one.parent_id]
    assert [root.name for root in roots] == ["up shop", "scale shop api", "up shop api collector"]
    assert len({root.trace_id for root in roots}) == 3


async def test_what_was_built_is_part_of_the_trace() -> None:
    on = stage(project())
    report = await up(on.mesh, UpOptions(build=True), on.sink)
    built = next(row.span for row in rows(on) if row.span.attributes.get("mesh.operation") == "build")
    assert built.attributes["mesh.target"] == report.critical_path[0].target == "shop-api:latest"


async def test_an_up_that_changes_nothing_is_no_trace() -> None:
    on = stage(project())
    await up(on.mesh, UpOptions(), on.sink)
    sent = len(on.collector.sent)
    again = await up(on.mesh, UpOptions(), on.sink)
    assert again.trace_id == "" and len(on.collector.sent) == sent


async def test_an_up_does_not_mind_a_collector_that_does_not_answer() -> None:
    on = stage(project())
    on.collector.away = True
    report = await up(on.mesh, UpOptions(), on.sink)
    assert report.ready and report.trace_id == ""


# -- what the session's traces ask


def traces(on: Stage) -> LiveTraces:
    """As a live session that follows nothing has them."""
    session = LiveSession(on.mesh, nobody, nobody)
    return session.traces


def address(on: Stage, port: str = "http") -> str:
    return on.engine.get("collector-1").ports[port]


async def test_one_read_is_one_question_once_the_collector_was_found() -> None:
    on = stage(project())
    on.seed_all()
    ours = span(1)
    on.collector.send([ours])
    on.collector.summaries = (summary(1),)
    asking = traces(on)
    found = await asking.read(ours.trace_id)
    assert found is not None and found.spans == (ours,)
    assert await asking.search(TraceQuery(limit=5)) == (summary(1),)
    assert await asking.pin(ours.trace_id, True)
    assert (await asking.services(), await asking.edges(60.0), (await asking.status()).traces) == (("orders",), (), 1)
    assert on.engine.count() == {"find": 1}
    assert on.collector.addresses == [address(on)] * 6


def collector_is_up(shown: Shown) -> bool:
    return any(link.name == "collector" and link.up for link in shown.links)


async def test_where_the_state_shows_the_collector_the_runtime_is_not_asked() -> None:
    on = stage(project())
    on.seed_all()
    session = LiveSession(on.mesh, nobody, nobody)
    async with session.following():
        await shown_when(session.state, collector_is_up, on.clock)
        before = on.engine.count()["find"]
        await session.traces.search(TraceQuery())
        assert on.engine.count()["find"] == before


async def test_a_collector_that_has_moved_is_found_again() -> None:
    on = stage(project())
    on.seed_all()
    asking = traces(on)
    await asking.status()
    on.collector.gone = {address(on)}
    await on.engine.instances.remove(on.engine.get("collector-1").id)
    with pytest.raises(CollectorUnavailable, match="is not running"):
        await asking.status()
    on.engine.seed(container_request(on.mesh.config, on.mesh.config.services["collector"], 1))
    assert address(on) not in on.collector.gone
    await asking.status()
    assert on.collector.addresses[-1] == address(on)


async def test_a_collector_that_does_not_answer_where_it_is_says_so() -> None:
    on = stage(project())
    on.seed_all()
    on.collector.away = True
    with pytest.raises(CollectorUnavailable, match="does not answer"):
        await traces(on).status()


async def test_lines_of_a_trace_are_those_that_carry_its_id() -> None:
    on = stage(project())
    on.seed_all()
    ours = replace(span(1), start_ns=round(on.clock.now() * 1e9))
    on.collector.send([ours])
    on.engine.write("api-1", "nothing to do with it", f"stored {ours.trace_id}")
    lines = await traces(on).logs(ours.trace_id)
    assert [(line.instance_id, line.text) for line in lines] == [("api-1", f"stored {ours.trace_id}")]
    assert await traces(on).logs("f" * 32) == ()


async def test_without_a_collector_that_runs_it_says_how_to_start_it() -> None:
    on = stage(project())
    with pytest.raises(CollectorUnavailable) as raised:
        await traces(on).read("a" * 32)
    assert "meshctl up collector" in raised.value.hint
