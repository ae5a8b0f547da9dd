"""Everything of a mesh that can be looked at later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshctl.model.config import MeshConfig
from meshctl.model.containers import LogLine
from meshctl.model.events import MeshEvent
from meshctl.model.findings import Finding
from meshctl.model.status import LinkState, ServiceStatus, Usage
from meshctl.model.traces import CollectorStatus, Trace


@dataclass(frozen=True, slots=True)
class Recording:
    """A mesh as it was at ``time``, Unix seconds. ``traces`` are whole, ``lines`` by time.

    ``observed_at`` is when the runtime last answered, ``collector`` what the collector kept; both None if never asked.
    """

    time: float
    config: MeshConfig
    services: tuple[ServiceStatus, ...] = ()
    observed_at: float | None = None
    usage: Mapping[str, Usage] = field(default_factory=dict)
    links: tuple[LinkState, ...] = ()
    events: tuple[MeshEvent, ...] = ()
    traces: tuple[Trace, ...] = ()
    collector: CollectorStatus | None = None
    lines: tuple[LogLine, ...] = ()
    findings: tuple[Finding, ...] = ()
