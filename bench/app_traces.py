"""The traces screens of the app: how fast a trace opens, how fast a key is seen, how smooth a flood is."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from random import Random
from statistics import median, quantiles

from bench.screen import answered, shown
from bench.timing import Figure
from meshctl.adapters.otlp.decode import spans_of
from meshctl.adapters.otlp.encode import request_json
from meshctl.adapters.otlp.json_form import request_of_json
from meshctl.core.traces.waterfall import waterfall
from meshctl.engine.live import LiveSession
from meshctl.engine.mesh import Mesh
from meshctl.engine.session import Traces
from meshctl.engine.state.links import Source
from meshctl.model.config import MeshConfig
from meshctl.model.containers import LogLine
from meshctl.model.spans import Span, SpanKind, SpanStatus
from meshctl.model.traces import ServiceEdge, Trace, TraceChanges, TraceQuery, TraceSummary
from meshctl.tui.app import MeshApp
from meshctl.tui.screens.traces import TracesScreen
from meshctl.tui.screens.waterfall import WaterfallScreen
from meshctl.tui.widgets.trace_list import TraceList

SIZE = (160, 50)
OPEN_LIMIT_S, KEY_LIMIT_S = 0.3, 0.03
SPANS, MANY_SPANS = 10_000, 50_000
#: A flood of 5,000 spans a second in traces of 25 spans, told ten times a second.
FLOOD_S, TOLD_A_SECOND, TRACES_A_SECOND, KEPT = 5.0, 10, 200, 5_000
_SERVICES = ("gateway", "orders", "users", "inventory", "notifications", "worker", "postgres")
_START_NS = 1_795_435_200_000_000_000
_KEYS = [
    "down",
    "down",
    "pagedown",
    "up",
    "plus",
    "right",
    "minus",
    "pageup",
    "left",
    "right",
    "e",
    "end",
    "home",
    "tab",
]


def figures() -> list[Figure]:
    """One figure a promise."""
    return asyncio.run(_figures())


async def _figures() -> list[Figure]:
    opened, keys = await _looked_at(generated(SPANS))
    slow_open, slow_keys = await _looked_at(generated(MANY_SPANS))
    longest, typed = await _flooded()
    return [
        _judged(f"a {SPANS:,}-span trace opens in the app", median(opened), OPEN_LIMIT_S),
        _judged(f"a key to the screen, {SPANS:,} spans, p95", _p95(keys), KEY_LIMIT_S),
        _told(f"a {MANY_SPANS:,}-span trace opens in the app", median(slow_open)),
        _told(f"a key to the screen, {MANY_SPANS:,} spans, p95", _p95(slow_keys)),
        _judged("a key to the screen while 5,000 spans/s come in, p95", _p95(typed), KEY_LIMIT_S),
        _told("longest time the app did nothing else while 5,000 spans/s came in", longest),
    ]


def generated(count: int, seed: int = 7) -> Trace:
    """A tree of calls over seven services; one span in two hundred failed."""
    random, spans = Random(seed), []
    trace_id = f"{seed:032x}"
    for number in range(1, count + 1):
        parent = spans[max(0, number - 2 - random.randrange(min(number, 40)))] if spans else None
        start = parent.start_ns + random.randrange(1, 50_000) if parent else _START_NS
        last = parent.end_ns if parent else _START_NS + 2_000_000_000
        spans.append(_span(trace_id, number, parent, start, max(1_000, (last - start) * 9 // 10), random))
    return Trace(trace_id, tuple(spans), settled=True)


def _span(trace_id: str, number: int, parent: Span | None, start: int, took: int, random: Random) -> Span:
    service = random.choice(_SERVICES)
    return Span(
        trace_id,
        f"{number:016x}",
        parent.span_id if parent else "",
        service,
        f"{random.choice(('GET', 'POST', 'SELECT'))} /{service}/{number % 50}",
        random.choice((SpanKind.CLIENT, SpanKind.SERVER, SpanKind.INTERNAL)),
        start,
        took,
        SpanStatus.ERROR if number % 200 == 0 else SpanStatus.UNSET,
        instance=f"{service}-1",
        attributes={f"key.{place}": f"value {number} {place}" for place in range(17)},
    )


class _Desk:
    """Gives one trace, whatever is asked for: bytes as of the wire, decoded at every look as in life."""

    def __init__(self, trace: Trace) -> None:
        self._id = trace.trace_id
        self._wire = request_of_json(request_json(trace.spans))

    async def read(self, trace_id: str) -> Trace | None:
        return Trace(self._id, await asyncio.to_thread(spans_of, self._wire), settled=True)

    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        return ()

    async def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        return ()

    async def pin(self, trace_id: str, pinned: bool) -> bool:
        return True

    async def logs(self, trace_id: str, since: float | None) -> tuple[LogLine, ...]:
        return ()


class _Session(LiveSession):
    """One whose state the benchmark writes."""

    def __init__(self, mesh: Mesh, traces: Traces) -> None:
        super().__init__(mesh, _Nothing(), _Nothing())  # type: ignore[arg-type]
        self.traces = traces  # type: ignore[assignment]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        yield


class _Nothing:
    """What the app must not need while it shows traces: it can be named, and not called."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        def called(*given: object, **named: object) -> object:
            raise AssertionError(f"{name} was asked for")

        return called


class _Clock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _app(trace: Trace, summaries: Iterable[TraceSummary]) -> MeshApp:
    nothing, clock = _Nothing(), _Clock()
    config = MeshConfig(name="bench", file="meshctl.yaml", services={}, collector="collector")
    mesh = Mesh(config, nothing, nothing, nothing, clock, nothing, nothing, nothing)  # type: ignore[arg-type]
    session = _Session(mesh, _Desk(trace))
    for source, name in ((Source.RUNTIME, "docker"), (Source.COLLECTOR, "collector")):
        session.state.links.up(source, name, "")
    session.state.services.set((), time.time())
    session.state.traces.replace(tuple(summaries))
    gc.freeze()  # As ``meshctl.tui.run`` does.
    return MeshApp(session)


def _summary(trace: Trace) -> TraceSummary:
    w = waterfall(trace)
    root = trace.spans[0]
    return TraceSummary(
        trace.trace_id, root.service, root.name, w.start_ns, w.root_ns, len(w.rows), w.errors, w.services
    )


async def _looked_at(trace: Trace) -> tuple[list[float], list[float]]:
    """Seconds to open it, several times, and of each key until it is seen."""
    app = _app(trace, [_summary(trace)])
    opened: list[float] = []
    async with shown(app, SIZE):
        await answered(app, "2", lambda: _list_is_there(app))
        for _ in range(5):
            opened.append(await answered(app, "enter", lambda: _waterfall_is_there(app)))
            await answered(app, "escape", lambda: _list_is_there(app))
        await answered(app, "enter", lambda: _waterfall_is_there(app))
        keys = [await answered(app, key) for key in _KEYS * 15]
    return opened, keys


async def _flooded() -> tuple[float, list[float]]:
    """The longest time the loop was held at a stretch, and seconds of each key, while traces come in."""
    kept = [_flood_row(number) for number in range(KEPT, 0, -1)]
    app, keys = _app(generated(10), kept), []
    async with shown(app, SIZE):
        await answered(app, "2", lambda: _list_is_there(app))
        flood, stretches = asyncio.create_task(_flood(app)), Stretches()
        watch = asyncio.create_task(stretches.watch())
        while not flood.done():
            keys.append(await answered(app, "down"))
        await flood
        watch.cancel()
    return stretches.longest, keys


def _list(app: MeshApp) -> TraceList:
    return app.screen.query_one(TraceList)


def _list_is_there(app: MeshApp) -> bool:
    return isinstance(app.screen, TracesScreen) and app.screen.ready and bool(_list(app).keys)


def _waterfall_is_there(app: MeshApp) -> bool:
    return isinstance(app.screen, WaterfallScreen) and app.screen.nav.view is not None


class Stretches:
    """How long the loop has been held by one thing at most."""

    longest = 0.0

    async def watch(self) -> None:
        """Sleep a little again and again: what it takes longer, others had the loop."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - began - 0.001)


async def _flood(app: MeshApp) -> None:
    number, batch = KEPT, TRACES_A_SECOND // TOLD_A_SECOND
    for _ in range(int(FLOOD_S * TOLD_A_SECOND)):
        fresh = tuple(_flood_row(number + n) for n in range(batch, 0, -1))
        number += batch
        app.session.state.traces.apply(TraceChanges(fresh))
        await asyncio.sleep(1 / TOLD_A_SECOND)


def _flood_row(number: int) -> TraceSummary:
    service = _SERVICES[number % len(_SERVICES)]
    start, took = _START_NS + number * 5_000_000, 1_000_000 + number * 7919 % 90_000_000
    return TraceSummary(f"{number:032x}", service, f"GET /{number % 50}", start, took, 25, services={service: 25})


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def _judged(name: str, seconds: float, limit_s: float) -> Figure:
    return Figure(name, f"{seconds * 1000:.1f} ms", f"< {limit_s * 1000:.0f} ms", seconds < limit_s)


def _told(name: str, seconds: float) -> Figure:
    return Figure(name, f"{seconds * 1000:.0f} ms")
