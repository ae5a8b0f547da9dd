"""What the labels of its containers tell of a project whose file is gone, broken or short of variables.

Labels are foreign text: what is missing or odd in one is left out, and never raises.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from meshctl.core.config.dependencies import find_cycle
from meshctl.core.config.document import COLLECTOR_PORTS, DEFAULT_COLLECTOR, DEFAULT_REGISTRY
from meshctl.core.config.known import KnownPart
from meshctl.core.config.services import is_service_name
from meshctl.model import containers as labels
from meshctl.model.config import (
    AppProtocol,
    CheckKind,
    Condition,
    DependsOn,
    HealthCheck,
    MeshConfig,
    MeshSpec,
    PortSpec,
    RestartPolicy,
    ServiceKind,
    ServiceSpec,
)
from meshctl.model.containers import Container

_Word = TypeVar("_Word", bound=StrEnum)
_Services = dict[str, ServiceSpec]

#: Key of a service in the file -> what labels tell of it. Only creating needs the other keys.
_TOLD: Mapping[str, tuple[str, ...]] = {
    "image": ("image",),
    "build": ("image",),
    "ports": ("ports", "healthcheck"),
    "depends_on": ("depends_on",),
    "healthcheck": ("healthcheck",),
    "mesh": ("mesh", "kind"),
    "deploy": ("replicas",),
    "scale": ("replicas",),
    "restart": ("restart",),
    "stop_grace_period": ("stop_grace_s",),
}


def by_project(containers: Sequence[Container]) -> dict[str, list[Container]]:
    """The containers of every project."""
    found: dict[str, list[Container]] = {}
    for container in containers:
        found.setdefault(container.labels.get(labels.LABEL_PROJECT, ""), []).append(container)
    return found


def made_from(containers: Sequence[Container]) -> set[str]:
    """The files that containers were made from; '' for those that do not tell."""
    return {container.labels.get(labels.LABEL_FILE, "") for container in containers}


def project_of(files: Sequence[str], name: str, folder: str, projects: Mapping[str, Sequence[Container]]) -> str:
    """The project of a file that is broken or gone, '' when nobody can tell.

    ``files`` are the paths where it is or was looked for, ``name`` is what it says, ``folder`` what its folder is
    called: that does not mean a project that was made from another file.
    """
    if name:
        return name if name in projects else ""
    for file in files:
        owners = [project for project, containers in projects.items() if file in made_from(containers)]
        if owners:
            return folder if folder in owners else owners[0] if len(owners) == 1 else ""
    return folder if folder in projects and made_from(projects[folder]) == {""} else ""


def config_from_labels(project: str, containers: Sequence[Container], partial: str) -> MeshConfig:
    """The project as the labels of its containers tell."""
    services = _services(containers)
    roles = {container.service: container.labels.get(labels.LABEL_ROLE) for container in containers}
    registry = _playing("registry", DEFAULT_REGISTRY, roles)
    collector = _playing("collector", DEFAULT_COLLECTOR, roles)
    speaks_http = registry in services and any(p.app_protocol is AppProtocol.HTTP for p in services[registry].ports)
    collects = collector in services and {p.name for p in services[collector].ports} >= set(COLLECTOR_PORTS)
    return MeshConfig(
        name=project,
        file="",
        services=services,
        registry=registry if speaks_http else "",
        collector=collector if collects else "",
        partial=partial,
    )


def completed(known: KnownPart, containers: Sequence[Container], partial: str) -> MeshConfig:
    """What the file says, and of what needs a variable that is not set what labels tell; else it stays blank."""
    told = _services(containers)
    services = dict(known.config.services)
    for name, keys in known.blank.items():
        services[name] = _filled(services[name], told.get(name), keys, services)
    return replace(known.config, services=_without_circles(services), partial=partial)


def is_needed(known: KnownPart) -> bool:
    """Whether anything that is looked at needs a variable that is not set."""
    return any(key in _TOLD for keys in known.blank.values() for key in keys)


def _filled(
    spec: ServiceSpec, told: ServiceSpec | None, keys: Collection[str], services: Collection[str]
) -> ServiceSpec:
    if told is None:  # a check with a hole in it would be another check
        return replace(spec, healthcheck=HealthCheck()) if "healthcheck" in keys else spec
    told = replace(told, depends_on=tuple(edge for edge in told.depends_on if edge.service in services))
    names = {name for key in keys for name in _TOLD.get(key, ())}
    if "healthcheck" not in keys and told.healthcheck == HealthCheck():
        names.discard("healthcheck")
    return replace(spec, **{name: getattr(told, name) for name in names})


def _playing(role: str, usual: str, roles: Mapping[str, str | None]) -> str:
    """The service that plays a part; containers made before labels told of it play it by the usual name."""
    told = (service for service, played in roles.items() if played == role)
    return next(told, usual if usual in roles and roles[usual] is None else "")


def _services(containers: Sequence[Container]) -> _Services:
    members: dict[str, list[Container]] = {}
    for container in containers:
        if is_service_name(container.service):
            members.setdefault(container.service, []).append(container)
    return _without_circles({name: _service(name, of, members) for name, of in members.items()})


def _service(name: str, members: Sequence[Container], services: Collection[str]) -> ServiceSpec:
    """By the newest of its containers."""
    newest = max(members, key=lambda container: (container.created_at or 0.0, container.instance))
    label = newest.labels.get
    ports = tuple(_ports(_parsed(label(labels.LABEL_PORTS))))
    implied = ServiceKind.APPLICATION if newest.register else ServiceKind.INFRASTRUCTURE
    return ServiceSpec(
        name,
        kind=_word(ServiceKind, newest.kind, implied),
        image=newest.image,
        ports=ports,
        depends_on=tuple(_edges(_parsed(label(labels.LABEL_DEPENDS_ON)), services)),
        healthcheck=_check(_parsed(label(labels.LABEL_HEALTHCHECK)), {port.name for port in ports}),
        restart=_word(RestartPolicy, label(labels.LABEL_RESTART), RestartPolicy.NO),
        replicas=_count(label(labels.LABEL_REPLICAS), len(members)),
        mesh=MeshSpec(register=newest.register),
        stop_grace_s=_seconds(label(labels.LABEL_STOP_GRACE), ServiceSpec(name).stop_grace_s),
    )


def _ports(written: object) -> Iterator[PortSpec]:
    taken = set()
    for entry in written if isinstance(written, list) else ():
        name, target = (entry.get("name"), entry.get("target")) if isinstance(entry, dict) else ("", 0)
        if isinstance(name, str) and name and name not in taken and isinstance(target, int) and 0 < target < 65536:
            taken.add(name)
            yield PortSpec(name, target, app_protocol=_word(AppProtocol, entry.get("app_protocol"), AppProtocol.TCP))


def _edges(written: object, services: Collection[str]) -> Iterator[DependsOn]:
    for name, edge in written.items() if isinstance(written, dict) else ():
        if name in services and isinstance(edge, dict):
            condition = _word(Condition, edge.get("condition"), Condition.STARTED)
            yield DependsOn(name, condition, edge.get("required") is not False)


def _check(written: object, ports: Collection[str]) -> HealthCheck:
    """No check where the label does not tell one that could be made."""
    usual = HealthCheck()
    if not isinstance(written, dict) or not all(
        one.name in ("kind", "test") or _is_like(written[one.name], getattr(usual, one.name))
        for one in fields(HealthCheck)
        if one.name in written
    ):
        return usual
    known = {one.name: written[one.name] for one in fields(HealthCheck) if one.name in written}
    known["kind"] = kind = _word(CheckKind, written.get("kind"), CheckKind.NONE)
    known["test"] = argv = tuple(map(str, written["test"])) if isinstance(written.get("test"), list) else ()
    if kind is CheckKind.NONE or (not argv if kind is CheckKind.TEST else written.get("port") not in ports):
        return usual
    return HealthCheck(**known)


def _is_like(value: object, usual: object) -> bool:
    if isinstance(usual, str):
        return isinstance(value, str)
    return isinstance(value, (int, float)) and value >= 0


def _without_circles(services: _Services) -> _Services:
    """Labels of different times may contradict each other: an edge that closes a circle is left out."""
    found = dict(services)
    while circle := find_cycle(_needs(found)):
        name, need = circle[0], circle[1]
        edges = tuple(edge for edge in found[name].depends_on if edge.service != need)
        found[name] = replace(found[name], depends_on=edges)
    return found


def _needs(services: _Services) -> dict[str, list[str]]:
    return {name: [edge.service for edge in spec.depends_on] for name, spec in services.items()}


def _word(words: type[_Word], written: object, usual: _Word) -> _Word:
    return words(written) if written in {word.value for word in words} else usual


def _count(written: str | None, usual: int) -> int:
    return int(written) if written and written.isascii() and written.isdecimal() and len(written) < 5 else usual


def _seconds(written: str | None, usual: float) -> float:
    try:
        seconds = float(written or "")
    except ValueError:
        return usual
    return seconds if 0 <= seconds < float("inf") else usual


def _parsed(label: str | None) -> Any:
    try:
        return json.loads(label) if label else None
    except (ValueError, RecursionError):
        return None
