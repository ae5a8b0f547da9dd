"""An ``up`` as a trace: what was pulled, built, created, started and waited for, below a span of each service."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from meshctl.core.resolve import OTLP, collector_address
from meshctl.core.traces.call_span import OURS
from meshctl.engine.mesh import Mesh
from meshctl.errors import MeshError
from meshctl.model.plan import Ran, UpReport
from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanStatus
from meshctl.threads import run_in_thread

#: Seconds that sending may take: nobody who waits for a stack waits for this.
SEND_S = 0.3


async def send_up_trace(mesh: Mesh, report: UpReport, name: str) -> str:
    """Send it to the collector, which may have come up only now; its trace id, '' when nobody took it.

    ``name`` is the root's, such as ``up shop``: runs of one name are compared with each other.
    """
    if not mesh.config.collector:
        return ""
    spans = up_spans(report, name)
    try:
        found = await mesh.runtime.find(mesh.config.name, mesh.config.collector)
        sender = mesh.collectors.sender(collector_address(mesh.config, found, OTLP), SEND_S)
        await run_in_thread(lambda: sender.send(spans))
    except MeshError:
        return ""
    return spans[0].trace_id


def up_spans(report: UpReport, name: str) -> tuple[Span, ...]:
    """The root first. ``mesh.critical`` marks the chain of operations that decided how long it took."""
    trace = _Trace(report, name)
    return (trace.root(), *trace.services(), *trace.operations())


class _Trace:
    def __init__(self, report: UpReport, name: str) -> None:
        self._report = report
        self._name = name
        self._id = secrets.token_hex(16)
        self._root_id = secrets.token_hex(8)
        self._critical = {(step.operation, step.target) for step in report.critical_path}
        self._by_service: dict[str, list[Ran]] = {}
        for ran in report.ran:
            if ran.operation.service:
                self._by_service.setdefault(ran.operation.service, []).append(ran)
        self._parents = {service: secrets.token_hex(8) for service in self._by_service}

    def root(self) -> Span:
        report = self._report
        end = report.began + report.elapsed_ms / 1000
        attributes = {
            "mesh.project": report.project,
            "mesh.ready": report.ready,
            "mesh.changed": report.changed,
            "mesh.services": sorted(self._by_service),
            "mesh.operations": len(report.ran),
        }
        skipped = [SpanEvent("skipped", _ns(end), {"mesh.target": target}) for target in report.skipped]
        why = report.failures[0].message if report.failures else ""
        return self._span(self._root_id, "", self._name, (report.began, end), attributes, why, skipped)

    def services(self) -> Iterable[Span]:
        """From its first operation to its last."""
        for service, ran in self._by_service.items():
            times = min(one.began for one in ran), max(one.began + one.seconds for one in ran)
            attributes = {"mesh.service": service, "mesh.critical": any(map(self._is_critical, ran)) or None}
            why = next((one.error for one in ran if one.error), "")
            yield self._span(self._parents[service], self._root_id, service, times, attributes, why)

    def operations(self) -> Iterable[Span]:
        for ran in self._report.ran:
            operation = ran.operation
            attributes = {
                "mesh.operation": operation.kind.value,
                "mesh.target": operation.target,
                "mesh.service": operation.service,
                "mesh.cause": operation.cause,
                "mesh.critical": self._is_critical(ran) or None,
            }
            parent = self._parents.get(operation.service, self._root_id)
            name = f"{operation.kind.value} {operation.target}"
            times = ran.began, ran.began + ran.seconds
            yield self._span(secrets.token_hex(8), parent, name, times, attributes, ran.error)

    def _is_critical(self, ran: Ran) -> bool:
        return (ran.operation.kind.value, ran.operation.target) in self._critical

    def _span(
        self,
        span_id: str,
        parent_id: str,
        name: str,
        times: tuple[float, float],
        attributes: Mapping[str, Any],
        why: str,
        events: Iterable[SpanEvent] = (),
    ) -> Span:
        start, end = map(_ns, times)
        return Span(
            self._id,
            span_id,
            parent_id,
            OURS,
            name,
            SpanKind.INTERNAL,
            start,
            end - start,
            SpanStatus.ERROR if why else SpanStatus.UNSET,
            why,
            scope=OURS,
            attributes={key: value for key, value in attributes.items() if value not in ("", None)},
            events=tuple(events),
        )


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
