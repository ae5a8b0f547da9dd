"""What ``meshctl.yaml`` says, after it was resolved and checked.

Durations are seconds, sizes bytes, paths absolute. Mappings are read-only by convention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: Instances that one service can have.
MAX_REPLICAS = 1000


class AppProtocol(StrEnum):
    """What is spoken on a port (Compose ``app_protocol``)."""

    HTTP = "http"
    GRPC = "grpc"
    TCP = "tcp"


class ServiceKind(StrEnum):
    """Application services register themselves in the mesh, infrastructure carries them."""

    APPLICATION = "application"
    INFRASTRUCTURE = "infrastructure"
    JOB = "job"


class Condition(StrEnum):
    """When a dependency releases its dependent (Compose ``depends_on.condition``)."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


class RestartPolicy(StrEnum):
    """Compose ``restart``. ``on-failure:3`` is kept as ON_FAILURE and ``restart_max``."""

    NO = "no"
    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    UNLESS_STOPPED = "unless-stopped"


class CheckKind(StrEnum):
    """How readiness is probed. NONE: a running container is ready."""

    HTTP = "http"
    GRPC = "grpc"
    TCP = "tcp"
    TEST = "test"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PortSpec:
    """A named port; ``published`` None means any free port of ``host_ip``."""

    name: str
    target: int
    published: int | None = None
    host_ip: str = "127.0.0.1"
    app_protocol: AppProtocol = AppProtocol.TCP
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class BuildSpec:
    """How an image is built; ``context`` is an absolute directory, ``dockerfile`` relative to it."""

    context: str
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""


#: How often Compose asks when a check does not say.
_COMPOSE_INTERVAL_S = 30.0


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One readiness check. ``test`` is an argv run inside the container (``CMD-SHELL`` is resolved).

    ``interval_s`` None: not written; it is asked every second then, and judged as patiently as by Compose's default.
    """

    kind: CheckKind = CheckKind.NONE
    path: str = "/"
    port: str = ""
    grpc_service: str = ""
    test: tuple[str, ...] = ()
    interval_s: float | None = None
    timeout_s: float = 30.0
    retries: int = 3
    start_period_s: float = 0.0

    @property
    def every_s(self) -> float:
        """Seconds between two times of asking."""
        return 1.0 if self.interval_s is None else self.interval_s

    @property
    def budget_s(self) -> float:
        """How long a start may take: the start period, then ``retries`` failures at the interval (Compose)."""
        interval = _COMPOSE_INTERVAL_S if self.interval_s is None else self.interval_s
        return self.start_period_s + self.retries * interval


@dataclass(frozen=True, slots=True)
class DependsOn:
    """An edge of the start order."""

    service: str
    condition: Condition = Condition.STARTED
    required: bool = True


@dataclass(frozen=True, slots=True)
class Mount:
    """``type`` is ``volume``, ``bind`` or ``tmpfs``; ``source`` is a volume's name or an absolute path."""

    type: str
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class MeshSpec:
    """What Compose has no word for: the name in the registry, where metrics and OpenAPI are.

    ``share_volumes``: its instances are made for writing to the same volumes.
    """

    register: str = ""
    metrics: str = ""
    openapi: str = ""
    share_volumes: bool = False


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One service. ``image`` is '' when only ``build`` is given."""

    name: str
    kind: ServiceKind = ServiceKind.INFRASTRUCTURE
    image: str = ""
    build: BuildSpec | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[PortSpec, ...] = ()
    depends_on: tuple[DependsOn, ...] = ()
    healthcheck: HealthCheck = HealthCheck()
    profiles: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[str, ...] = ("default",)
    restart: RestartPolicy = RestartPolicy.NO
    restart_max: int = 0
    replicas: int = 1
    mesh: MeshSpec = MeshSpec()
    hostname: str = ""
    user: str = ""
    working_dir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    stop_grace_s: float = 10.0
    stop_signal: str = ""
    init: bool = True
    mem_limit: int = 0
    cpus: float = 0.0


@dataclass(frozen=True, slots=True)
class SmokeCheck:
    """One check of ``smoke:``; kept as it was written, judged by a later command."""

    name: str
    call: str
    data: Any = None
    expect: Mapping[str, Any] = field(default_factory=dict)
    trace: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeshConfig:
    """The whole resolved file. ``services`` keeps the file's order and holds every profile.

    ``registry`` and ``collector`` name the services that are those ('' if there is none).
    ``volumes`` maps a name to the runtime's name when it is external, else ''. ``partial`` says why this is not
    the whole file, '' when it is: good to look at what is there, not to create anything.
    """

    name: str
    file: str
    services: Mapping[str, ServiceSpec]
    volumes: Mapping[str, str] = field(default_factory=dict)
    networks: tuple[str, ...] = ("default",)
    registry: str = ""
    collector: str = ""
    smoke: tuple[SmokeCheck, ...] = ()
    secrets: tuple[str, ...] = ()
    partial: str = ""
