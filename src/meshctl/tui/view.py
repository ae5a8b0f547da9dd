"""What the topics say now, under the names that screens use."""

from __future__ import annotations

from collections.abc import Mapping

from meshctl.engine.state.mesh_state import MeshState
from meshctl.model.events import MeshEvent
from meshctl.model.status import LinkState, ServiceStatus, Usage
from meshctl.model.traces import CollectorStatus, TraceSummary


class View:
    """Always as of now."""

    def __init__(self, state: MeshState) -> None:
        self._state = state

    @property
    def services(self) -> tuple[ServiceStatus, ...]:
        return self._state.services.value.services

    @property
    def observed_at(self) -> float | None:
        return self._state.services.value.observed_at

    @property
    def usage(self) -> Mapping[str, Usage]:
        return self._state.usage.value

    @property
    def links(self) -> tuple[LinkState, ...]:
        return self._state.links.value

    @property
    def events(self) -> tuple[MeshEvent, ...]:
        return self._state.events.value

    @property
    def traces(self) -> tuple[TraceSummary, ...]:
        return self._state.traces.value.rows

    @property
    def collector(self) -> CollectorStatus | None:
        return self._state.traces.value.status
