"""What the store keeps of one trace: bytes as they came, and a few columns about them; and all by their start."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from meshctl.core.traces.operations import Operation
from meshctl.model.traces import TraceSummary

#: Bytes of memory that one thing costs beside what was sent, so that the limit on bytes is one on memory.
CHUNK_COST = 96
TRACE_COST = 1024
OPERATION_COST = 64

#: 2000-01-01: earlier times come from clocks that were never set.
PLAUSIBLE_NS = 946_684_800 * 1_000_000_000
#: Traces are found by start in buckets of 2**30 ns, about a second.
_BUCKET_BITS = 30
#: Later than any time.
NEVER_NS = 2**64

#: One span: its bytes, name, start, end, whether it is a root, whether it failed. A plain tuple: there are many.
SpanRow = tuple[bytes, str, int, int, bool, bool]

_start = attrgetter("start_ns")


class SpanBatch(NamedTuple):
    """The spans of one scope in one request, by trace id. ``resource`` and ``scope`` are what stands above them."""

    resource: bytes
    scope: bytes
    service: str
    rows: dict[bytes, list[SpanRow]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept. A trace may have half of all bytes; ``root_reserve`` roots still come into a full one."""

    bytes: int = 256 * 1024 * 1024
    traces: int = 50_000
    spans_per_trace: int = 50_000
    pins: int = 200
    root_reserve: int = 16


class Header:
    """What stands above spans, shared by all that have the same. ``refs`` counts the chunks below it."""

    __slots__ = ("refs", "resource", "scope", "service")

    def __init__(self, resource: bytes, scope: bytes, service: str) -> None:
        self.resource = resource
        self.scope = scope
        self.service = service
        self.refs = 0

    @property
    def cost(self) -> int:
        """Bytes of memory, about."""
        return len(self.resource) + len(self.scope) + CHUNK_COST


class Root(NamedTuple):
    """The root of a trace; of several the earliest."""

    operation: Operation
    start_ns: int
    duration_ns: int


class StoredTrace:
    """One trace. ``chunks`` are bytes of spans in order of arrival, ``headers`` what stands above each.

    Grown by one thread only, and only in steps that another thread may see: ``revision`` changes last. ``precious``
    says that it failed or was slow, ``reserve`` how many roots came in when it was full.
    """

    __slots__ = (
        "bucket",
        "bytes",
        "chunks",
        "earliest",
        "errors",
        "first_ns",
        "headers",
        "last_ns",
        "operations",
        "pinned",
        "precious",
        "queue",
        "reserve",
        "revision",
        "root",
        "spans",
        "trace_id",
        "truncated",
    )

    def __init__(self, trace_id: bytes) -> None:
        self.trace_id = trace_id
        self.queue: OrderedDict[bytes, StoredTrace] | None = None
        self.pinned = self.precious = False
        self.chunks: list[bytes] = []
        self.headers: list[Header] = []
        self.operations: dict[Operation, int] = {}
        self.earliest: Operation | None = None
        self.root: Root | None = None
        self.first_ns = NEVER_NS
        self.last_ns = 0
        self.spans = self.errors = self.truncated = self.reserve = self.revision = 0
        self.bytes = TRACE_COST
        self.bucket = -1

    @property
    def start_ns(self) -> int:
        """That of the root, or the first of all."""
        return self.first_ns if self.root is None else self.root.start_ns

    @property
    def duration_ns(self) -> int:
        """That of the root, or from the first start to the last end; never negative."""
        if self.root is not None:
            return max(0, self.root.duration_ns)
        return max(0, self.last_ns - self.first_ns)

    def data(self) -> dict[Header, list[bytes]]:
        """The bytes of the spans by what stands above them. Safe beside the thread that adds."""
        # A header is added before its chunk, so it is here for every chunk that is.
        chunks, headers = self.chunks.copy(), self.headers.copy()
        found: dict[Header, list[bytes]] = {}
        for header, chunk in zip(headers, chunks, strict=False):
            found.setdefault(header, []).append(chunk)
        return found

    def summary(self) -> TraceSummary:
        """Safe beside the thread that adds; then it may tell of the spans of one request in part."""
        revision, root = self.revision, self.root
        services: dict[str, int] = {}
        for operation, spans in self.operations.copy().items():
            services[operation.service] = services.get(operation.service, 0) + spans
        named = root.operation if root is not None else self.earliest
        return TraceSummary(
            trace_id=self.trace_id.hex(),
            service=named.service if named else "",
            name=named.name if named else "",
            start_ns=self.start_ns,
            duration_ns=self.duration_ns,
            spans=self.spans,
            errors=self.errors,
            services=services,
            has_root=root is not None,
            pinned=self.pinned,
            truncated=self.truncated,
            revision=revision,
        )


def note_first(trace: StoredTrace, operation: Operation, start_ns: int) -> int:
    """The earliest span gives name and start; one whose clock was never set only while there is no other.

    Return the first start.
    """
    first = trace.first_ns
    if start_ns < PLAUSIBLE_NS <= first < NEVER_NS:
        return first
    if start_ns < first or first < PLAUSIBLE_NS <= start_ns:
        trace.first_ns = start_ns
        trace.earliest = operation
    return trace.first_ns


def note_root(trace: StoredTrace, root: Root) -> bool:
    """Of several roots the earliest counts. Return whether the trace turned out slow."""
    known = trace.root
    if known is None:
        trace.root = root
        return root.operation.is_slow(root.duration_ns)
    if root.start_ns < known.start_ns:
        trace.root = root
    return False


def fitting(rows: Sequence[SpanRow], room: int, roots: int) -> list[SpanRow]:
    """The first ``room`` rows, and of the rest up to ``roots`` roots."""
    room = max(0, room)
    late_roots = [row for row in rows[room:] if row[4]]
    return [*rows[:room], *late_roots[: max(0, roots)]]


class Timeline:
    """Traces by the time they started, in buckets, so that the newest are found without sorting all.

    Written by one thread, read by any; a trace that moves meanwhile may be seen twice.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, dict[bytes, StoredTrace]] = {}

    def put(self, trace: StoredTrace) -> None:
        """Put a trace where its start belongs; nothing happens when it is there."""
        before, now = trace.bucket, trace.start_ns >> _BUCKET_BITS
        if now == before:
            return
        bucket = self._buckets.get(now)
        if bucket is None:
            bucket = self._buckets[now] = {}
        bucket[trace.trace_id] = trace
        trace.bucket = now
        if before >= 0:
            self._leave(before, trace)

    def remove(self, trace: StoredTrace) -> None:
        """Forget a trace."""
        self._leave(trace.bucket, trace)

    def newest(self) -> Iterator[StoredTrace]:
        """Every trace, newest first; sorts only the buckets that are looked at."""
        for second in sorted(self._buckets.copy(), reverse=True):
            found = list(self._buckets.get(second, {}).values())
            found.sort(key=_start, reverse=True)
            yield from found

    def oldest_ns(self) -> int:
        """The start of the oldest trace whose clock was set; 0 without one."""
        second = min((second for second in self._buckets.copy() if second > PLAUSIBLE_NS >> _BUCKET_BITS), default=0)
        return min(map(_start, list(self._buckets.get(second, {}).values())), default=0)

    def _leave(self, second: int, trace: StoredTrace) -> None:
        bucket = self._buckets[second]
        del bucket[trace.trace_id]
        if not bucket:
            del self._buckets[second]
