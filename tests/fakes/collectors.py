"""A collector in memory: what it was sent, what it lists, and a stream of changes that a test feeds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from meshctl.adapters.otlp.encode import request_json
from meshctl.adapters.otlp.json_form import request_of_json
from meshctl.collector.traces.memory import TraceMemory
from meshctl.errors import CollectorUnavailable
from meshctl.model.spans import Span
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceChanges, TraceQuery, TraceSummary


class FakeCollector:
    """Reader, sender and feed at once; also ``Collectors``, whatever the address.

    ``below`` are the spans that a trace gets from services as soon as our own has been sent; ``away`` set: it does
    not answer, nor at the addresses in ``gone``. ``waits`` lists (settle_s, quiet_s) of every question for a trace.
    """

    def __init__(self) -> None:
        self.sent: list[Span] = []
        self.below: tuple[Span, ...] = ()
        self.summaries: tuple[TraceSummary, ...] = ()
        self.settled = [True]
        self.edges_seen: tuple[ServiceEdge, ...] = ()
        self.away = False
        self.gone: set[str] = set()
        self.addresses: list[str] = []
        self.waits: list[tuple[float, float]] = []
        self._changes: asyncio.Queue[TraceChanges | None] = asyncio.Queue()

    def reader(self, query_address: str) -> FakeCollector:
        self.addresses.append(query_address)
        return self

    feed = reader

    def sender(self, otlp_address: str, timeout_s: float = 2.0) -> FakeCollector:
        self.addresses.append(otlp_address)
        return self

    def send(self, spans: Sequence[Span]) -> None:
        self._answer()
        self.sent += spans

    def send_raw(self, body: bytes) -> int:
        self._answer()
        return 0

    def traces(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        self._answer()
        return self.summaries[: query.limit]

    def trace(self, trace_id: str, *, settle_s: float = 0.0, quiet_s: float = 0.3, root_id: str = "") -> Trace | None:
        self._answer()
        self.waits.append((settle_s, quiet_s))
        ours = tuple(span for span in self.sent if span.trace_id == trace_id)
        if not ours:
            return None
        theirs = (replace(span, trace_id=trace_id, parent_id=span.parent_id or ours[0].span_id) for span in self.below)
        settled = self.settled.pop(0) if len(self.settled) > 1 else self.settled[0]
        return Trace(trace_id, (*ours, *theirs), settled, "" if settled else "a consumer has not answered")

    def export(self, trace_ids: Sequence[str]) -> bytes:
        return b'{"resourceSpans": []}'

    def services(self) -> tuple[str, ...]:
        return tuple({span.service for span in self.sent})

    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        self._answer()
        return self.edges_seen

    def status(self) -> CollectorStatus:
        self._answer()
        return CollectorStatus(traces=len(self.summaries))

    def pin(self, trace_id: str, pinned: bool) -> bool:
        return any(span.trace_id == trace_id for span in self.sent)

    async def changes(self) -> AsyncIterator[TraceChanges]:
        self._answer()
        yield TraceChanges(status=self.status())
        while (one := await self._changes.get()) is not None:
            yield one
        raise CollectorUnavailable("the stream of changes has ended")

    def tell(self, changes: TraceChanges | None) -> None:
        """The next line of the stream; None ends it."""
        self._changes.put_nowait(changes)

    def _answer(self) -> None:
        if self.away or (self.addresses[-1:] and self.addresses[-1] in self.gone):
            raise CollectorUnavailable("the collector does not answer", hint="meshctl start collector")


class MemoryCollector:
    """Reader and feed over a real memory of traces, whatever the address; it tells of nothing new."""

    def __init__(self, *traces: Trace, clock_ns: Callable[[], int]) -> None:
        self.memory = TraceMemory(clock_ns=clock_ns)
        for trace in traces:
            self.memory.ingest(request_of_json(request_json(trace.spans)))

    def reader(self, query_address: str) -> MemoryCollector:
        return self

    feed = reader

    def traces(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        return tuple(self.memory.search(query))

    def trace(self, trace_id: str, *, settle_s: float = 0.0, quiet_s: float = 0.3, root_id: str = "") -> Trace | None:
        spans, waits_for = self.memory.spans(trace_id), self.memory.waits_for(trace_id)
        return Trace(trace_id, spans, settled=not waits_for, waits_for=waits_for) if spans else None

    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        return self.memory.edges(window_s)

    def services(self) -> tuple[str, ...]:
        return self.memory.services()

    def status(self) -> CollectorStatus:
        return self.memory.status()

    async def changes(self) -> AsyncIterator[TraceChanges]:
        yield TraceChanges(status=self.status())
        await asyncio.Event().wait()
