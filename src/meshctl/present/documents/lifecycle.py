"""``up`` and ``down``: the plan, the reports, and the progress on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meshctl.model.plan import DownReport, Failure, Operation, OperationKind, Plan, Step, UpReport
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.model.status import ServiceStatus
from meshctl.present.documents.reading import Fields, text
from meshctl.present.documents.services import services_from_data, services_to_data


def plan_to_data(plan: Plan) -> dict[str, Any]:
    """The whole plan, waits included."""
    return {
        "project": plan.project,
        "operations": [
            {
                "id": operation.id,
                "kind": operation.kind.value,
                "target": operation.target,
                "service": operation.service,
                "cause": operation.cause,
                "after": list(operation.after),
                "follows": list(operation.follows),
            }
            for operation in plan.operations
        ],
        "notes": list(plan.notes),
    }


def plan_from_data(data: Any) -> Plan:
    """Raises DocumentError. What a container is created with is not in it: the plan can be shown, not carried out."""
    fields = Fields(data)
    return Plan(
        project=fields.text("project"),
        operations=fields.each("operations", _operation),
        notes=fields.each("notes", text),
    )


def up_to_data(report: UpReport, services: Sequence[ServiceStatus], now: float | None = None) -> dict[str, Any]:
    """``services`` as ``ps`` gives them at ``now``; ``failures`` with the first cause first."""
    return {
        "project": report.project,
        "ready": report.ready,
        "elapsed_ms": round(report.elapsed_ms, 1),
        "changed": report.changed,
        "services": services_to_data(services, now),
        "failures": [
            {
                "service": failure.service,
                "instance": failure.instance,
                "kind": failure.kind,
                "message": failure.message,
                "exit_code": failure.exit_code,
                "oom_killed": failure.oom_killed,
                "log": list(failure.log),
                "hint": failure.hint,
            }
            for failure in report.failures
        ],
        "critical_path": [
            {"operation": step.operation, "target": step.target, "seconds": round(step.seconds, 4)}
            for step in report.critical_path
        ],
        "notes": list(report.notes),
        "trace_id": report.trace_id,
    }


def up_from_data(data: Any) -> tuple[UpReport, tuple[ServiceStatus, ...]]:
    """Raises DocumentError. What ran, what was skipped, and the exit code's error are not in it."""
    fields = Fields(data)
    report = UpReport(
        project=fields.text("project"),
        ready=fields.flag("ready"),
        elapsed_ms=fields.number("elapsed_ms"),
        changed=fields.flag("changed"),
        failures=fields.each("failures", _failure),
        critical_path=fields.each("critical_path", _step),
        notes=fields.each("notes", text),
        trace_id=fields.text("trace_id"),
    )
    return report, fields.read("services", services_from_data)


def down_to_data(report: DownReport) -> dict[str, Any]:
    """``failures`` are sentences."""
    return {
        "project": report.project,
        "removed": report.removed,
        "elapsed_ms": round(report.elapsed_ms, 1),
        "failures": [failure.message for failure in report.failures],
    }


def down_from_data(data: Any) -> DownReport:
    """Raises DocumentError. Of a failure it has the sentence alone."""
    fields = Fields(data)
    return DownReport(
        project=fields.text("project"),
        removed=fields.integer("removed"),
        elapsed_ms=fields.number("elapsed_ms"),
        failures=fields.each("failures", lambda message: Failure("", "", text(message))),
    )


def progress_to_data(event: ProgressEvent) -> dict[str, Any]:
    """One line of progress."""
    return {
        "operation": event.operation,
        "target": event.target,
        "phase": event.phase.value,
        "service": event.service,
        "message": event.message,
        "fraction": event.fraction,
        "elapsed_s": round(event.elapsed_s, 3),
    }


def progress_from_data(data: Any) -> ProgressEvent:
    """Raises DocumentError."""
    fields = Fields(data)
    return ProgressEvent(
        operation=fields.text("operation"),
        target=fields.text("target"),
        phase=fields.word("phase", Phase),
        service=fields.text("service"),
        message=fields.text("message"),
        fraction=fields.number("fraction") if fields.has("fraction") else None,
        elapsed_s=fields.number("elapsed_s"),
    )


def _operation(data: Any) -> Operation:
    fields = Fields(data)
    return Operation(
        id=fields.text("id"),
        kind=fields.word("kind", OperationKind),
        target=fields.text("target"),
        service=fields.text("service"),
        cause=fields.text("cause"),
        after=fields.each("after", text),
        follows=fields.each("follows", text),
    )


def _failure(data: Any) -> Failure:
    fields = Fields(data)
    return Failure(
        service=fields.text("service"),
        instance=fields.text("instance"),
        message=fields.text("message"),
        hint=fields.text("hint"),
        exit_code=fields.integer("exit_code") if fields.has("exit_code") else None,
        oom_killed=fields.flag("oom_killed"),
        log=fields.each("log", text),
        kind=fields.text("kind"),
    )


def _step(data: Any) -> Step:
    fields = Fields(data)
    return Step(fields.text("operation"), fields.text("target"), fields.number("seconds"))
