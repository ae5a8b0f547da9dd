"""What Docker holds of a project. Blocking; loads nothing but the standard library on a plain address."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from meshctl.adapters.docker import translate
from meshctl.adapters.docker.address import Address, resolve
from meshctl.adapters.docker.failures import not_an_engine
from meshctl.adapters.docker.log_lines import frames, log_lines, log_params
from meshctl.adapters.docker.refusals import holder, owner, port_taken, taken_port
from meshctl.adapters.docker.wire import SocketWire, Wire
from meshctl.errors import NotFound
from meshctl.model.containers import (
    LABEL_PROJECT,
    LABEL_SERVICE,
    Container,
    LogLine,
    Observed,
    RuntimeEvent,
    RuntimeInfo,
)

if TYPE_CHECKING:
    from meshctl.ports.runtime import Search


class ContainerReader:
    """Every method raises RuntimeUnavailable when nobody answers."""

    def __init__(
        self,
        address: Address | None = None,
        wire: Wire | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address or resolve()
        self._wire = wire or _open_wire(self.address)
        self._monotonic = monotonic
        #: By id: when a container was inspected (monotonic), and what it was.
        self._inspected: dict[str, tuple[float, Container]] = {}
        #: By id: when something last happened to a container (monotonic).
        self._happened: dict[str, float] = {}

    def info(self) -> RuntimeInfo:
        """Who answers there."""
        version = self._wire.get("/version")
        if not isinstance(version, dict) or "ApiVersion" not in version:
            raise not_an_engine(self.address, "no version in its answer")
        return translate.info(version, self.address.url)

    def find(self, project: str, service: str = "") -> tuple[Container, ...]:
        """Containers of the project (of every one for ''), or of one service of it, from one request."""
        return tuple(_sorted(translate.listed(entry) for entry in self._list(project, service)))

    def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
        """Everything that carries the project's label, and the ids of those ``images`` that are here.

        A container that still is in the run it was last inspected in, and of which no event was told since, is not
        inspected again.
        """
        entries = self._list(project)
        now = self._monotonic()
        known = {_id(entry): kept for entry in entries if (kept := self._kept(entry, now))}
        paths = [f"/containers/{quote(name, safe='')}/json" for name in map(_id, entries) if name not in known]
        filters = _filters(project)
        references = list(dict.fromkeys(images))
        asked = [
            *paths,
            *(f"/images/{quote(reference, safe='/:@')}/json" for reference in references),
            f"/networks?filters={quote(filters)}",
            f"/volumes?filters={quote(filters)}",
        ]
        *answers, networks, volumes = self._wire.get_each(asked)
        fresh = self._fresh([answer for answer in answers[: len(paths)] if isinstance(answer, dict)])
        self._inspected = {**known, **{container.id: (now, container) for container in fresh}}
        for gone in self._happened.keys() - self._inspected.keys():
            del self._happened[gone]
        return Observed(
            project=project,
            containers=tuple(_sorted(container for _, container in self._inspected.values())),
            networks=_names(networks),
            volumes=_names(volumes.get("Volumes") if isinstance(volumes, dict) else None),
            images={
                reference: str(image["Id"])
                for reference, image in zip(references, answers[len(paths) :], strict=True)
                if isinstance(image, dict) and image.get("Id")
            },
        )

    def happened(self, container_id: str) -> None:
        """An event was told: Docker's list may still say what was before it, an inspection waits for what is so now."""
        self._happened[container_id] = self._monotonic()

    def _kept(self, entry: dict[str, Any], now: float) -> tuple[float, Container] | None:
        """What an earlier inspection said, if the run that it saw goes on: it has lasted longer than that is ago."""
        kept = self._inspected.get(_id(entry))
        if kept is None or kept[0] <= self._happened.get(_id(entry), -math.inf):
            return None
        if translate.up_for(entry.get("Status")) <= now - kept[0]:
            return None
        was, listed = kept[1], translate.listed(entry)
        told = (was.state, was.name, was.ports, was.addresses)
        return kept if told == (listed.state, listed.name, listed.ports, listed.addresses) else None

    def _fresh(self, answers: Sequence[dict[str, Any]]) -> list[Container]:
        """What was inspected; one that failed on a taken port is told who has that now."""
        failed = [taken_port(str((answer.get("State") or {}).get("Error") or "")) for answer in answers]
        running = self._wire.get("/containers/json") if any(failed) else ()
        fresh = map(translate.inspected, answers)
        return [_told(one, port, running) if port else one for one, port in zip(fresh, failed, strict=True)]

    def find_lines(self, containers: Sequence[Container], word: str, since: float, most: int) -> list[LogLine]:
        """The newest ``most`` log lines of these containers that hold a word, from ``since`` on, by time."""

        def held(text: str) -> bool:
            return word in text

        found: list[LogLine] = []
        for container in containers:
            lines = self._lines(container, since, None, (held,))
            found += deque((one for one in lines if (held(one.text) if one.hit is None else one.hit)), most)
        return sorted(found, key=attrgetter("time"))[-most:]

    def last_lines(self, containers: Sequence[Container], most: int) -> list[LogLine]:
        """The last ``most`` log lines of each of these containers, by time."""
        found = [line for container in containers for line in self._lines(container, None, most)]
        return sorted(found, key=attrgetter("time"))

    def past_events(self, project: str, now: float) -> list[RuntimeEvent]:
        """What Docker remembers: of all its containers together 256 events, each start of a check among them."""
        from meshctl.adapters.docker.streams import documents

        filters = {"type": ["container"], "label": [f"{LABEL_PROJECT}={project}"], "event": sorted(translate.ACTIONS)}
        params = {"since": "1", "until": f"{now:.9f}", "filters": json.dumps(filters)}
        entries = documents(self._wire.chunks(f"/events?{urlencode(params)}"))
        return [event for event in map(translate.event, entries) if event is not None]

    def _lines(
        self, container: Container, since: float | None, tail: int | None, searches: Sequence[Search] = ()
    ) -> Iterator[LogLine]:
        params = urlencode(log_params(since, tail, follow=False))
        chunks = self._wire.chunks(f"/containers/{quote(container.id, safe='')}/logs?{params}")
        with suppress(NotFound):  # it was removed since it was found
            yield from log_lines(frames(chunks), container, searches)

    def _list(self, project: str, service: str = "") -> list[dict[str, Any]]:
        entries = self._wire.get("/containers/json", {"all": "1", "filters": _filters(project, service)})
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise not_an_engine(self.address, "no list of containers in its answer")
        return entries


@dataclass(eq=False, repr=False)
class ColdRuntime:
    """What a command without an event loop asks of Docker: coroutines that block and never suspend."""

    project: str

    async def find(self, service: str) -> tuple[Container, ...]:
        return ContainerReader().find(self.project, service)

    async def find_lines(
        self, containers: Sequence[Container], word: str, since: float, most: int
    ) -> Sequence[LogLine]:
        return ContainerReader().find_lines(containers, word, since, most)


def _open_wire(address: Address) -> Wire:
    if address.plain:
        return SocketWire(address)
    from meshctl.adapters.docker.client import Client, ClientWire

    return ClientWire(Client(address))


def _filters(project: str, service: str = "") -> str:
    of_service = [f"{LABEL_SERVICE}={service}"] if service else []
    return json.dumps({"label": [f"{LABEL_PROJECT}={project}" if project else LABEL_PROJECT, *of_service]})


def _told(container: Container, port: tuple[str, int], running: Iterable[dict[str, Any]]) -> Container:
    held_by = holder(running, *port)
    said = port_taken(*port, owner(container.name, container.labels), held_by).says
    return replace(container, error=said if held_by is not None else said.replace(" is taken ", " was taken "))


def _id(entry: dict[str, Any]) -> str:
    return str(entry.get("Id", ""))


def _names(entries: Any) -> tuple[str, ...]:
    named = (entry for entry in entries or () if isinstance(entry, dict))
    return tuple(sorted(str(entry.get("Name", "")) for entry in named))


def _sorted(containers: Iterable[Container]) -> list[Container]:
    return sorted(containers, key=lambda c: (c.service, c.instance, c.name))
