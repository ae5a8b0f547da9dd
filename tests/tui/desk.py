"""A memory of telemetry that the test fills, and mesh states in which its traces are live."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from meshctl.core.traces.waterfall import waterfall
from meshctl.errors import CollectorUnavailable
from meshctl.model.containers import LogLine
from meshctl.model.spans import SpanEvent, SpanKind, SpanLink
from meshctl.model.status import LinkState
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceQuery, TraceSummary
from tests.fakes.sessions import Shown
from tests.spans import MS, TRACE, order, span, summary, trace
from tests.tui import states


class FakeDesk:
    """Gives what it holds; ``open`` cleared: answers wait; ``up`` False: it cannot be reached."""

    def __init__(self, *traces: Trace) -> None:
        self.traces = {one.trace_id: one for one in traces}
        self.found: tuple[TraceSummary, ...] = ()
        self.lines: tuple[LogLine, ...] = ()
        self.calls: tuple[ServiceEdge, ...] = ()
        self.queries: list[TraceQuery] = []
        self.windows: list[float] = []
        self.pins: list[tuple[str, bool]] = []
        self.reads = 0
        self.up = True
        self.open = asyncio.Event()
        self.open.set()

    async def _answer(self) -> None:
        await self.open.wait()
        if not self.up:
            raise CollectorUnavailable("No collector answers at 127.0.0.1:49200", hint="meshctl up starts it.")

    async def read(self, trace_id: str) -> Trace | None:
        self.reads += 1
        await self._answer()
        return self.traces.get(trace_id)

    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        self.queries.append(query)
        await self._answer()
        return self.found

    async def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        self.windows.append(window_s)
        await self._answer()
        return self.calls

    async def pin(self, trace_id: str, pinned: bool) -> bool:
        self.pins.append((trace_id, pinned))
        await self._answer()
        return trace_id in self.traces

    async def logs(self, trace_id: str, start_ns: int) -> tuple[LogLine, ...]:
        await self._answer()
        return self.lines


def live(*summaries: TraceSummary, lost: bool = False, base: Shown | None = None) -> Shown:
    """A mesh with these traces, newest first, and a collector."""
    state = base or states.healthy()
    detail = "connection refused" if lost else f"{len(summaries):,} traces"
    link = LinkState("collector", not lost, states.NOW - (12 if lost else 600), detail, "")
    return replace(
        state,
        links=(*state.links, link),
        traces=summaries,
        collector=CollectorStatus(traces=len(summaries), spans=sum(s.spans for s in summaries)),
    )


def list_of(one: Trace, **more: object) -> TraceSummary:
    """What the list tells of a trace."""
    w = waterfall(one)
    root = w.rows[0].span
    base = TraceSummary(one.trace_id, root.service, root.name, w.start_ns, w.root_ns, len(w.rows), w.errors, w.services)
    return replace(base, **more)  # type: ignore[arg-type]


def some() -> list[TraceSummary]:
    """Ten traces of many kinds, newest first; the fifth is ``order()``."""
    return [
        summary(90, "orders", "GET /orders/7", ms=4.2, at=9_000, spans=6, services={"orders": 4, "postgres": 2}),
        summary(80, "users", "GET /users/1", ms=1.9, at=8_000, spans=3, services={"users": 3}),
        summary(
            70,
            "orders",
            "POST /orders/",
            ms=2043.0,
            at=6_000,
            spans=31,
            errors=4,
            services={"orders": 12, "inventory": 11, "users": 4, "notifications": 4},
        ),
        summary(60, "worker", "run/send_email", ms=41.0, at=5_500, spans=1, has_root=False, services={"worker": 1}),
        list_of(order(), start_ns=summary(at=5_000).start_ns),
        summary(50, "inventory", "GET /items", ms=12.0, at=4_000, spans=9, services={"inventory": 9}, pinned=True),
        summary(40, "orders", "GET /orders/", ms=33.0, at=3_000, spans=12, services={"orders": 8, "users": 4}),
        summary(30, "users", "POST /users/", ms=8.0, at=2_000, spans=5, errors=1, services={"users": 5}),
        summary(20, "echo", "Say", ms=0.4, at=1_000, spans=2, services={"echo": 2}),
        summary(10, "meshctl", "up", ms=21_400.0, at=0, spans=58, services={"meshctl": 58}),
    ]


def failed_order() -> Trace:
    """``order()`` with inventory away: a retry, errors with an exception, attributes and a link."""
    exception = SpanEvent(
        "exception",
        order().spans[0].start_ns + 15 * MS,
        {
            "exception.type": "httpx.ConnectError",
            "exception.message": "connection refused by inventory:8001",
            "exception.stacktrace": 'Traceback (most recent call last):\n  File "/app/clients.py", line 41, in send\n'
            "    raise ConnectError\nhttpx.ConnectError: connection refused",
        },
    )
    client, server = SpanKind.CLIENT, SpanKind.SERVER
    asked = {"http.request.method": "POST", "url.full": "http://inventory:8001/reserve", "server.port": 8001}
    return trace(
        span(1, 0, "meshctl", "POST /orders/", ms=40.0, kind=client),
        span(
            2,
            1,
            "orders",
            "POST /orders/",
            at=1.0,
            ms=38.2,
            kind=server,
            error=True,
            attributes={"http.response.status_code": 503, "http.route": "/orders/", "user.id": 1},
            resource={"service.name": "orders", "service.version": "1.4.0", "host.name": "b1946ac92492"},
        ),
        span(3, 2, "orders", "GetUser", at=2.0, ms=6.1, kind=client),
        span(4, 3, "users", "GetUser", at=3.0, ms=4.0, kind=server, attributes={"sku": "espresso"}),
        span(5, 2, "orders", "POST /reserve", at=9.0, ms=8.0, kind=client, error=True, attributes=asked),
        span(
            6,
            2,
            "orders",
            "POST /reserve",
            at=20.0,
            ms=9.0,
            kind=client,
            error=True,
            attributes={**asked, "http.request.resend_count": 1},
            events=(exception,),
            links=(SpanLink(TRACE, f"{5:016x}"),),
            status_message="connection refused by inventory:8001",
        ),
        span(7, 2, "orders", "cancel order", at=31.0, ms=5.0),
    )


def logs_of() -> tuple[LogLine, ...]:
    """Two services wrote about ``order()``."""
    texts = (
        ("orders", f'{{"level": "info", "event": "order.created", "trace_id": "{TRACE}", "span_id": "{2:016x}"}}'),
        ("users", f'{{"level": "warning", "event": "user.slow", "trace_id": "{TRACE}", "span_id": "{4:016x}"}}'),
    )
    return tuple(
        LogLine(service, f"{service}-1", states.NOW - 5 + n, "stdout", text) for n, (service, text) in enumerate(texts)
    )


def edge(
    caller: str, target: str, rate: float = 1.0, errors: int = 0, p95: float = 12.0, kind: str = "call"
) -> ServiceEdge:
    """Seen over a minute; percentiles in ms around ``p95``."""
    calls = max(1, round(rate * 60))
    half, most = round(p95 * MS / 2), round(p95 * MS * 2)
    return ServiceEdge(caller, target, calls, errors, rate, errors / calls, half, round(p95 * MS), most, kind)


def edges_of_shop() -> Sequence[ServiceEdge]:
    """What the bundled stack does under load."""
    return (
        edge("meshctl", "orders", 12.3, p95=40.0),
        edge("orders", "users", 12.3, p95=6.1),
        edge("orders", "inventory", 12.3, errors=30, p95=11.3),
        edge("orders", "postgres", 40.0, p95=2.0),
        edge("users", "postgres", 12.0, p95=1.0),
        edge("users", "redis", 24.0, p95=0.4),
        edge("inventory", "postgres", 12.0, p95=3.0),
        edge("orders", "notifications", 12.0, p95=9.0, kind="message"),
        edge("notifications", "worker", 0.4, p95=41.0, kind="message"),
    )
