"""Which trace a word means: a whole id, its beginning, ``last``, or ``up``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from meshctl.core.traces.call_span import OURS as OWN
from meshctl.errors import MeshError, UsageError
from meshctl.model.traces import TraceQuery, TraceSummary

if TYPE_CHECKING:
    from meshctl.model.traces import Trace
    from meshctl.model.waterfall import Waterfall
    from meshctl.ports.telemetry import TraceReader

UNKNOWN = "`meshctl traces` lists what the collector keeps"
_WHOLE = 32
#: From so many digits on the collector finds a trace by the beginning of its id.
_FOUND_BY = 4
_HEX = re.compile(r"[0-9a-f]{1,32}")
_LISTED = 5_000
_OWN_LISTED = 500
_RUNS = 20


def find(reader: TraceReader, word: str) -> Trace:
    """The trace that is meant. Raises MeshError when there is none, UsageError when there are several."""
    trace = reader.trace(_id_or_beginning(reader, word.lower()))
    if trace is None:
        raise unknown(word)
    return trace


def find_id(reader: TraceReader, word: str) -> str:
    """The whole id only; one that is written in full is not looked up."""
    meant = _id_or_beginning(reader, word.lower())
    return meant if len(meant) == _WHOLE else find(reader, meant).trace_id


def runs_before(reader: TraceReader, w: Waterfall) -> list[int] | None:
    """Durations in ns of the ``up`` runs of the same name before this one, newest first; None if it is no ``up``."""
    if not w.rows or not _is_up(w.rows[0].span.service, w.rows[0].span.name):
        return None
    root = w.rows[0].span
    known = reader.traces(TraceQuery(service=OWN, operation=root.name, limit=_OWN_LISTED))
    earlier = [s for s in known if s.name == root.name and s.trace_id != w.trace_id and s.start_ns < root.start_ns]
    return [summary.duration_ns for summary in earlier if not summary.errors][:_RUNS]


def unknown(word: str) -> MeshError:
    """No trace is meant by this word."""
    return MeshError(f"no trace begins with '{word}'", hint=UNKNOWN)


def _id_or_beginning(reader: TraceReader, word: str) -> str:
    if word == "last":
        return _newest(reader.traces(TraceQuery(limit=1)), "there are no traces yet")
    if word == "up":
        own = reader.traces(TraceQuery(service=OWN, text="up", limit=_OWN_LISTED))
        return _newest([s for s in own if _is_up(s.service, s.name)], "no `up` has left a trace yet")
    if not _HEX.fullmatch(word):
        raise UsageError(f"'{word}' is no trace id", hint=f"An id is hexadecimal; last and up are words. {UNKNOWN}")
    return word if len(word) >= _FOUND_BY else _begun(reader, word)


def _begun(reader: TraceReader, beginning: str) -> str:
    found = [s.trace_id for s in reader.traces(TraceQuery(limit=_LISTED)) if s.trace_id.startswith(beginning)]
    if not found:
        raise unknown(beginning)
    if len(found) > 1:
        some = ", ".join(trace_id[: len(beginning) + 6] for trace_id in found[:3])
        raise UsageError(f"{len(found)} traces begin with '{beginning}'", hint=f"Write more of it: {some}")
    return found[0]


def _newest(found: Sequence[TraceSummary], otherwise: str) -> str:
    if not found:
        raise MeshError(otherwise, hint="`meshctl call SERVICE GET / --trace` makes one, and so does `meshctl up`")
    return found[0].trace_id


def _is_up(service: str, name: str) -> bool:
    return service == OWN and (name == "up" or name.startswith("up "))
