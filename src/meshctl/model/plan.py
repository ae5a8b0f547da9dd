"""A plan: what has to happen, in which order, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from meshctl.errors import MeshError
from meshctl.model.config import ServiceSpec
from meshctl.model.containers import Capability, ContainerRequest
from meshctl.model.findings import Survey


class OperationKind(StrEnum):
    """One call of the runtime, or one wait: its text, what its ids begin with, and the capability it needs.

    ``engine.operations`` says which call carries it out.
    """

    CREATE_NETWORK = "create network", "network", Capability.NETWORKS
    MERGE_NETWORK = "merge network", "network", Capability.NETWORKS
    REMOVE_NETWORK = "remove network", "network", Capability.NETWORKS
    CREATE_VOLUME = "create volume", "volume", Capability.VOLUMES
    REMOVE_VOLUME = "remove volume", "volume", Capability.VOLUMES
    PULL = "pull", "image", Capability.IMAGES
    BUILD = "build", "image", Capability.IMAGES
    PULL_OR_BUILD = "pull or build", "image", Capability.IMAGES
    CREATE = "create", "create"
    START = "start", "start"
    STOP = "stop", "stop"
    REMOVE = "remove", "remove"
    PAUSE = "pause", "pause", Capability.PAUSING
    UNPAUSE = "unpause", "start", Capability.PAUSING
    WAIT_READY = "wait ready", "ready", None, True
    WAIT_EXIT = "wait exit", "exit", None, True
    WAIT_REGISTERED = "wait registered", "registered", None, True

    def __new__(cls, text: str, prefix: str, capability: Capability | None = None, is_wait: bool = False) -> Self:
        kind = str.__new__(cls, text)
        kind._value_ = text
        kind.prefix = prefix
        kind.capability = capability
        kind.is_wait = is_wait
        return kind

    prefix: str
    capability: Capability | None
    is_wait: bool

    def possible(self, can: frozenset[Capability]) -> bool:
        """Whether a runtime of these capabilities has what it needs."""
        return self.capability is None or self.capability in can


@dataclass(frozen=True, slots=True)
class Operation:
    """``target`` is what it acts on (``orders-1``, an image, a network); ``container_id`` '' until created.

    ``after`` names operations that must have succeeded, ``follows`` those that must only be over.
    """

    id: str
    kind: OperationKind
    target: str
    service: str = ""
    cause: str = ""
    after: tuple[str, ...] = ()
    container_id: str = ""
    request: ContainerRequest | None = None
    spec: ServiceSpec | None = None
    follows: tuple[str, ...] = ()

    @property
    def is_wait(self) -> bool:
        """Whether it changes nothing."""
        return self.kind.is_wait


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of the critical path and how long it took."""

    operation: str
    target: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Operations in a stable order; ``notes`` say what was left alone although one might expect otherwise."""

    project: str
    operations: tuple[Operation, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Operation, ...]:
        """Operations that change something; none means there is nothing to do."""
        return tuple(operation for operation in self.operations if not operation.is_wait)

    def critical_path(self, seconds: Mapping[str, float]) -> tuple[Step, ...]:
        """The longest chain by measured seconds, first operation first; waiting for a free slot is nobody's time."""
        operations = {operation.id: operation for operation in self.operations if operation.id in seconds}
        total: dict[str, float] = {}
        came_from: dict[str, str] = {}
        for operation in operations.values():
            before = [name for name in (*operation.after, *operation.follows) if name in total]
            last = max(before, key=lambda name: total[name], default="")
            total[operation.id] = seconds[operation.id] + (total[last] if last else 0.0)
            came_from[operation.id] = last
        chain: list[Operation] = []
        name = max(total, key=lambda key: total[key], default="")
        while name:
            chain.append(operations[name])
            name = came_from[name]
        return tuple(Step(o.kind.value, o.target, seconds[o.id]) for o in reversed(chain))


@dataclass(frozen=True, slots=True)
class Ran:
    """One operation as it was carried out: when it began (Unix seconds), how long it took, and why it failed or ''."""

    operation: Operation
    began: float
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something did not come about: the first cause, with the evidence."""

    service: str
    instance: str
    message: str
    hint: str = ""
    exit_code: int | None = None
    oom_killed: bool = False
    log: tuple[str, ...] = ()
    kind: str = "failed"


@dataclass(frozen=True, slots=True)
class UpReport:
    """What an ``up`` came to. ``changed`` False: nothing was to do. ``error`` is the first one, for its exit code.

    ``failures`` has the first cause first; ``skipped`` are instances, images or the like not begun because of them.
    ``began`` is Unix seconds; ``trace_id`` is '' when nothing was done or no collector took the trace. ``survey`` is
    the last look at what was asked for, which decides ``ready``; None when it could not be taken.
    """

    project: str
    ready: bool
    elapsed_ms: float
    changed: bool
    timed_out: bool = False
    failures: tuple[Failure, ...] = ()
    critical_path: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    error: MeshError | None = None
    skipped: tuple[str, ...] = ()
    began: float = 0.0
    ran: tuple[Ran, ...] = ()
    trace_id: str = ""
    survey: Survey | None = None


@dataclass(frozen=True, slots=True)
class DownReport:
    """How many things were removed, and what could not be; ``error`` is the first one, for its exit code."""

    project: str
    removed: int
    elapsed_ms: float
    failures: tuple[Failure, ...] = ()
    error: MeshError | None = None
