"""``ps`` as a table and as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshctl.model.status import InstanceStatus, ServiceStatus
from meshctl.present.lines import MUTED, PLAIN, Line, Segment
from meshctl.present.reasons import reason_text, reasons_text
from meshctl.present.status import symbol, tone, word
from meshctl.present.units import duration

HEADINGS = ("SERVICE", "HEALTH", "READY", "RESTARTS", "AFTER", "PORTS", "")
_RIGHT = ("READY", "RESTARTS", "AFTER")


def services_table(
    services: Sequence[ServiceStatus], after: Mapping[str, float] | None = None, *, now: float | None = None
) -> list[Line]:
    """Aligned lines, the heading first; reasons stand at the end of their row.

    ``after`` are seconds per service that it took to get there; without any, the table has no such column.
    """
    shown = [index for index, heading in enumerate(HEADINGS) if after or heading != "AFTER"]
    rows = [[cells[i] for i in shown] for cells in (_row(status, after or {}, now) for status in services)]
    headings = [HEADINGS[i] for i in shown]
    widths = [max([len(heading), *(len(row[i].text) for row in rows)]) for i, heading in enumerate(headings)]

    def align(spans: Sequence[Segment]) -> Line:
        cells = [
            Segment(span.text.rjust(width) if heading in _RIGHT else span.text.ljust(width), span.tone)
            for span, width, heading in zip(spans[:-1], widths, headings, strict=False)
        ]
        joined = [part for cell in cells for part in (cell, Segment("  "))]
        return (*joined, spans[-1]) if spans[-1].text else (*joined[:-2], Segment(cells[-1].text.rstrip()))

    return [align([Segment(heading, MUTED) for heading in headings]), *(align(row) for row in rows)]


def services_data(services: Sequence[ServiceStatus], now: float | None = None) -> list[dict[str, Any]]:
    """The documented JSON of ``ps``; ``probe`` is passing, failing or null, ``registry`` Consul's word or null."""
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
            "instances": [instance_data(instance, now) for instance in status.instances],
        }
        for status in services
    ]


def instance_data(instance: InstanceStatus, now: float | None = None) -> dict[str, Any]:
    """One instance of the same document."""
    probe = None if instance.probe is None else ("passing" if instance.probe.ok else "failing")
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


def _row(status: ServiceStatus, after: Mapping[str, float], now: float | None) -> list[Segment]:
    ports = status.instances[0].ports if len(status.instances) == 1 else {}
    shown = ", ".join(f"{name} {address}" for name, address in ports.items())
    more = f"{len(status.instances)} instances" if len(status.instances) > 1 else shown
    return [
        Segment(status.service),
        Segment(f"{symbol(status.health)} {word(status.health)}", tone(status.health)),
        Segment(f"{status.ready}/{status.desired}"),
        Segment(str(status.restarts)),
        Segment(duration(after[status.service]) if status.service in after else ""),
        Segment(more, PLAIN),
        Segment(reasons_text(status.reasons, now)),
    ]
