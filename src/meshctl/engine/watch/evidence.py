"""Looks for what explains it as soon as something is not well, and at the room on volumes all the time."""

from __future__ import annotations

from dataclasses import replace

from meshctl.core.health.facts import Facts
from meshctl.engine.evidence import gather, glance
from meshctl.engine.mesh import Mesh
from meshctl.engine.state.services import ServicesTopic
from meshctl.engine.watch.services import ServicesWriter
from meshctl.engine.watch.tasks import first_to_end
from meshctl.model.containers import Container, RuntimeEvent

#: Room that can be seen for nothing is looked at this often, other stores this seldom.
ROOM_S = 2.0
UNSEEN_S = 10.0
#: What turns within so many seconds is explained at once.
DEBOUNCE_S = 0.1
#: It is explained again after these pauses, the last one for ever: the journal is written after the deed.
AGAIN_S = (1.0, 3.0, 10.0)
#: Events that are remembered, more than the runtime does.
KEEP = 512


class EvidenceWatch:
    """Tells ``services`` what it has found. Statuses never wait for it."""

    def __init__(self, mesh: Mesh, services: ServicesWriter, topic: ServicesTopic) -> None:
        self._mesh = mesh
        self._services = services
        self._topic = topic
        self._room = Facts()
        self._gathered = Facts()
        self._events: dict[RuntimeEvent, None] = {}

    async def run(self) -> None:
        """Never returns."""
        await first_to_end(self._watch_room(), self._explain())

    async def _watch_room(self) -> None:
        while True:
            fresh = await glance(self._mesh, self._containers())
            if replace(fresh, containers=()) != replace(self._room, containers=()):
                self._room = fresh
                self._tell()
            await self._mesh.clock.sleep(UNSEEN_S if fresh.lines else ROOM_S)

    async def _explain(self) -> None:
        pauses = iter(AGAIN_S)
        while True:
            if self._services.unwell:
                await first_to_end(self._turned(), self._mesh.clock.sleep(next(pauses, AGAIN_S[-1])))
            else:
                await self._turned()
            if self._services.turned.is_set():
                self._services.turned.clear()
                pauses = iter(AGAIN_S)
                await self._mesh.clock.sleep(DEBOUNCE_S)
            await self._gather()

    async def _turned(self) -> None:
        await self._services.turned.wait()

    async def _gather(self) -> None:
        """Forgets it all when nothing needs to be explained any more."""
        if not self._services.unwell:
            self._gathered = Facts()
        else:
            known = replace(self._room, containers=self._containers())
            facts = await gather(self._mesh, self._topic.value.services, known)
            self._events = dict.fromkeys([*self._events, *facts.events][-KEEP:])
            events = sorted(self._events, key=lambda event: event.time)
            self._gathered = replace(facts, events=events)
        self._tell()

    def _tell(self) -> None:
        gathered, room = self._gathered, self._room
        rooms, lines = {**gathered.rooms, **room.rooms}, {**room.lines, **gathered.lines}
        self._services.learn(replace(gathered, events=gathered.events or room.events, rooms=rooms, lines=lines))

    def _containers(self) -> tuple[Container, ...]:
        return tuple(self._services.inventory.observations.containers.values())
