"""``ps`` as a table and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meshctl.model.status import InstanceStatus, ServiceStatus
from meshctl.present.lines import PLAIN, Line, Span
from meshctl.present.status import symbol, tone, word

HEADINGS = ("SERVICE", "HEALTH", "READY", "RESTARTS", "PORTS", "")


def services_table(services: Sequence[ServiceStatus]) -> list[Line]:
    """Aligned lines, the heading first; reasons stand at the end of their row."""
    rows = [_row(status) for status in services]
    widths = [max([len(HEADINGS[i]), *(len(row[i].text) for row in rows)]) for i in range(len(HEADINGS))]
    right = (2, 3)

    def align(spans: Sequence[Span]) -> Line:
        cells = [
            Span(span.text.rjust(widths[i]) if i in right else span.text.ljust(widths[i]), span.tone)
            for i, span in enumerate(spans[:-1])
        ]
        joined = [part for cell in cells for part in (cell, Span("  "))]
        return (*joined, spans[-1]) if spans[-1].text else (*joined[:-2], Span(cells[-1].text.rstrip()))

    return [align([Span(heading, "muted") for heading in HEADINGS]), *(align(row) for row in rows)]


def services_data(services: Sequence[ServiceStatus]) -> list[dict[str, Any]]:
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
            "reasons": list(status.reasons),
            "instances": [instance_data(instance) for instance in status.instances],
        }
        for status in services
    ]


def instance_data(instance: InstanceStatus) -> dict[str, Any]:
    """One instance of the same document."""
    probe = None if instance.probe is None else ("passing" if instance.probe.ok else "failing")
    return {
        "id": instance.id,
        "container": instance.container,
        "state": instance.state.value,
        "health": instance.health.value,
        "reasons": list(instance.reasons),
        "ports": dict(instance.ports),
        "probe": probe,
        "registry": instance.registry.value if instance.registry else None,
        "restarts": instance.restarts,
        "started_at": instance.started_at,
    }


def _row(status: ServiceStatus) -> list[Span]:
    ports = status.instances[0].ports if len(status.instances) == 1 else {}
    shown = ", ".join(f"{name} {address}" for name, address in ports.items())
    more = f"{len(status.instances)} instances" if len(status.instances) > 1 else shown
    return [
        Span(status.service),
        Span(f"{symbol(status.health)} {word(status.health)}", tone(status.health)),
        Span(f"{status.ready}/{status.desired}"),
        Span(str(status.restarts)),
        Span(more, PLAIN),
        Span("; ".join(status.reasons)),
    ]
