"""What the services use of the machine."""

from __future__ import annotations

from collections.abc import Mapping

from meshctl.engine.state.topic import Topic, both
from meshctl.model.status import Usage
from meshctl.ports.world import Clock


class UsageTopic(Topic[Mapping[str, Usage], frozenset[str]]):
    """Usage by service. A change is the names of the services with other figures."""

    def __init__(self, clock: Clock) -> None:
        super().__init__({}, clock, both)

    def set(self, usage: Mapping[str, Usage]) -> None:
        before = self.value
        changed = frozenset(name for name in {**before, **usage} if before.get(name) != usage.get(name))
        self.publish(dict(usage), changed or None)
