"""A plan: what has to happen, in which order, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from meshctl.model.config import ServiceSpec
from meshctl.model.containers import ContainerRequest


class OperationKind(StrEnum):
    """One engine call, or one wait."""

    CREATE_NETWORK = "create network"
    CREATE_VOLUME = "create volume"
    PULL = "pull"
    BUILD = "build"
    PULL_OR_BUILD = "pull or build"
    CREATE = "create"
    START = "start"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    STOP = "stop"
    REMOVE = "remove"
    WAIT_READY = "wait ready"
    WAIT_EXIT = "wait exit"
    WAIT_REGISTERED = "wait registered"
    REMOVE_NETWORK = "remove network"
    REMOVE_VOLUME = "remove volume"


WAITS = frozenset({OperationKind.WAIT_READY, OperationKind.WAIT_EXIT, OperationKind.WAIT_REGISTERED})


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
        return self.kind in WAITS


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


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of the critical path and how long it took."""

    operation: str
    target: str
    seconds: float


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
