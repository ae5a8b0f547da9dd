"""``ps``: services with their instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meshctl.model.config import ServiceKind
from meshctl.model.containers import ContainerState
from meshctl.model.registry import CheckStatus
from meshctl.model.status import Health, InstanceStatus, ProbeResult, Reason, ReasonKind, ServiceStatus
from meshctl.present.documents.reading import DocumentError, Fields, each, found, text
from meshctl.present.reasons import reason_text

_PASSING, _FAILING = "passing", "failing"


def services_to_data(services: Sequence[ServiceStatus], now: float | None = None) -> list[dict[str, Any]]:
    """``probe`` is passing, failing or null, ``registry`` Consul's word or null; ``now`` adds ages to reasons."""
    return [
        {
            "service": status.service,
            "kind": status.kind.value,
            "state": status.state,
            "health": status.health.value,
            "ready": status.ready,
            "desired": status.desired,
            "restarts": status.restarts,
            "reasons": [reason_text(reason, now) for reason in status.reasons],
            "instances": [_instance_to_data(instance, now) for instance in status.instances],
        }
        for status in services
    ]


def services_from_data(data: Any) -> tuple[ServiceStatus, ...]:
    """Raises DocumentError. Reasons are told in the words of the document; what a probe said is not in it."""
    return each(data, _service)


def _instance_to_data(instance: InstanceStatus, now: float | None) -> dict[str, Any]:
    probe = None if instance.probe is None else (_PASSING if instance.probe.ok else _FAILING)
    return {
        "id": instance.id,
        "container": instance.container,
        "state": instance.state.value,
        "health": instance.health.value,
        "reasons": [reason_text(reason, now) for reason in instance.reasons],
        "ports": dict(instance.ports),
        "probe": probe,
        "registry": instance.registry.value if instance.registry else None,
        "restarts": instance.restarts,
        "started_at": instance.started_at,
    }


def _service(data: Any) -> ServiceStatus:
    fields = Fields(data)
    return ServiceStatus(
        service=fields.text("service"),
        kind=fields.word("kind", ServiceKind),
        state=fields.text("state"),
        health=fields.word("health", Health),
        ready=fields.integer("ready"),
        desired=fields.integer("desired"),
        restarts=fields.integer("restarts"),
        reasons=fields.each("reasons", _reason),
        instances=fields.each("instances", _instance),
    )


def _instance(data: Any) -> InstanceStatus:
    fields = Fields(data)
    return InstanceStatus(
        id=fields.text("id"),
        container=fields.text("container"),
        container_id="",
        state=fields.word("state", ContainerState),
        health=fields.word("health", Health),
        reasons=fields.each("reasons", _reason),
        ports=fields.mapping("ports", text),
        probe=fields.read("probe", _probe) if fields.has("probe") else None,
        registry=fields.word("registry", CheckStatus) if fields.has("registry") else None,
        restarts=fields.integer("restarts"),
        started_at=fields.number("started_at") if fields.has("started_at") else None,
    )


def _reason(data: Any) -> Reason:
    return Reason(ReasonKind.TOLD, detail=text(data))


def _probe(data: Any) -> ProbeResult:
    if data not in (_PASSING, _FAILING):
        raise DocumentError("", f"{_PASSING} or {_FAILING} expected, not {found(data)}")
    return ProbeResult(data == _PASSING)
