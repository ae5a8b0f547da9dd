"""Spans on their way to the collector, which may come later, go, and come back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from meshkit.logs import log

DELAY_MS = 100
QUEUE = 4096
# Shorter than the first pause of the SDK's exporter, which therefore never tries again: `Sender` does.
_TRY_S = 0.75
_KEEP_S = 10.0
_PAUSE_S = 0.25

Make = Callable[[str], SpanExporter]


def batches(exporter: SpanExporter) -> BatchSpanProcessor:
    """Sends from a thread every DELAY_MS; a queue that is full loses its oldest."""
    given = "OTEL_BSP_SCHEDULE_DELAY" in os.environ
    size = "OTEL_BSP_MAX_QUEUE_SIZE" in os.environ
    return BatchSpanProcessor(
        exporter,
        max_queue_size=None if size else QUEUE,
        schedule_delay_millis=None if given else DELAY_MS,
    )


def otlp() -> Make:
    """Makes the SDK's exporter for OTLP over gRPC; loading it takes 0.1 s, and is done here."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return lambda endpoint: OTLPSpanExporter(
        endpoint=endpoint, insecure=not endpoint.startswith("https"), timeout=_TRY_S
    )


class Sender(SpanExporter):
    """Tries a batch for ten seconds, then drops it; tells once that the collector is away, and once that it is back.

    One try that failed is not told: a collector that is started again, or a busy machine, may be the reason.

    The exporter is made when there is something to send, in the process that sends it.
    """

    def __init__(self, endpoint: str, make: Make, *, keep_s: float = _KEEP_S) -> None:
        self._endpoint = endpoint
        self._make = make
        self._keep_s = keep_s
        self._exporter: SpanExporter | None = None
        self._pid = 0
        self._hurried = threading.Event()
        self._away = False
        self._lost = 0
        self._why = ""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Blocks the thread of the processor, never a request."""
        until = time.monotonic() + self._keep_s
        tries = 1
        while self._once(spans) is not SpanExportResult.SUCCESS:
            give_up = time.monotonic() >= until or self._hurried.is_set()
            if give_up or tries > 1:
                self._left()
            if give_up:
                self._lost += len(spans)
                return SpanExportResult.FAILURE
            self._hurried.wait(_PAUSE_S)
            tries += 1
        self._came_back()
        return SpanExportResult.SUCCESS

    def hurry(self) -> None:
        """From now on try once."""
        self._hurried.set()

    def shutdown(self) -> None:
        self.hurry()
        if self._exporter is not None and self._pid == os.getpid():
            self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    def _once(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._exporter is None or self._pid != os.getpid():
            self._exporter, self._pid = self._make(self._endpoint), os.getpid()
        try:
            return self._exporter.export(spans)
        except Exception as error:
            self._why = repr(error)
            return SpanExportResult.FAILURE

    def _left(self) -> None:
        if not self._away:
            log.info("telemetry.away", endpoint=self._endpoint, **({"error": self._why} if self._why else {}))
        self._away = True

    def _came_back(self) -> None:
        if self._away:
            log.info("telemetry.back", endpoint=self._endpoint, lost_spans=self._lost)
        self._away, self._lost = False, 0
