"""Traces: the OpenTelemetry SDK, set up from the environment on first use.

`span()` is one piece of work, `headers()` is what to send with a call or a message, `continued()` is the handling
of one that carried them. Where `OTEL_EXPORTER_OTLP_ENDPOINT` is not set nothing is exported; ids go on all the same.
"""

from opentelemetry.trace import SpanKind

from .context import TraceContext, continued, current, headers, remote, traced, untraced
from .provider import flush, install, shutdown, start, tracer, tracer_provider
from .spans import Attributes, event, failed, span

__all__ = [
    "Attributes",
    "SpanKind",
    "TraceContext",
    "continued",
    "current",
    "event",
    "failed",
    "flush",
    "headers",
    "install",
    "remote",
    "shutdown",
    "span",
    "start",
    "traced",
    "tracer",
    "tracer_provider",
    "untraced",
]
