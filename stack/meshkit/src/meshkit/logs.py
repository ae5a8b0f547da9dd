"""Logs as one JSON object a line on stdout: timestamp, level, event, service, instance, trace_id, span_id."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from opentelemetry.trace import format_span_id, format_trace_id, get_current_span
from structlog.typing import EventDict, Processor

from .settings import settings

_FIRST = ("timestamp", "level", "event", "service", "instance", "trace_id", "span_id")


def _identity(_: Any, __: str, event: EventDict) -> EventDict:
    own = settings()
    event.setdefault("service", own.service)
    event.setdefault("instance", own.instance)
    span = get_current_span().get_span_context()
    if span.is_valid:
        event.setdefault("trace_id", format_trace_id(span.trace_id))
        event.setdefault("span_id", format_span_id(span.span_id))
    return event


def _ordered(_: Any, __: str, event: EventDict) -> EventDict:
    """What every line has comes first."""
    return {**{key: event[key] for key in _FIRST if key in event}, **event}


def _level(name: str) -> int:
    return logging.getLevelNamesMapping().get(name.upper(), logging.INFO)


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _identity,
]
_LAST: list[Processor] = [
    structlog.processors.format_exc_info,
    _ordered,
    structlog.processors.JSONRenderer(ensure_ascii=False),
]

structlog.configure(
    processors=[*_SHARED, *_LAST],
    wrapper_class=structlog.make_filtering_bound_logger(_level(settings().log_level)),
    logger_factory=structlog.PrintLoggerFactory(),
    cache_logger_on_first_use=False,
)

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def capture_stdlib() -> None:
    """Send what libraries log through `logging` (uvicorn, Celery) the same way; replaces root's handlers."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _drop_colour, *_LAST],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_level(settings().log_level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in ("httpx", "httpcore", "alembic"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _drop_colour(_: Any, __: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)
    return event
