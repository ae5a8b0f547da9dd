"""The memory of traces as the receivers and the query API use it: bytes in, answers out."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from meshctl.adapters.otlp.decode import BadPayload, spans_of
from meshctl.adapters.otlp.search import search
from meshctl.adapters.otlp.wire import Split, joined, split
from meshctl.collector.options import CollectorOptions
from meshctl.collector.store.disk import DiskStore
from meshctl.core.traces.edges import Crossing, crossings_of, edges_since
from meshctl.core.traces.settle import waits_for
from meshctl.core.traces.store import TraceStore
from meshctl.core.traces.stored import Limits, StoredTrace
from meshctl.model.spans import Span
from meshctl.model.traces import CollectorStatus, ServiceEdge, TraceQuery, TraceSummary

#: ``listener(changed, removed)``: ids of traces; one in both was removed and has begun anew.
Listener = Callable[[Sequence[str], Sequence[str]], None]

#: Requests that are known again when a sender repeats them.
RECENT = 64

#: Batches of the file that may be written anew after each request, while it is too large.
COMPACTIONS = 4

#: Spans that one question for edges may decode; what is left for the next one counts as it was, or not yet.
MAX_DECODED = 50_000


class Ingested(NamedTuple):
    """Spans of one request. ``message`` says why some were rejected, '' when none was."""

    accepted: int
    rejected: int
    message: str


class TraceMemory:
    """``ingest``, ``pin``, ``listen`` and ``close`` belong to one thread; all else is safe in any other beside it.

    A reader may see the spans of a request that is being ingested in part. Searches and edges can take some tenths of
    a second when much has to be looked at: run them in a thread.
    """

    def __init__(
        self, limits: Limits | None = None, disk: DiskStore | None = None, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._store = TraceStore(limits)
        self._disk = disk
        self._clock_ns = clock_ns
        self._started_ns = clock_ns()
        self._received = 0
        self._rejected: Counter[str] = Counter()
        self._recent: deque[object] = deque(maxlen=RECENT)
        self._listeners: list[Listener] = []
        self._edges = EdgeCache()
        if disk is not None:
            self._restore(disk)

    def ingest(self, body: bytes) -> Ingested:
        """Keep the spans of one ``ExportTraceServiceRequest``. Raises BadPayload when it cannot be read."""
        parts = split(body)
        self._received += parts.spans
        rejected, lost = parts.rejected.total(), 0
        if self._is_repeated(parts):
            self._rejected["duplicate"] += parts.spans - rejected
        else:
            lost = sum([self._store.add(batch) for batch in parts.batches])
            self._recent.append(parts.fingerprint)
            removed = self._notify()
            if self._disk is not None:
                self._save(self._disk, body, parts, removed, parts.spans - rejected - lost)
        if rejected:
            self._rejected["invalid"] += rejected
        if parts.limited:
            self._rejected["attributes"] += parts.limited
        message = _message(parts.rejected, lost) if rejected or lost else ""
        return Ingested(parts.spans - rejected - lost, rejected + lost, message)

    def search(self, query: TraceQuery) -> list[TraceSummary]:
        """Newest first."""
        return search(self._store.timeline.newest(), query)

    def ids(self, prefix: str, limit: int) -> tuple[str, ...]:
        """Ids that begin so, in hex, at most ``limit``."""
        begin = prefix.lower()
        whole = _key(begin[: len(begin) // 2 * 2])
        found = (one.hex() for one in list(self._store.traces) if one.startswith(whole))
        return tuple(islice((one for one in found if one.startswith(begin)), limit))

    def summary(self, trace_id: str) -> TraceSummary | None:
        """One row of the list; None when it is not known."""
        trace = self._trace(trace_id)
        return trace.summary() if trace else None

    def wire(self, trace_id: str) -> bytes | None:
        """One trace as ``TracesData``, every field as it was sent."""
        trace = self._trace(trace_id)
        return joined(trace.data()) if trace else None

    def spans(self, trace_id: str) -> tuple[Span, ...]:
        """One trace decoded; () when it is not known."""
        data = self.wire(trace_id)
        return spans_of(data) if data else ()

    def waits_for(self, trace_id: str, root_id: str = "") -> str:
        """What the trace still waits for in words; '' when for nothing. ``root_id`` as in ``core.traces.settle``."""
        return waits_for(self.spans(trace_id), root_id)

    def services(self) -> tuple[str, ...]:
        """Every service that has a span here, sorted."""
        return self._store.operations.services()

    def operations(self, service: str) -> tuple[str, ...]:
        """The span names of a service, sorted."""
        return self._store.operations.names(service)

    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        """Calls between services in traces of the last ``window_s`` seconds; of all that is kept with 0."""
        since_ns = self._clock_ns() - int(window_s * 1e9) if window_s > 0 else 0
        return self._edges.edges(self._store.timeline.newest(), self._store.traces, since_ns, window_s)

    def status(self) -> CollectorStatus:
        """What is kept, and what the limits have cost."""
        store, limits = self._store, self._store.limits
        return CollectorStatus(
            traces=len(store.traces),
            spans=store.spans,
            bytes=store.bytes,
            received=self._received,
            oldest_ns=store.timeline.oldest_ns(),
            started_ns=self._started_ns,
            dropped=dict(store.dropped + self._rejected + Counter(self._disk.lost if self._disk is not None else {})),
            evicted=dict(store.evicted),
            limits={"bytes": limits.bytes, "traces": limits.traces, "spans_per_trace": limits.spans_per_trace},
        )

    def pin(self, trace_id: str, pinned: bool) -> bool:
        """Keep a trace whatever the limits say, or no longer. False when it is not known, or too many are pinned."""
        key = _key(trace_id)
        done = self._store.pin(key, pinned)
        if done and self._disk is not None:
            self._disk.pin(key, pinned)
        self._notify()
        return done

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener after every change; return what ends it."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def close(self) -> None:
        """Write what the file still lacks; nothing is taken any more."""
        if self._disk is not None:
            self._disk.close()

    def _is_repeated(self, parts: Split) -> bool:
        """Whether a sender has tried again although the first time has worked; all of it is still here."""
        known = self._store.traces
        return parts.fingerprint in self._recent and all(one in known for batch in parts.batches for one in batch.rows)

    def _trace(self, trace_id: str) -> StoredTrace | None:
        return self._store.traces.get(_key(trace_id))

    def _save(self, disk: DiskStore, body: bytes, parts: Split, removed: list[bytes], kept: int) -> None:
        """The file first forgets what was evicted, then gets the request: a trace may have been begun anew."""
        if removed:
            disk.forget(removed)
        if kept:
            known = self._store.traces
            traces = {known[one].trace_id: None for batch in parts.batches for one in batch.rows if one in known}
            disk.add(body, traces.keys(), kept)
        for _ in range(COMPACTIONS):
            scattered = disk.to_compact()
            if not scattered:
                break
            whole = b"".join([joined(self._store.traces[trace_id].data()) for trace_id in scattered])
            disk.forget(scattered)
            disk.add(whole, scattered, 0)

    def _restore(self, disk: DiskStore) -> None:
        store = self._store
        store.to_pin = frozenset(disk.pinned())

        def keep(body: bytes, counts: Callable[[bytes], bool]) -> tuple[set[bytes], list[bytes]]:
            try:
                parts = split(body)
            except BadPayload:
                return set(), []
            for batch in parts.batches:
                store.add(batch._replace(rows={key: rows for key, rows in batch.rows.items() if counts(key)}))
            known, evicted = store.traces, store.drain()[1]
            wanted = {one for batch in parts.batches for one in batch.rows if one in known and counts(one)}
            return {known[one].trace_id for one in wanted}, evicted

        disk.restore(keep)
        store.to_pin = frozenset()
        store.dropped.clear()
        store.evicted.clear()

    def _notify(self) -> list[bytes]:
        """Tell listeners what has changed; return what was evicted."""
        changed, removed = self._store.drain()
        if self._listeners and (changed or removed):
            ids = [trace_id.hex() for trace_id in changed], [trace_id.hex() for trace_id in removed]
            for listener in tuple(self._listeners):
                listener(*ids)
        return removed


def open_memory(options: CollectorOptions) -> TraceMemory:
    """The memory that the options ask for. Raises MeshError when its file cannot be used."""
    usual = Limits()
    limits = Limits(
        bytes=options.max_bytes or usual.bytes,
        traces=options.max_traces or usual.traces,
        spans_per_trace=options.max_spans_per_trace or usual.spans_per_trace,
    )
    return TraceMemory(limits, DiskStore(options.store, limits.bytes) if options.store else None)


def _message(rejected: Counter[str], lost: int) -> str:
    causes = [f"{count} with a wrong {what}" for what, count in rejected.items()]
    if lost:
        causes.append(f"{lost} beyond the limits of the collector")
    return "spans rejected: " + ", ".join(causes)


def _key(trace_id: str) -> bytes:
    try:
        return bytes.fromhex(trace_id)
    except ValueError:
        return b""


class EdgeCache:
    """The crossings of each trace, by revision. Each question starts from the ones before; safe in several threads."""

    def __init__(self, max_decoded: int = MAX_DECODED) -> None:
        self._max_decoded = max_decoded
        self._known: dict[bytes, tuple[int, tuple[Crossing, ...]]] = {}

    def edges(
        self, traces: Iterable[StoredTrace], alive: Container[bytes], since_ns: int, window_s: float
    ) -> tuple[ServiceEdge, ...]:
        """As ``edges_since``; what is not ``alive`` is forgotten."""
        seen: dict[bytes, tuple[int, tuple[Crossing, ...]]] = {}
        room = self._max_decoded

        def crossings(trace: StoredTrace) -> tuple[Crossing, ...] | None:
            nonlocal room
            revision, entry = trace.revision, self._known.get(trace.trace_id)
            if (entry is None or entry[0] != revision) and room > 0:
                room -= trace.spans
                entry = (revision, crossings_of(spans_of(joined(trace.data()))))
            if entry is None:
                return None
            seen[trace.trace_id] = entry
            return entry[1]

        found = edges_since(traces, crossings, since_ns, window_s)
        kept = {trace_id: entry for trace_id, entry in self._known.items() if trace_id in alive}
        self._known = kept | seen
        return found
