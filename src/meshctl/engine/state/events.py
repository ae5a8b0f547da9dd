"""What happened."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.engine.state.topic import Topic
from meshctl.model.events import MeshEvent
from meshctl.ports.world import Clock


@dataclass(frozen=True, slots=True)
class EventsChange:
    """``added`` came after all others. ``reworded``: earlier ones were told anew or left, so read the whole value."""

    added: tuple[MeshEvent, ...] = ()
    reworded: bool = False


class EventsTopic(Topic[tuple[MeshEvent, ...], EventsChange]):
    """The bounded feed, oldest first."""

    def __init__(self, clock: Clock) -> None:
        super().__init__((), clock, _joined)


def _joined(earlier: EventsChange, later: EventsChange) -> EventsChange:
    if earlier.reworded or later.reworded:
        return EventsChange(reworded=True)
    return EventsChange((*earlier.added, *later.added))
