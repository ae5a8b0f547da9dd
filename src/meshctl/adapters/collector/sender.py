"""Sends spans to a collector as OTLP/HTTP JSON. Standard library only."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshctl.adapters.collector.exchange import Exchange, sentence, unavailable
from meshctl.errors import MeshError
from meshctl.model.spans import Span

#: Seconds one request may take.
SEND_TIMEOUT_S = 2.0

#: A document of more bytes is sent in pieces of so many spans: receivers limit the size of a message.
PIECE_BYTES = 4 * 1024 * 1024
PIECE_SPANS = 1000

_MAX_ANSWER = 1024 * 1024


class CollectorSender:
    """The ``TraceSender`` of the OTLP/HTTP receiver at ``host:port``. Blocking; raises CollectorUnavailable.

    ``timeout_s`` bounds one request, and all of ``send``.
    """

    def __init__(self, address: str, timeout_s: float = SEND_TIMEOUT_S) -> None:
        self.address = address
        self._exchange = Exchange(address, timeout_s, _MAX_ANSWER)

    def send(self, spans: Sequence[Span]) -> None:
        """Spans of meshctl's own. Raises MeshError when they are refused."""
        from meshctl.adapters.otlp.encode import request_json

        began = time.monotonic()
        if spans:
            body = request_json(spans)
            self._post(body, spent_s=time.monotonic() - began)

    def send_raw(self, body: bytes) -> int:
        """One OTLP JSON document; return how many spans were taken. Raises MeshError if it is refused."""
        document = _document(body)
        total, rejected = 0, 0
        for piece, spans in _pieces(document, body):
            rejected += self._post(piece)
            total += spans
        return total - rejected

    def abort(self) -> None:
        """Callable from any thread: what is under way fails at once."""
        self._exchange.abort()

    def close(self) -> None:
        """Let the kept connection go."""
        self._exchange.close()

    def _post(self, body: bytes, spent_s: float = 0.0) -> int:
        kind = {"content-type": "application/json"}
        answer = self._exchange.ask("POST", "/v1/traces", body=body, headers=kind, more_s=-spent_s)
        if answer.status in (429, 502, 503, 504):
            raise unavailable(self.address, sentence(answer))
        if answer.status != 200:
            raise MeshError(f"the collector refuses these spans: {sentence(answer)}")
        try:
            partial = json.loads(answer.body or b"{}").get("partialSuccess") or {}
            return int(partial.get("rejectedSpans") or 0)
        except (ValueError, TypeError, AttributeError) as error:
            raise unavailable(self.address, f"not the answer of a collector ({type(error).__name__})") from error


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MeshError("this is no JSON document", hint="`meshctl traces export` writes what can be read.") from error
    if not isinstance(document, dict) or not isinstance(document.get("resourceSpans"), list):
        raise MeshError(
            'this is no OTLP JSON document: it has no list "resourceSpans"',
            hint="`meshctl traces export` writes what can be read.",
        )
    return document


def _pieces(document: Mapping[str, Any], body: bytes) -> Iterator[tuple[bytes, int]]:
    """The document as it is, or split into documents of few spans each, with the number of their spans."""
    scopes = list(_scopes(document))
    if len(body) <= PIECE_BYTES:
        yield body, sum(len(spans) for _, _, spans in scopes)
        return
    for resource, scope, spans in scopes:
        for begin in range(0, len(spans), PIECE_SPANS):
            part = spans[begin : begin + PIECE_SPANS]
            piece = {"resourceSpans": [{**resource, "scopeSpans": [{**scope, "spans": part}]}]}
            yield json.dumps(piece, separators=(",", ":")).encode(), len(part)


def _scopes(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], list[Any]]]:
    try:
        for resource in document["resourceSpans"]:
            for scope in resource.get("scopeSpans") or ():
                yield resource, scope, list(scope.get("spans") or ())
    except (TypeError, AttributeError) as error:
        raise MeshError("this is no OTLP JSON document: its resourceSpans have another form") from error
