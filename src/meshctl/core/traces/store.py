"""The store of traces: bounded by bytes, by traces and by spans of one trace. Pure."""

from __future__ import annotations

from collections import Counter

from meshctl.core.traces.eviction import EvictionQueue
from meshctl.core.traces.operations import Operation, OperationIndex
from meshctl.core.traces.stored import (
    CHUNK_COST,
    OPERATION_COST,
    PLAUSIBLE_NS,
    TRACE_COST,
    Header,
    Limits,
    Root,
    SpanBatch,
    SpanRow,
    StoredTrace,
    Timeline,
    fitting,
    note_first,
    note_root,
)

#: Why spans were dropped and traces evicted.
BYTES, TRACES, SPANS, PINNED = "bytes", "traces", "spans_per_trace", "pinned full"

Names = dict[str, Operation]


class TraceStore:
    """``EvictionQueue`` says who goes when there is no room; late spans merge, those of an evicted trace start it anew.

    ``dropped`` counts spans by cause, ``evicted`` traces by cause; traces in ``to_pin`` are pinned from their first
    span on. Written by one thread only; ``traces``, ``operations`` and ``timeline`` may be read by others.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.traces: dict[bytes, StoredTrace] = {}
        self.operations = OperationIndex()
        self.timeline = Timeline()
        self.bytes = 0
        self.spans = 0
        self.dropped: Counter[str] = Counter()
        self.evicted: Counter[str] = Counter()
        self.to_pin: frozenset[bytes] = frozenset()
        self._eviction = EvictionQueue(self.limits)
        self._changed: dict[bytes, None] = {}
        self._removed: list[bytes] = []
        self._headers: dict[tuple[bytes, bytes], Header] = {}
        self._revision = 0

    def add(self, batch: SpanBatch) -> int:
        """Keep what the limits allow; return how many spans they have kept out."""
        key = (batch.resource, batch.scope)
        header = self._headers.get(key)
        if header is None:
            header = self._headers[key] = Header(*key, batch.service)
            self.bytes += header.cost
        header.refs += 1  # it stays while spans come in, whatever is evicted for them
        names = self.operations.of(batch.service)
        lost = 0
        for trace_id, rows in batch.rows.items():
            lost += self._merge(header, names, trace_id, rows)
        header.refs -= 1
        if not header.refs:
            self._forget(header)
        return lost

    def drain(self) -> tuple[list[bytes], list[bytes]]:
        """The ids of traces that have changed, and of those that were evicted, since the last time."""
        changed, self._changed = self._changed, {}
        removed, self._removed = self._removed, []
        return [trace_id for trace_id in changed if trace_id in self.traces], removed

    def pin(self, trace_id: bytes, pinned: bool) -> bool:
        """Keep a trace whatever the limits say, or no longer. False when it is not here or too many are pinned."""
        trace = self.traces.get(trace_id)
        if trace is None or (pinned and not trace.pinned and len(self.pinned()) >= self.limits.pins):
            return False
        if trace.pinned != pinned:
            trace.pinned = pinned
            self._eviction.enter(trace)
            self._touch(trace)
        return True

    def pinned(self) -> list[bytes]:
        """Ids in the order in which they were pinned."""
        return self._eviction.pinned()

    def _merge(self, header: Header, names: Names, trace_id: bytes, rows: list[SpanRow]) -> int:
        """Return how many of the rows a limit has kept out."""
        trace, limits, lost = self.traces.get(trace_id), self.limits, 0
        if len(rows) + (0 if trace is None else trace.spans) > limits.spans_per_trace:
            rows, lost = self._cut(trace, rows)
        if rows:
            data = rows[0][0] if len(rows) == 1 else b"".join([row[0] for row in rows])
            cost = len(data) + CHUNK_COST
            is_easy = (
                trace is not None and self.bytes + cost <= limits.bytes and trace.bytes + cost <= limits.bytes // 2
            )
            cause = "" if is_easy else self._make_room(trace, cost)
            if cause:
                self.dropped[cause] += len(rows)
                lost += len(rows)
            else:
                if trace is None:
                    trace = self._begun(trace_id)
                trace.headers.append(header)
                trace.chunks.append(data)
                header.refs += 1
                self._count(trace, header.service, names, rows, cost)
        if trace is not None:
            if lost:
                trace.truncated += lost
            self._touch(trace)
        return lost

    def _cut(self, trace: StoredTrace | None, rows: list[SpanRow]) -> tuple[list[SpanRow], int]:
        """The rows that a full trace still takes, and how many it does not."""
        spans, reserve = (trace.spans, trace.reserve) if trace is not None else (0, 0)
        room = max(0, self.limits.spans_per_trace - spans)
        kept = fitting(rows, room, self.limits.root_reserve - reserve)
        if trace is not None:
            trace.reserve += max(0, len(kept) - room)
        lost = len(rows) - len(kept)
        self.dropped[SPANS] += lost
        return kept, lost

    def _make_room(self, trace: StoredTrace | None, cost: int) -> str:
        """Make room for so many bytes; the cause when there is none to be had."""
        limits = self.limits
        if trace is None:
            cost += TRACE_COST
            if len(self.traces) >= limits.traces and not self._evict(TRACES, None):
                return PINNED
        if cost + (0 if trace is None else trace.bytes) > limits.bytes // 2:
            return BYTES
        while self.bytes + cost > limits.bytes:
            if not self._evict(BYTES, trace):
                return PINNED
        return ""

    def _begun(self, trace_id: bytes) -> StoredTrace:
        trace = self.traces[trace_id] = StoredTrace(trace_id)
        trace.pinned = trace_id in self.to_pin
        self._eviction.enter(trace)
        self.bytes += trace.bytes
        return trace

    def _count(self, trace: StoredTrace, service: str, names: Names, rows: list[SpanRow], grown: int) -> None:
        operations, first, precious, moved = trace.operations, trace.first_ns, trace.precious, False
        for _, name, start, end, is_root, failed in rows:
            operation = names.get(name)
            if operation is None:
                operation = names[name] = Operation(service, name)
                self.bytes += operation.cost
            spans = operations.get(operation)
            if spans is None:
                spans = 0
                operation.traces += 1
                grown += OPERATION_COST
            operations[operation] = spans + 1
            if failed:
                trace.errors += 1
                precious = True
            if start < first or first < PLAUSIBLE_NS:
                first, moved = note_first(trace, operation, start), True
            if end > trace.last_ns:
                trace.last_ns = end
            if is_root:
                precious |= note_root(trace, Root(operation, start, end - start))
                moved = True
        count = len(rows)
        trace.spans += count
        self.spans += count
        self.bytes += grown
        trace.bytes += grown
        if precious:
            self._eviction.grew(trace, grown)
        if moved:
            self.timeline.put(trace)

    def _touch(self, trace: StoredTrace) -> None:
        self._revision += 1
        trace.revision = self._revision
        self._changed[trace.trace_id] = None

    def _evict(self, cause: str, spared: StoredTrace | None) -> bool:
        """Let one trace go; False when there is none that may."""
        trace = self._eviction.victim(spared)
        if trace is None:
            return False
        self._eviction.leave(trace)
        self.timeline.remove(trace)
        del self.traces[trace.trace_id]
        self.bytes -= trace.bytes
        self.spans -= trace.spans
        for operation in trace.operations:
            operation.traces -= 1
            if not operation.traces:
                self.operations.remove(operation)
                self.bytes -= operation.cost
        for header in trace.headers:
            header.refs -= 1
            if not header.refs:
                self._forget(header)
        self.evicted[cause] += 1
        self._removed.append(trace.trace_id)
        return True

    def _forget(self, header: Header) -> None:
        del self._headers[(header.resource, header.scope)]
        self.bytes -= header.cost
