"""One entry under ``services:`` -> ServiceSpec."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from meshctl.core.config.checks import read_check
from meshctl.core.config.dependencies import read_dependencies
from meshctl.core.config.durations import byte_size, duration
from meshctl.core.config.environment import Environment
from meshctl.core.config.keys import BUILD, DEPLOY, LIMITS, MESH, RESOURCES, SERVICE_NETWORK
from meshctl.core.config.mounts import Mounts, absolute
from meshctl.core.config.ports import Port, read_ports
from meshctl.core.config.problems import Wrong
from meshctl.core.config.reader import Reader
from meshctl.core.config.scalars import (
    NO_PAIRS,
    NO_TEXTS,
    boolean,
    choice,
    describe,
    filled,
    integer,
    listed,
    pairs,
    positive_number,
    text,
    words,
)
from meshctl.core.names import nearest
from meshctl.model.config import (
    MAX_REPLICAS,
    BuildSpec,
    MeshSpec,
    PortSpec,
    RestartPolicy,
    ServiceKind,
    ServiceSpec,
)

T = TypeVar("T")

DEFAULT_NETWORK = "default"
RESERVED_LABELS = "dev.meshctl."

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")
_SIGNAL = re.compile(r"(?:SIG)?[A-Z][A-Z0-9+-]*\Z|[0-9]{1,2}\Z")
_BOOLEANS = {"true": RestartPolicy.ALWAYS, "false": RestartPolicy.NO}

_replica_count = integer(0, MAX_REPLICAS)


@dataclass(frozen=True, slots=True)
class Around:
    """What a service may refer to: directories, variables, declared volumes and networks."""

    base_dir: str
    environment: Environment
    mounts: Mounts
    networks: tuple[str, ...]
    services: Collection[str]


def read_service(name: str, service: Reader, around: Around) -> ServiceSpec:
    """The service as it was written; its kind is settled once every service is known."""
    if not is_service_name(name):
        hint = "Use letters, digits, '-', '_' and '.'."
        service.wrong("", f"'{name}' is no name for a service", hint=hint)
    image = service.get("image", _image, "")
    build = _build(service, around)
    if service.usable and not service.has("image") and build is None:
        service.wrong("", f"the service '{name}' needs image: or build:")
    ports = read_ports(service)
    healthcheck = read_check(service, ports)
    mesh, kind = _mesh(name, service)
    restart, restart_max = service.get("restart", restart_policy, (RestartPolicy.NO, 0))
    deploy = service.child("deploy", DEPLOY)
    limits = deploy.child("resources", RESOURCES).child("limits", LIMITS)
    return ServiceSpec(
        name=name,
        kind=kind,
        image=image,
        build=build,
        command=service.get("command", words, None),
        entrypoint=service.get("entrypoint", words, None),
        environment=around.environment.read(service),
        ports=_specs(ports),
        depends_on=read_dependencies(service, around.services),
        healthcheck=healthcheck,
        profiles=service.get("profiles", listed(_profile), NO_TEXTS),
        mounts=around.mounts.read(service),
        networks=_networks(service, around.networks),
        restart=restart,
        restart_max=restart_max,
        replicas=_once(service, "scale", deploy, "replicas", _replica_count, 1),
        mesh=mesh,
        hostname=service.get("hostname", filled, ""),
        user=service.get("user", filled, ""),
        working_dir=service.get("working_dir", filled, ""),
        labels=_labels(service),
        stop_grace_s=service.get("stop_grace_period", duration, 10.0),
        stop_signal=service.get("stop_signal", _signal, ""),
        init=service.get("init", boolean, True),
        mem_limit=_once(service, "mem_limit", limits, "memory", byte_size, 0),
        cpus=_once(service, "cpus", limits, "cpus", positive_number, 0.0),
    )


def is_service_name(name: str) -> bool:
    """Whether a service may be called so."""
    return _NAME.match(name) is not None


def restart_policy(value: object) -> tuple[RestartPolicy, int]:
    """``no``, ``always``, ``unless-stopped``, ``on-failure`` or ``on-failure:3``. Raises Wrong."""
    if isinstance(value, bool):
        return _BOOLEANS[str(value).lower()], 0
    word, colon, count = text(value).partition(":")
    policy = RestartPolicy(choice(RestartPolicy)(word))
    if not colon:
        return policy, 0
    if policy is not RestartPolicy.ON_FAILURE:
        raise Wrong(f"only on-failure takes a count, found {describe(value)}")
    return policy, integer(1, 1_000_000)(count)


def _build(service: Reader, around: Around) -> BuildSpec | None:
    if not service.has("build"):
        return None

    def directory(value: object) -> str:
        path = filled(value)
        if "://" in path or path.startswith("git@"):
            raise Wrong("a build context elsewhere is not supported yet by meshctl", hint="Give a directory.")
        return absolute(path, around.base_dir, around.environment.home)

    if not isinstance(service.raw("build"), dict):
        return BuildSpec(service.get("build", directory, around.base_dir))
    build = service.child("build", BUILD)
    args = around.environment.filled_in(build.get("args", pairs, NO_PAIRS))
    return BuildSpec(
        context=build.get("context", directory, around.base_dir),
        dockerfile=build.get("dockerfile", filled, "Dockerfile"),
        args=args,
        target=build.get("target", filled, ""),
    )


def _mesh(name: str, service: Reader) -> tuple[MeshSpec, ServiceKind]:
    mesh = service.child("mesh", MESH)

    def register(value: object) -> str:
        if isinstance(value, bool):
            return name if value else ""
        return filled(value)

    spec = MeshSpec(
        register=mesh.get("register", register, ""),
        metrics=mesh.get("metrics", _url_path, ""),
        openapi=mesh.get("openapi", _url_path, ""),
        share_volumes=mesh.get("share_volumes", boolean, False),
    )
    implied = ServiceKind.APPLICATION if spec.register else ServiceKind.INFRASTRUCTURE
    return spec, ServiceKind(mesh.get("kind", choice(ServiceKind), implied.value))


def _specs(ports: list[Port]) -> tuple[PortSpec, ...]:
    return tuple(port.spec for port in ports)


def _networks(service: Reader, declared: tuple[str, ...]) -> tuple[str, ...]:
    def known(value: object) -> str:
        name = text(value)
        if name not in declared:
            hint = f"Add '{name}: {{}}' under the top-level networks:."
            raise Wrong(f"the network '{name}' is not declared", nearest=nearest(name, declared), hint=hint)
        return name

    if isinstance(service.raw("networks"), dict):
        names = []
        for name, value, path in service.entries("networks"):
            Reader({} if value is None else value, path, SERVICE_NETWORK, service.problems)
            names.append(service.converted(name, path, known, ""))
        return tuple(names)
    default: tuple[str, ...] = (DEFAULT_NETWORK,)
    return tuple(dict.fromkeys(service.get("networks", listed(known), default)))


def _labels(service: Reader) -> Mapping[str, str]:
    labels = {key: value or "" for key, value in service.get("labels", pairs, NO_PAIRS).items()}
    for key in labels:
        if key.startswith(RESERVED_LABELS):
            service.wrong("labels", f"the label '{key}' is meshctl's own")
    return labels


def _once(service: Reader, key: str, other: Reader, other_key: str, convert: Callable[[object], T], default: T) -> T:
    """The value Compose lets be written in two places; two different ones are a problem."""
    first = service.get(key, convert, default)
    second = other.get(other_key, convert, default)
    if service.has(key) and other.has(other_key) and first != second:
        service.wrong(key, f"'{key}' says something else than {other.at(other_key)}")
    return first if service.has(key) else second


def _image(value: object) -> str:
    image = filled(value)
    if any(char.isspace() for char in image):
        raise Wrong(f"expected an image such as redis:7, found {describe(value)}")
    return image


def _profile(value: object) -> str:
    profile = text(value)
    if not _PROFILE.match(profile):
        raise Wrong(f"'{profile}' is no name for a profile")
    return profile


def _signal(value: object) -> str:
    signal = text(value)
    if not _SIGNAL.match(signal):
        raise Wrong(f"expected a signal such as SIGTERM, found {describe(value)}")
    return signal


def _url_path(value: object) -> str:
    path = text(value)
    if not path.startswith("/"):
        raise Wrong(f"expected a path such as /metrics, found {describe(value)}")
    return path
