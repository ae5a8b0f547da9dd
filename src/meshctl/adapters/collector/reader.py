"""Reads a collector's query API. Standard library only; protobuf is loaded when a trace is decoded."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from meshctl.adapters.collector.exchange import Exchange, sentence, unavailable
from meshctl.adapters.collector.forms import edge_of, status_of, summary_of
from meshctl.adapters.http1 import Answer
from meshctl.errors import MeshError, UsageError
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceQuery, TraceSummary

T = TypeVar("T")

#: Seconds an exchange may take beyond what the collector was asked to wait.
READ_TIMEOUT_S = 5.0

#: A larger answer is refused.
MAX_BODY = 256 * 1024 * 1024

_MS = 1_000_000


class CollectorReader:
    """The ``TraceReader`` of the query API at ``host:port``. Blocking; usable from several threads.

    Raises CollectorUnavailable; UsageError when an id is none or is the beginning of several.
    """

    def __init__(self, address: str, timeout_s: float = READ_TIMEOUT_S) -> None:
        self.address = address
        self._exchange = Exchange(address, timeout_s, MAX_BODY)

    def traces(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        """Newest first."""
        found = self._json(f"/v1/traces?{urllib.parse.urlencode(parameters(query))}")
        return self._understood(lambda: tuple(summary_of(entry) for entry in found["traces"]))

    def trace(self, trace_id: str, *, settle_s: float = 0.0, quiet_s: float = 0.3, root_id: str = "") -> Trace | None:
        """One trace by its id, or by the beginning of one (4 digits and more) that no other has.

        None when nothing is known of it. The other arguments as in ``TraceReader``.
        """
        words = {"settle_ms": int(settle_s * 1000), "quiet_ms": int(quiet_s * 1000), "root": root_id}
        waiting = urllib.parse.urlencode({name: word for name, word in words.items() if word != ""})
        answer = self._exchange.ask("GET", f"{_place(trace_id)}?{waiting}", more_s=settle_s)
        if answer.status == 404:
            return None
        self._check(answer)
        return self._understood(lambda: _trace(trace_id, answer))

    def export(self, trace_ids: Sequence[str]) -> bytes:
        """These traces as one OTLP JSON document."""
        words = urllib.parse.urlencode([("id", trace_id) for trace_id in trace_ids])
        answer = self._exchange.ask("GET", f"/v1/export?{words}")
        self._check(answer)
        return answer.body

    def services(self) -> tuple[str, ...]:
        """Every service that has sent spans, sorted."""
        found = self._json("/v1/services")
        return self._understood(lambda: tuple(str(name) for name in found["services"]))

    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        """Edges seen in the last ``window_s`` seconds; 0 for all that is kept."""
        found = self._json(f"/v1/edges?window_s={window_s:g}")
        return self._understood(lambda: tuple(edge_of(entry) for entry in found["edges"]))

    def status(self) -> CollectorStatus:
        """What it keeps, and what its limits have cost."""
        found = self._json("/v1/status")
        return self._understood(lambda: status_of(found))

    def pin(self, trace_id: str, pinned: bool) -> bool:
        """Keep a trace whatever the limits say, or no longer. False when it is not known."""
        answer = self._exchange.ask("PUT" if pinned else "DELETE", f"{_place(trace_id)}/pin")
        if answer.status == 404:
            return False
        self._check(answer)
        return True

    def abort(self) -> None:
        """Callable from any thread: the exchange under way fails at once."""
        self._exchange.abort()

    def close(self) -> None:
        """Let the kept connection go."""
        self._exchange.close()

    def _json(self, path: str) -> Any:
        answer = self._exchange.ask("GET", path)
        self._check(answer)
        return self._understood(lambda: json.loads(answer.body))

    def _check(self, answer: Answer) -> None:
        if answer.status in (400, 404, 409):
            raise UsageError(sentence(answer))
        if answer.status == 413:
            raise MeshError(sentence(answer), hint="Ask for fewer traces at once.")
        if answer.status >= 300:
            raise unavailable(self.address, sentence(answer))

    def _understood(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise unavailable(self.address, f"not the answer of a collector ({type(error).__name__})") from error


def parameters(query: TraceQuery) -> list[tuple[str, str]]:
    """A query as the words of a URL; what is not asked is left out."""
    words: list[tuple[str, str]] = [("limit", str(query.limit))]
    texts = {"service": query.service, "operation": query.operation, "text": query.text}
    words += [(name, text) for name, text in texts.items() if text]
    durations = {"min_duration_ms": query.min_duration_ns, "max_duration_ms": query.max_duration_ns}
    words += [(name, repr(value / _MS)) for name, value in durations.items() if value]
    times = {"since_ns": query.since_ns, "until_ns": query.until_ns}
    words += [(name, str(value)) for name, value in times.items() if value]
    if query.error is not None:
        words.append(("error", "true" if query.error else "false"))
    return words + [("attribute", f"{key}={value}") for key, value in query.attributes]


def _place(trace_id: str) -> str:
    return f"/v1/traces/{urllib.parse.quote(trace_id, safe='')}"


def _trace(asked: str, answer: Answer) -> Trace:
    from meshctl.adapters.otlp.decode import spans_of

    headers: Mapping[str, str] = answer.headers
    return Trace(
        trace_id=headers.get("x-trace-id", asked),
        spans=spans_of(answer.body),
        settled=headers.get("x-trace-settled") == "true",
        waits_for=urllib.parse.unquote(headers.get("x-trace-waits-for", "")),
        truncated=int(headers.get("x-trace-truncated", "0")),
        pinned=headers.get("x-trace-pinned") == "true",
    )
