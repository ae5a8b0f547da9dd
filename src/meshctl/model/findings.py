"""What is wrong, cause before symptoms: each finding with its evidence, its victims, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from meshctl.model.containers import Room
from meshctl.model.events import MeshEvent
from meshctl.model.journal import JournalEntry
from meshctl.model.status import FindingKind, Reason, ServiceStatus
from meshctl.model.traces import ServiceEdge


class EvidenceKind(StrEnum):
    """Who says so: the runtime, meshctl's own probe, the registry, a log, meshctl's journal, traces, a volume."""

    RUNTIME = "runtime"
    PROBE = "probe"
    REGISTRY = "registry"
    LOG = "log"
    JOURNAL = "journal"
    TRACES = "traces"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact, at ``time`` (Unix seconds): exactly one of the fields after that one is filled.

    ``text`` is a line of a log, ``event`` what the runtime tells of the past, ``entry`` what meshctl did, ``edge``
    calls that were seen in traces, ``room`` what is left on a volume.
    """

    kind: EvidenceKind
    instance: str = ""
    time: float | None = None
    reason: Reason | None = None
    text: str = ""
    event: MeshEvent | None = None
    entry: JournalEntry | None = None
    edge: ServiceEdge | None = None
    room: Room | None = None


class MendKind(StrEnum):
    """What would mend it. A command of meshctl has the command's own word. TOLD: only others' words are known."""

    START = "start"
    UNPAUSE = "unpause"
    RESTART = "restart"
    UP = "up"
    LOGS = "logs"
    END_MAINTENANCE = "end_maintenance"
    MORE_MEMORY = "more_memory"
    FREE_ROOM = "free_room"
    OTHER_PORT = "other_port"
    LISTEN_EVERYWHERE = "listen_everywhere"
    CHECKED_PORT = "checked_port"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Mend:
    """``service`` is what it is done to, '' for all; ``instance`` where only one of several needs it.

    ``text`` are others' words; ``where`` the options that lead to the project (``-p shop``).
    """

    kind: MendKind
    service: str
    instance: str = ""
    text: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause. ``instance`` '' when it is about the whole service; ``since`` Unix seconds.

    ``by`` is who did it where meshctl's own journal tells (``you`` is the same user), else ''. ``victims`` are the
    services that fail or wait through it, nearest first. A ``reason`` that is TOLD is the whole sentence.
    """

    service: str
    kind: FindingKind
    instance: str = ""
    since: float | None = None
    by: str = ""
    reason: Reason | None = None
    evidence: tuple[Evidence, ...] = ()
    victims: tuple[str, ...] = ()
    mend: Mend | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """How a project goes at ``time``, Unix seconds: services in the file's order, findings cause first."""

    time: float
    services: tuple[ServiceStatus, ...] = ()
    findings: tuple[Finding, ...] = ()
