"""What a runtime is asked for and what it is seen to hold, in no runtime's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from meshctl.model.config import Mount, PortSpec, RestartPolicy

LABEL_PROJECT = "dev.meshctl.project"
LABEL_SERVICE = "dev.meshctl.service"
LABEL_INSTANCE = "dev.meshctl.instance"
LABEL_CONFIG_HASH = "dev.meshctl.config-hash"
LABEL_IMAGE = "dev.meshctl.image"
LABEL_VERSION = "dev.meshctl.version"
LABEL_KIND = "dev.meshctl.kind"
LABEL_REGISTER = "dev.meshctl.register"
#: JSON list of ``{"name","target","app_protocol"}``: lets a reader resolve ports without the file.
LABEL_PORTS = "dev.meshctl.ports"
#: The file's ``deploy.replicas`` at creation: tells a changed file from an earlier ``scale``.
LABEL_REPLICAS = "dev.meshctl.replicas"
#: JSON object of setting -> short digest: lets a plan say which setting has changed.
LABEL_SETTINGS = "dev.meshctl.settings"
#: The absolute path of the file that it was made from.
LABEL_FILE = "dev.meshctl.file"
#: ``registry`` or ``collector``, '' for a service that is neither.
LABEL_ROLE = "dev.meshctl.role"
#: JSON object of service -> ``{"condition","required"}``, as it was at creation.
LABEL_DEPENDS_ON = "dev.meshctl.depends-on"
#: JSON object of what the check says beside its defaults, as it was at creation; '' for one that holds a secret.
LABEL_HEALTHCHECK = "dev.meshctl.healthcheck"
LABEL_RESTART = "dev.meshctl.restart"
#: Seconds.
LABEL_STOP_GRACE = "dev.meshctl.stop-grace"


class Capability(StrEnum):
    """What not every runtime has; a plan for one without it holds nothing of the kind."""

    IMAGES = "images"
    NETWORKS = "networks"
    VOLUMES = "volumes"
    PAUSING = "pausing"
    STATS = "stats"
    EXEC = "exec"


#: What a runtime has that lacks nothing.
EVERY_CAPABILITY = frozenset(Capability)


class ContainerState(StrEnum):
    """The runtime's view of one container."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class ContainerRequest:
    """Everything needed to create one instance; ``instance`` counts from 1 within the service."""

    name: str
    project: str
    service: str
    instance: int
    image: str
    labels: Mapping[str, str]
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[PortSpec, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    hostname: str = ""
    user: str = ""
    working_dir: str = ""
    restart: RestartPolicy = RestartPolicy.NO
    restart_max: int = 0
    stop_grace_s: float = 10.0
    stop_signal: str = ""
    init: bool = True
    mem_limit: int = 0
    cpus: float = 0.0


@dataclass(frozen=True, slots=True)
class WritableMount:
    """A volume (``source`` its name) or a bound path that an instance writes to at ``target``.

    ``path`` is where it is on the runtime's machine.
    """

    target: str
    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Container:
    """One observed instance. Times are Unix seconds or None; ``ports`` maps port name to ``host:port``.

    ``mounts`` are those that it may write to; ``networks`` are names, None where a runtime does not tell.
    """

    id: str
    name: str
    service: str
    instance: int
    state: ContainerState
    image: str = ""
    image_id: str = ""
    config_hash: str = ""
    kind: str = ""
    register: str = ""
    exit_code: int | None = None
    oom_killed: bool = False
    error: str = ""
    port_taken: bool = False
    restarts: int = 0
    created_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    ports: Mapping[str, str] = field(default_factory=dict)
    protocols: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    networks: tuple[str, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[WritableMount, ...] = ()

    @property
    def instance_id(self) -> str:
        """``orders-1``: the id of the instance in the registry and everywhere a person sees it."""
        return f"{self.service}-{self.instance}"


@dataclass(frozen=True, slots=True)
class Observed:
    """What a runtime holds of one project, seen at one moment."""

    project: str
    containers: tuple[Container, ...] = ()
    #: A name that stands for several networks is in here as often.
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    #: image reference -> id for every reference asked for that is here
    images: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """The runtime that answers: its product name ('docker'), version, and where."""

    name: str
    version: str
    address: str


@dataclass(frozen=True, slots=True)
class RuntimeEvent:
    """One thing that happened to a container. ``action``: create, start,
    die, oom, stop, kill, restart, pause, unpause or destroy.
    """

    time: float
    action: str
    container_id: str
    service: str
    instance: int
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line a container wrote; ``time`` Unix seconds, ``stream`` stdout or stderr.

    ``hit``: of one whose ``text`` is cut, whether all that was searched for is in the whole of it.
    """

    service: str
    instance_id: str
    time: float
    stream: str
    text: str
    hit: bool | None = None


@dataclass(frozen=True, slots=True)
class ResourceSample:
    """``cpu`` is a fraction of one core (1.0 = one core busy), ``memory`` bytes, ``time`` Unix seconds."""

    container_id: str
    time: float
    cpu: float
    memory: int
    memory_limit: int = 0


@dataclass(frozen=True, slots=True)
class ExecResult:
    """A finished command inside a container; ``errors`` is what of its ``output`` it wrote to stderr."""

    exit_code: int
    output: str
    errors: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """What is left where an instance writes: ``free`` bytes of ``total`` on the file system under ``target``.

    ``source`` is the volume's name or the path that is bound. ``files`` is how many more files fit, None where the
    file system does not count them.
    """

    target: str
    source: str
    free: int
    total: int
    files: int | None = None
    filesystem: str = ""
