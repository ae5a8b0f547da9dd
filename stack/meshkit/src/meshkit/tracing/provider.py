"""The process's tracer: who it is, and where its spans go. A forked child sends its own spans by itself.

Settings are OpenTelemetry's own: OTEL_EXPORTER_OTLP_ENDPOINT (gRPC), OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES,
OTEL_BSP_*, OTEL_SDK_DISABLED.

It is meshkit's own and not OpenTelemetry's global one: libraries that trace by themselves as soon as they find that
(FastAPI does) would add a second span to every request, and one to each probe. `tracer_provider()` can be given away.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.trace import NoOpTracer, Tracer

from meshkit.settings import Settings, settings

from .export import Sender, batches, otlp

NAME = "meshkit"
_LONGEST = 16_384

_lock = threading.Lock()
_provider: TracerProvider | None = None
_tracer: Tracer | None = None
_sender: Sender | None = None


def tracer() -> Tracer:
    """The tracer of meshkit's spans; the first call sets everything up."""
    return _tracer or start()


def tracer_provider() -> TracerProvider:
    """For a service's own instrumentation: most take a `tracer_provider`."""
    start()
    assert _provider is not None
    return _provider


def start() -> Tracer:
    """Set up what the environment asks for, once a process; cheaper now than within the first request."""
    global _sender
    with _lock:
        if _tracer is not None:
            return _tracer
        made = TracerProvider(
            resource=resource(settings()),
            span_limits=SpanLimits(max_attribute_length=_LONGEST),
            shutdown_on_exit=False,
        )
        endpoint = _endpoint()
        if endpoint and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
            _sender = Sender(endpoint, otlp())
            made.add_span_processor(batches(_sender))
        for name in ("opentelemetry.exporter", "opentelemetry.sdk", "opentelemetry.context"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # `Sender` says what there is to say, once
        return install(made)


def install(chosen: TracerProvider | None) -> Tracer:
    """Let meshkit's spans go to `chosen`; None: to none of before, the next span sets up anew. For tests."""
    global _provider, _tracer
    _provider = chosen
    _tracer = chosen.get_tracer(NAME) if chosen else None
    return _tracer or NoOpTracer()


def flush(timeout_s: float = 1.0) -> None:
    """Send what has ended by now; returns after `timeout_s` at the latest."""
    if _provider is not None:
        _within(timeout_s, _provider.force_flush)


def shutdown(timeout_s: float = 1.0) -> None:
    """Send what is left and stop; a collector that is away costs no more than `timeout_s`."""
    if _sender is not None:
        _sender.hurry()
    if _provider is not None:
        _within(timeout_s, _provider.shutdown)


def _anew() -> None:
    """In a forked child: the SDK would give it an instance id that no registry knows, so set everything up again."""
    global _lock, _sender
    _lock, _sender = threading.Lock(), None
    install(None)


os.register_at_fork(after_in_child=_anew)


def resource(own: Settings) -> Resource:
    """Who sends: the same instance id as in the registry. OTEL_RESOURCE_ATTRIBUTES may add to it."""
    who = {
        "service.name": own.service,
        "service.instance.id": own.instance,
        "service.namespace": own.project,
    }
    if own.version:
        who["service.version"] = own.version
    return Resource.create({**who})


def _endpoint() -> str:
    return os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or ""


def _within(timeout_s: float, work: Callable[[], object]) -> None:
    """Call `work` in a thread that is left alone when it takes longer."""
    thread = threading.Thread(target=work, name="mesh-telemetry", daemon=True)
    thread.start()
    thread.join(timeout_s)
