"""A collector in memory, and ``traces`` on it: what the parser would give, and both streams."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from meshctl.blocking import in_place
from meshctl.bootstrap import ColdSession
from meshctl.cli import diagnostics
from meshctl.cli.commands import traces
from meshctl.cli.parser import parse
from meshctl.core.traces.waterfall import waterfall
from meshctl.engine.calls.directory import ServiceDirectory
from meshctl.engine.calls.traced import LiveCalls
from meshctl.errors import MeshError, UsageError
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, ContainerState
from meshctl.model.spans import Span
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceQuery, TraceSummary
from tests.cli.conftest import Answer
from tests.spans import order, span

A, B, UP = "aa" * 16, "ab" * 16, "0f" * 16


def as_trace(trace_id: str, spans: Sequence[Span]) -> Trace:
    return Trace(trace_id, tuple(replace(one, trace_id=trace_id) for one in spans), settled=True)


@dataclass(slots=True)
class FakeCollector:
    """Both directions. ``known`` newest first; ``queries`` and ``sent`` are what was asked and taken."""

    known: list[Trace] = field(default_factory=list)
    others: list[TraceSummary] = field(default_factory=list)
    queries: list[TraceQuery] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    pins: dict[str, bool] = field(default_factory=dict)
    error: MeshError | None = None

    def traces(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        self._ask()
        self.queries.append(query)
        found = [self._summary(one) for one in self.known] + self.others
        wanted = [
            one
            for one in found
            if (not query.service or query.service in one.services)
            and (not query.operation or query.operation == one.name)
            and (not query.text or query.text in one.name)
            and (query.error is None or bool(one.errors) is query.error)
        ]
        return tuple(wanted[: query.limit])

    def trace(self, trace_id: str, *, settle_s: float = 0.0, quiet_s: float = 0.3, root_id: str = "") -> Trace | None:
        self._ask()
        found = [one for one in self.known if one.trace_id.startswith(trace_id)]
        if len(found) > 1:
            raise UsageError(f"several traces begin with {trace_id}")
        return found[0] if found else None

    def export(self, trace_ids: Sequence[str]) -> bytes:
        return json.dumps({"resourceSpans": [{"id": trace_id, "é": 1} for trace_id in trace_ids]}).encode()

    def services(self) -> tuple[str, ...]:
        return ()

    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        return ()

    def status(self) -> CollectorStatus:
        return CollectorStatus()

    def pin(self, trace_id: str, pinned: bool) -> bool:
        self.pins[trace_id] = pinned
        return any(one.trace_id == trace_id for one in self.known)

    def send_raw(self, body: bytes) -> int:
        self._ask()
        self.sent.append(body)
        return len(json.loads(body)["resourceSpans"]) * 2

    def _ask(self) -> None:
        if self.error is not None:
            raise self.error

    @staticmethod
    def _summary(one: Trace) -> TraceSummary:
        w = waterfall(one)
        root = w.rows[0].span
        return TraceSummary(
            one.trace_id, root.service, root.name, w.start_ns, w.root_ns, len(w.rows), w.errors, dict(w.services)
        )


def world_of(collector: FakeCollector) -> SimpleNamespace:
    """Opens sessions of this collector, whatever the configuration."""
    ports = {"http": "127.0.0.1:1", "otlp-http": "127.0.0.1:2"}
    home = Container("c", "demo-collector-1", "collector", 1, ContainerState.RUNNING, ports=ports)
    ways: Any = SimpleNamespace(reader=lambda address: collector, sender=lambda address: collector)

    async def find(service: str) -> Sequence[Container]:
        return [home]

    def open_cold_session(config: MeshConfig) -> ColdSession:
        directory = ServiceDirectory(replace(config, collector="collector"), find, _unused, in_place)
        return ColdSession(LiveCalls(directory, _unused, ways, _unused, in_place))

    return SimpleNamespace(open_cold_session=open_cold_session)


def _unused(*asked: object) -> NoReturn:
    raise AssertionError("the commands of traces ask for traces alone")


def full_collector() -> FakeCollector:
    """An order, a failed one, and an ``up``."""
    failed = (span(1, 0, "orders", "GET /orders", ms=80, error=True), span(2, 1, "users", "GetUser", ms=70))
    up = (span(1, 0, "meshctl", "up shop", ms=3_000), span(2, 1, "meshctl", "start orders", ms=900))
    return FakeCollector([as_trace(A, order().spans), as_trace(B, failed), as_trace(UP, up)])


@dataclass(slots=True)
class Traces:
    """``run("show", "last", json=True)`` in the project's folder."""

    collector: FakeCollector
    capsys: pytest.CaptureFixture[str]

    def __call__(self, action: str = "list", *ids: str, **more: Any) -> Answer:
        try:
            options = parse(["traces", action, *ids])
            vars(options).update(more)
            code = traces.run(options, world_of(self.collector))
        except MeshError as error:
            code = diagnostics.report(error)
        streams = self.capsys.readouterr()
        return Answer(code, streams.out, streams.err)
