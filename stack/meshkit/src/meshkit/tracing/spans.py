"""One piece of work as a span."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping
from types import TracebackType

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span, set_span_in_context

from meshkit.errors import UpstreamError

from .context import remote
from .provider import tracer

Value = str | bool | int | float
Attributes = Mapping[str, Value]

_GONE = (asyncio.CancelledError, GeneratorExit)


class span:
    """A context manager whose span is current within it; an exception that leaves it makes it an error.

    It is a child of what `carrier` names if that is given, else of the current span, else the root of a new trace.
    Exceptions to `ignore` are no failures.
    """

    __slots__ = ("_attributes", "_carrier", "_ignore", "_kind", "_name", "_span", "_token")

    def __init__(
        self,
        name: str,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes | None = None,
        *,
        carrier: Mapping[str, str] | None = None,
        ignore: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._name = name
        self._kind = kind
        self._attributes = attributes
        self._carrier = carrier
        self._ignore = ignore

    def __enter__(self) -> Span:
        parent: Context | None = None if self._carrier is None else remote(self._carrier)
        self._span = tracer().start_span(self._name, parent, self._kind, self._attributes)
        self._token = attach(set_span_in_context(self._span, parent))
        return self._span

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is not None and not isinstance(error, self._ignore):
            failed(error, self._span)
        detach(self._token)
        self._span.end()


def failed(error: BaseException, on: Span | None = None) -> None:
    """Mark a span (default: the current one) as failed because of `error`, which becomes an exception event."""
    found = on or get_current_span()
    if not found.is_recording():
        return
    if isinstance(error, _GONE):
        found.set_status(StatusCode.ERROR, "cancelled")
        return
    kind, message = _name(error), _message(error)
    told = {"exception.type": kind, "exception.message": message}
    if not _elsewhere(error):
        told["exception.stacktrace"] = "".join(traceback.format_exception(error))
    found.set_attribute("error.type", kind)
    found.set_status(StatusCode.ERROR, message or kind)
    found.add_event("exception", told)


def event(name: str, attributes: Attributes | None = None) -> None:
    """Something that happened within the current span."""
    found = get_current_span()
    if found.is_recording():
        found.add_event(name, attributes)


def _elsewhere(error: BaseException) -> bool:
    """It happened in another service: the stack of this one says nothing, and is long."""
    return isinstance(error, UpstreamError) or hasattr(error, "trailing_metadata")


def _message(error: BaseException) -> str:
    """One line; what gRPC raises prints as many."""
    code, details = getattr(error, "code", None), getattr(error, "details", None)
    if callable(code) and callable(details):
        return f"{getattr(code(), 'name', code())}: {details()}"
    return str(error)


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
