"""What the store keeps of one trace: bytes as they came, and a few columns about them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from meshctl.model.traces import TraceSummary

#: Bytes of memory that one thing costs beside what was sent, so that the limit on bytes is one on memory.
CHUNK_COST = 96
TRACE_COST = 1024
OPERATION_COST = 64
NAME_COST = 320

#: 2000-01-01: earlier times come from clocks that were never set.
PLAUSIBLE_NS = 946_684_800 * 1_000_000_000
#: Traces are found by start in buckets of 2**30 ns, about a second.
BUCKET_BITS = 30
#: Later than any time.
NEVER_NS = 2**64

#: One span: its bytes, name, start, end, whether it is a root, whether it failed. A plain tuple: there are many.
SpanRow = tuple[bytes, str, int, int, bool, bool]

#: How often a trace of an operation may be slow, what counts as slower, and how many are needed to tell.
_SLOW_RATIO = 0.05
_SLOWER = 1.25
_STEP = 0.05
_ENOUGH = 20


class Runs(NamedTuple):
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


class Operation:
    """A span name of a service. ``traces`` counts those it occurs in; roots of it tell what is slow."""

    __slots__ = ("_level", "_seen", "name", "service", "traces")

    def __init__(self, service: str, name: str) -> None:
        self.service = service
        self.name = name
        self.traces = 0
        self._seen = 0
        self._level = 0.0

    @property
    def cost(self) -> int:
        """Bytes of memory, about."""
        return len(self.name) + NAME_COST

    def is_slow(self, duration_ns: int) -> bool:
        """Whether a trace with such a root is slower than about 95 of 100 before it; it counts from now on.

        The level moves so that one in twenty lies above it; equal durations are never slow.
        """
        seen, level = self._seen, self._level
        self._seen = seen + 1
        if seen < _ENOUGH:
            self._level = max(level, float(duration_ns))
            return False
        above = duration_ns > level
        self._level = max(level * (1 + _STEP * (1 - _SLOW_RATIO) if above else 1 - _STEP * _SLOW_RATIO), 1.0)
        return duration_ns > level * _SLOWER


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
        "place",
        "precious",
        "reserve",
        "revision",
        "root",
        "spans",
        "trace_id",
        "truncated",
    )

    def __init__(self, trace_id: bytes) -> None:
        self.trace_id = trace_id
        self.place: OrderedDict[bytes, StoredTrace] | None = None
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
