"""The traces of a project: read from its collector, found by a word, sent to it, and the log lines of them."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from meshctl.blocking import Offload
from meshctl.core.names import no_such
from meshctl.core.resolve import OTLP, QUERY
from meshctl.core.traces.call_span import OURS
from meshctl.engine.calls.directory import ServiceDirectory
from meshctl.engine.calls.traced import LINES_MARGIN_S, MOST_LINES, FindLines
from meshctl.errors import CollectorUnavailable, MeshError, UsageError
from meshctl.model.containers import LogLine
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceQuery, TraceSummary
from meshctl.ports.telemetry import Collectors, TraceReader

if TYPE_CHECKING:
    from meshctl.model.waterfall import Waterfall

T = TypeVar("T")

UNKNOWN = "`meshctl traces` lists what the collector keeps"
#: Words for the newest trace, and for that of the newest ``up``.
NEWEST = ("last", "up")

#: Traces that the collector is asked for in one export.
_AT_ONCE = 200
_WHOLE = 32
#: From so many digits on the collector finds a trace by the beginning of its id.
_FOUND_BY = 4
_HEX = re.compile(r"[0-9a-f]{1,32}")
_LISTED = 5_000
_OWN_LISTED = 500
_RUNS = 20


class TraceLookup(ABC):
    """Which trace a word means: a whole id, its beginning, ``last``, or ``up``."""

    @abstractmethod
    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        """Newest first."""

    @abstractmethod
    async def read(self, trace_id: str) -> Trace | None:
        """All its spans as they are now, by its id or four digits and more of its beginning; None when unknown."""

    async def find(self, word: str) -> Trace:
        """The trace that is meant. Raises UsageError when it is none or several, MeshError when there are no traces."""
        trace = await self.read(await self._id_or_beginning(word.lower()))
        if trace is None:
            raise no_trace(word)
        return trace

    async def find_id(self, word: str) -> str:
        """The whole id only; one that is written in full is not looked up."""
        meant = await self._id_or_beginning(word.lower())
        return meant if len(meant) == _WHOLE else (await self.find(meant)).trace_id

    async def runs_before(self, w: Waterfall) -> list[int] | None:
        """Durations in ns of ``up`` runs of the same name before this one, newest first; None if it is no ``up``."""
        if not w.rows or not _is_up(w.rows[0].span.service, w.rows[0].span.name):
            return None
        root = w.rows[0].span
        known = await self.search(TraceQuery(service=OURS, operation=root.name, limit=_OWN_LISTED))
        earlier = [s for s in known if s.name == root.name and s.trace_id != w.trace_id and s.start_ns < root.start_ns]
        return [summary.duration_ns for summary in earlier if not summary.errors][:_RUNS]

    async def _id_or_beginning(self, word: str) -> str:
        if word == "last":
            return _newest(await self.search(TraceQuery(limit=1)), "there are no traces yet")
        if word == "up":
            own = await self.search(TraceQuery(service=OURS, text="up", limit=_OWN_LISTED))
            return _newest([s for s in own if _is_up(s.service, s.name)], "no `up` has left a trace yet")
        trace_word(word)
        return word if len(word) >= _FOUND_BY else await self._begun(word)

    async def _begun(self, beginning: str) -> str:
        known = await self.search(TraceQuery(limit=_LISTED))
        found = [summary.trace_id for summary in known if summary.trace_id.startswith(beginning)]
        if not found:
            raise no_trace(beginning)
        if len(found) > 1:
            some = ", ".join(trace_id[: len(beginning) + 6] for trace_id in found[:3])
            raise UsageError(f"{len(found)} traces begin with '{beginning}'", hint=f"Write more of it: {some}")
        return found[0]


@dataclass(eq=False, repr=False)
class LiveTraces(TraceLookup):
    """Asks the collector, wherever it is published. Every method raises CollectorUnavailable, RuntimeUnavailable."""

    directory: ServiceDirectory
    collectors: Collectors
    find_lines: FindLines
    offload: Offload

    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        return await self._ask(lambda reader: reader.traces(query))

    async def read(
        self, trace_id: str, *, settle_s: float = 0.0, quiet_s: float = 0.3, root_id: str = ""
    ) -> Trace | None:
        """As ``TraceLookup.read``; the other arguments as in ``TraceReader.trace``."""
        return await self._ask(
            lambda reader: reader.trace(trace_id, settle_s=settle_s, quiet_s=quiet_s, root_id=root_id)
        )

    async def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        """Edges of the last ``window_s`` seconds; 0 for all that is kept."""
        return await self._ask(lambda reader: reader.edges(window_s))

    async def services(self) -> tuple[str, ...]:
        """Every service that has sent spans, sorted."""
        return await self._ask(lambda reader: reader.services())

    async def status(self) -> CollectorStatus:
        """What the collector keeps, and what its limits have cost."""
        return await self._ask(lambda reader: reader.status())

    async def pin(self, trace_id: str, pinned: bool) -> bool:
        """Keep it whatever the limits say, or no longer; False when it is not known."""
        return await self._ask(lambda reader: reader.pin(trace_id, pinned))

    async def logs(self, trace_id: str, start_ns: int = 0) -> tuple[LogLine, ...]:
        """The log lines that carry the trace's id, by time. ``start_ns`` is when it began; 0: its spans tell."""
        if not start_ns:
            trace = await self.read(trace_id)
            if trace is None or not trace.spans:
                return ()
            start_ns = min(span.start_ns for span in trace.spans)
        containers = await self.directory.find("")
        return tuple(await self.find_lines(containers, trace_id, start_ns / 1e9 - LINES_MARGIN_S, MOST_LINES))

    async def export(self, trace_ids: Sequence[str]) -> bytes:
        """These traces as one OTLP JSON document, as the collector gives it as far as it can give it at once."""
        pieces = (trace_ids[begin : begin + _AT_ONCE] for begin in range(0, len(trace_ids), _AT_ONCE))
        parts = [await self._ask(partial(_exported, piece)) for piece in pieces]
        if len(parts) == 1:
            return parts[0]
        resources = [resource for part in parts for resource in json.loads(part)["resourceSpans"]]
        return json.dumps({"resourceSpans": resources}).encode()

    async def import_document(self, body: bytes) -> int:
        """Take one OTLP JSON document; return how many spans were taken. Raises MeshError if it is refused."""
        return await self._reach(OTLP, lambda address: self.collectors.sender(address).send_raw(body))

    async def _ask(self, question: Callable[[TraceReader], T]) -> T:
        return await self._reach(QUERY, lambda address: question(self.collectors.reader(address)))

    async def _reach(self, port: str, work: Callable[[str], T]) -> T:
        """``work`` where the collector was last; where it is now, when it does not answer there."""
        address = ""
        try:
            address = await self.directory.collector(port)
            return await self.offload(lambda: work(address))
        except CollectorUnavailable:
            current = await self.directory.collector(port, anew=True)
            if current == address:
                raise
        return await self.offload(lambda: work(current))


def _exported(trace_ids: Sequence[str], reader: TraceReader) -> bytes:
    return reader.export(trace_ids)


def trace_word(word: str) -> str:
    """``last``, ``up``, or what an id can begin with. Raises UsageError."""
    meant = word.lower()
    if meant not in NEWEST and not _HEX.fullmatch(meant):
        raise no_such("trace", word, NEWEST, hint=f"An id is hexadecimal; last and up are words. {UNKNOWN}")
    return meant


def no_trace(word: str) -> UsageError:
    """The collector keeps none that this word means."""
    return no_such("trace", word, hint=UNKNOWN)


def _newest(found: Sequence[TraceSummary], otherwise: str) -> str:
    if not found:
        raise MeshError(otherwise, hint="`meshctl call SERVICE GET / --trace` makes one, and so does `meshctl up`")
    return found[0].trace_id


def _is_up(service: str, name: str) -> bool:
    return service == OURS and (name == "up" or name.startswith("up "))
