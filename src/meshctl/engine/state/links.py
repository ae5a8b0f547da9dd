"""The connections to the sources of truth."""

from __future__ import annotations

from enum import IntEnum

from meshctl.engine.state.topic import Topic, both
from meshctl.model.status import LinkState
from meshctl.ports.world import Clock


class Source(IntEnum):
    """In the order in which they are shown."""

    RUNTIME = 0
    REGISTRY = 1
    COLLECTOR = 2


class LinksTopic(Topic[tuple[LinkState, ...], frozenset[str]]):
    """Those that were tried so far, the runtime first. A change is the names of the links that changed."""

    def __init__(self, clock: Clock) -> None:
        super().__init__((), clock, both)
        self._links: dict[Source, LinkState] = {}

    def is_up(self, source: Source) -> bool:
        link = self._links.get(source)
        return link is not None and link.up

    def up(self, source: Source, name: str, detail: str) -> None:
        self._set(source, name, True, detail, "")

    def lost(self, source: Source, name: str, why: str, hint: str = "") -> None:
        """``name`` '' keeps the one it had."""
        before = self._links.get(source)
        self._set(source, name or (before.name if before is not None else "engine"), False, why, hint)

    def _set(self, source: Source, name: str, up: bool, detail: str, hint: str) -> None:
        before = self._links.get(source)
        since = before.since if before is not None and before.up == up else self.clock.now()
        link = self._links[source] = LinkState(name, up, since, detail, hint)
        links = tuple(self._links[source] for source in sorted(self._links))
        self.publish(links, frozenset((name,)) if link != before else None)
