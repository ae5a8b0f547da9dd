"""All that a front end can subscribe to."""

from __future__ import annotations

from meshctl.engine.state.events import EventsTopic
from meshctl.engine.state.links import LinksTopic
from meshctl.engine.state.services import ServicesTopic
from meshctl.engine.state.traces import TracesTopic
from meshctl.engine.state.usage import UsageTopic
from meshctl.ports.world import Clock


class MeshState:
    """One topic for each thing that changes at a pace of its own; a screen names those that it shows."""

    def __init__(self, clock: Clock) -> None:
        self.services = ServicesTopic(clock)
        self.usage = UsageTopic(clock)
        self.links = LinksTopic(clock)
        self.events = EventsTopic(clock)
        self.traces = TracesTopic(clock)
