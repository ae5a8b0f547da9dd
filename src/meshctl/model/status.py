"""How it goes: three truths per instance and the verdict they fold into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from meshctl.model.config import ServiceKind
from meshctl.model.containers import ContainerState
from meshctl.model.registry import Check, CheckStatus


class Health(StrEnum):
    """The verdict shown to people and scripts.

    WAITING: for what it depends on. UNHEALTHY: it ran well before. FAILED: it never got ready.
    """

    WAITING = "waiting"
    STARTING = "starting"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    FAILED = "failed"
    CRASH_LOOP = "crash_loop"
    STOPPED = "stopped"
    PAUSED = "paused"
    DONE = "done"
    UNKNOWN = "unknown"


class FindingKind(StrEnum):
    """What can be wrong with a service, as a cause.

    CUT_OFF: it runs on no network. SILENT: its check has no answer yet. REGISTRY_EMPTY: it answers, and lists none of
    those that should be there.
    """

    NOT_CREATED = "not_created"
    STOPPED = "stopped"
    PAUSED = "paused"
    EXITED = "exited"
    OUT_OF_MEMORY = "out_of_memory"
    CRASH_LOOP = "crash_loop"
    COULD_NOT_START = "could_not_start"
    DISK_FULL = "disk_full"
    CUT_OFF = "cut_off"
    MAINTENANCE = "maintenance"
    STARTING = "starting"
    FAILED = "failed"
    UNHEALTHY = "unhealthy"
    SILENT = "silent"
    DEGRADED = "degraded"
    NOT_REGISTERED = "not_registered"
    REGISTRY_SILENT = "registry_silent"
    REGISTRY_EMPTY = "registry_empty"
    TOO_FEW = "too_few"


class ReasonKind(StrEnum):
    """Why something is not simply healthy.

    CAUSED: through another service. CUT_OFF: its container is on no network. STARVED: it runs, and a process in it
    was killed for want of memory. TOLD: only others' words are known.
    """

    CRASH_LOOP = "crash_loop"
    EXITED = "exited"
    RESTARTING = "restarting"
    COULD_NOT_START = "could_not_start"
    DEAD = "dead"
    REMOVING = "removing"
    NOT_STARTED = "not_started"
    WAITS = "waits"
    NOT_PROBED = "not_probed"
    PROBE_FAILS = "probe_fails"
    CHECK_FAILS = "check_fails"
    NOT_REGISTERED = "not_registered"
    REGISTRY_SILENT = "registry_silent"
    TOO_FEW = "too_few"
    WATCH_BROKE = "watch_broke"
    CAUSED = "caused"
    CUT_OFF = "cut_off"
    STARVED = "starved"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason as facts; what does not belong to its kind is empty.

    ``instance``: whose it is, where a service has several. ``source``: the registry, the service that is waited for,
    or the one that is the cause, and ``cause`` how that one is.
    ``detail``: others' words for it. ``count`` restarts, instances ``of`` those desired, or failures of the probe where
    they are too few to decide. ``since``: Unix seconds. ``alone``: the probe fails though the registry passes, or the
    registry's check though the probe passes.
    """

    kind: ReasonKind
    instance: str = ""
    source: str = ""
    detail: str = ""
    exit_code: int | None = None
    oom: bool = False
    count: int = 0
    of: int = 0
    since: float | None = None
    check: Check | None = None
    alone: bool = False
    cause: FindingKind | None = None


#: What is told with LOCAL_ONLY: the words that mend it.
LISTEN_EVERYWHERE = "let it listen on 0.0.0.0 (--host 0.0.0.0)"


class ProbeProblem(StrEnum):
    """Why a probe does not pass.

    CLOSED: accepted, then hung up on, as by a proxy with nothing behind it. LOCAL_ONLY: it listens on the loopback
    inside its container, where no published port leads. OTHER_PORT: it listens, but not on the port that is asked.
    STATUS: the answer itself says no. PROTOCOL: the answer is of another protocol. EXIT: a ``test`` that ended so.
    LEFT: an earlier ``test`` still runs inside, and no other is started beside it.
    """

    NOT_PUBLISHED = "not_published"
    REFUSED = "refused"
    CLOSED = "closed"
    LOCAL_ONLY = "local_only"
    OTHER_PORT = "other_port"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    PROTOCOL = "protocol"
    STATUS = "status"
    EXIT = "exit"
    LEFT = "left"
    RUNTIME = "runtime"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """meshctl's own check of one instance. ``detail`` says why not; how long it took makes no other result.

    ``asked``: the published address; ``expected``: the port inside that it leads to; ``listening``: the addresses
    listened on inside (``127.0.0.1:8000``, ``[::]:9000``), where it was looked. ``cut``: it had less than the full
    time of its check, so that its silence is no evidence.
    """

    ok: bool
    detail: str = ""
    elapsed_s: float = field(default=0.0, compare=False)
    problem: ProbeProblem | None = None
    asked: str = ""
    expected: str = ""
    listening: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """One instance. ``probe``/``registry`` None: not asked (nothing to probe, not registered by design)."""

    id: str
    container: str
    container_id: str
    state: ContainerState
    health: Health
    reasons: tuple[Reason, ...] = ()
    ports: Mapping[str, str] = field(default_factory=dict)
    probe: ProbeResult | None = None
    registry: CheckStatus | None = None
    restarts: int = 0
    started_at: float | None = None


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service: the worst of its instances, against what is desired. ``state`` is a word for people."""

    service: str
    kind: ServiceKind
    state: str
    health: Health
    ready: int
    desired: int
    restarts: int = 0
    reasons: tuple[Reason, ...] = ()
    instances: tuple[InstanceStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkState:
    """The connection to one source of truth ('docker', 'consul'); ``since`` Unix seconds of the last change.

    ``detail`` is its version or tally when up, why not when down; ``hint`` the next step or ''.
    """

    name: str
    up: bool
    since: float
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU (fraction of a core) history, oldest first, and memory in bytes now, summed over a service's instances."""

    cpu: tuple[float, ...] = ()
    memory: int = 0
