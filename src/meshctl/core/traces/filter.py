"""What a person types above the list of traces, as conditions: some the list can judge, all the collector can."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from meshctl.model.traces import TraceQuery, TraceSummary

_DURATION = re.compile(r"([<>])=?(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m)?", re.IGNORECASE)
_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "": 10**6}
#: How many traces a search may bring.
LIMIT = 200


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """``>100ms <1s service:orders operation:GetUser error pinned sku=tea`` and any other words."""

    words: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    operation: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    min_ns: int = 0
    max_ns: int = 0
    error: bool = False
    pinned: bool = False

    @property
    def empty(self) -> bool:
        return self == TraceFilter()

    @property
    def hidden(self) -> bool:
        """Whether it asks for something that no summary tells."""
        return bool(self.attributes or self.operation)

    def query(self) -> TraceQuery:
        """The same for the collector. Words are looked for as one text."""
        return TraceQuery(
            service=self.services[0] if self.services else "",
            operation=self.operation,
            min_duration_ns=self.min_ns,
            max_duration_ns=self.max_ns,
            error=True if self.error else None,
            attributes=self.attributes,
            text=" ".join(self.words),
            limit=LIMIT,
        )

    def allows(self, summary: TraceSummary) -> bool:
        """All that a summary can tell but the words."""
        return (
            summary.duration_ns >= self.min_ns
            and (not self.max_ns or summary.duration_ns <= self.max_ns)
            and (not self.error or summary.errors > 0)
            and (not self.pinned or summary.pinned)
            and all(service in summary.services for service in self.services)
        )

    def matches(self, summary: TraceSummary) -> bool:
        """``allows``, and every word occurs in the name, a service or the id."""
        if not self.allows(summary):
            return False
        if not self.words:
            return True
        text = f"{summary.name} {summary.service} {' '.join(summary.services)} {summary.trace_id}".lower()
        return all(word in text for word in self.words)


def parse_filter(text: str) -> TraceFilter:
    """Never refuses: what is not understood is a word to look for."""
    found = TraceFilter()
    for word in text.split():
        found = _with(found, word)
    return found


def _with(found: TraceFilter, word: str) -> TraceFilter:
    lower = word.lower()
    duration = _DURATION.fullmatch(word)
    if duration is not None:
        return _with_duration(found, *duration.groups())
    if lower in ("error", "errors"):
        return replace(found, error=True)
    if lower == "pinned":
        return replace(found, pinned=True)
    key, colon, value = word.partition(":")
    if colon and key.lower() == "service":
        return replace(found, services=(*found.services, value)) if value else found
    if colon and key.lower() in ("operation", "op"):
        return replace(found, operation=value)
    key, equals, value = word.partition("=")
    if equals and key:
        return replace(found, attributes=(*found.attributes, (key, value))) if value else found
    return replace(found, words=(*found.words, lower))


def _with_duration(found: TraceFilter, sign: str, number: str, unit: str | None) -> TraceFilter:
    nanoseconds = int(float(number) * _NS[(unit or "").lower()])
    if sign == ">":
        return replace(found, min_ns=max(found.min_ns, nanoseconds))
    return replace(found, max_ns=min(found.max_ns or nanoseconds, nanoseconds))
