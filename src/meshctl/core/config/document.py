"""The whole file -> MeshConfig."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping

from meshctl.core.config.dependencies import settle
from meshctl.core.config.environment import Environment, ReadText
from meshctl.core.config.interpolate import interpolate_tree
from meshctl.core.config.keys import NETWORK, ROOT, SERVICE
from meshctl.core.config.mask import secrets_of, telling
from meshctl.core.config.mounts import Mounts, read_volumes
from meshctl.core.config.ports import check_published
from meshctl.core.config.problems import Lines, Problems, Wrong, key_path
from meshctl.core.config.reader import Reader
from meshctl.core.config.scalars import choice, filled, text
from meshctl.core.config.services import DEFAULT_NETWORK, Around, read_service
from meshctl.core.config.smoke import read_smoke
from meshctl.core.names import nearest
from meshctl.errors import ConfigError, UsageError
from meshctl.model.config import AppProtocol, MeshConfig, ServiceSpec

DEFAULT_REGISTRY = "consul"
DEFAULT_COLLECTOR = "collector"
#: Names of a collector's ports: its query API, and OTLP over HTTP.
COLLECTOR_PORTS = ("http", "otlp-http")

_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")
_PROJECT_HINT = "Use lower-case letters, digits, '-' and '_', and start with a letter or digit."


def parse(
    document: object,
    *,
    file: str,
    base_dir: str,
    environ: Mapping[str, str],
    project: str | None = None,
    lines: Lines = lambda path: None,
    read_text: ReadText = lambda path: None,
    unset: dict[str, set[str]] | None = None,
) -> MeshConfig:
    """Resolve and check the plain values of a file.

    ``file`` is the path as errors show it, ``base_dir`` the absolute directory it is in, ``environ`` the
    shell's variables over those of ``.env``, ``project`` the name from the command line, ``read_text`` gives
    the text of env files. Raises ConfigError, which carries every problem of the file, and UsageError when
    ``project`` is no name. With ``unset`` variables that are not there leave holes, and it gets the paths of these
    with the names; a name of the project with a hole is wrong nevertheless.
    """
    if project is not None and not _PROJECT.match(project):
        raise UsageError(f"'{project}' is no name for a project", hint=_PROJECT_HINT)
    _check_root(document, file)
    problems = Problems(file, lines)
    values = interpolate_tree(document, "", environ, problems, unset)
    if unset and "name" in unset and project is None:
        problems.add("name", f"missing env variable {min(unset['name'])}")
    problems.check()
    problems.tolerate(_excused(values, unset or ()))
    root = Reader(values, "", ROOT, problems)
    config = _config(root, file, base_dir, environ, project, read_text)
    problems.check()
    return config


def project_name(value: object) -> str:
    """Raises Wrong."""
    name = filled(value)
    if not _PROJECT.match(name):
        raise Wrong(f"'{name}' is no name for a project", hint=_PROJECT_HINT)
    return name


def normalised(folder: str) -> str:
    """A folder's name as a project's, by Compose's rule: lower case, only ``a-z0-9_-``; may be ''."""
    return re.sub(r"[^a-z0-9_-]", "", folder.lower()).lstrip("_-")[:63]


def _check_root(document: object, file: str) -> None:
    if document is None:
        raise ConfigError("the file is empty", file=file, hint="'meshctl init' writes a first one.")
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        raise ConfigError(f"the file must be a mapping with 'services:', found {kind}", file=file, line=1)


def _excused(values: object, unset: Collection[str]) -> Iterator[str]:
    """The keys at which these paths leave something out; a check cannot find a port that is not there."""
    services = values.get("services") if isinstance(values, dict) else None
    for path in unset:
        name, key = place(path, services if isinstance(services, dict) else ())
        at = key_path("services", name) if name else ""
        yield key_path(at, key)
        if name and key == "ports":
            yield key_path(at, "healthcheck")


def place(path: str, services: Collection[str]) -> tuple[str, str]:
    """The service that a path is in, '' for one outside of all, and the key there."""
    inside = (name for name in services if path.startswith(f"{key_path('services', name)}."))
    name = max(inside, key=len, default="")
    rest = path.removeprefix(f"{key_path('services', name)}.") if name else path
    return name, re.split(r"[.\[]", rest, maxsplit=1)[0]


def _config(
    root: Reader,
    file: str,
    base_dir: str,
    environ: Mapping[str, str],
    project: str | None,
    read_text: ReadText,
) -> MeshConfig:
    name = _project_name(root, base_dir, project)
    volumes = read_volumes(root)
    environment = Environment(base_dir, environ, read_text)
    declared = _names(root, "services")
    around = Around(
        base_dir=base_dir,
        environment=environment,
        mounts=Mounts(base_dir, environment.home, volumes),
        networks=_read_networks(root),
        services=declared,
    )
    services, explicit = _services(root, around)
    services = settle(services, explicit, root.problems)
    check_published(services, root.problems)
    callable_names = {*services, *(spec.mesh.register for spec in services.values())}
    return MeshConfig(
        name=name,
        file=posixpath.join(base_dir, posixpath.basename(file)),
        services=services,
        volumes=volumes,
        networks=_used_networks(services),
        registry=_registry(root, services),
        collector=_collector(root, services),
        smoke=read_smoke(root, sorted(callable_names - {""})),
        secrets=telling(_secrets(services, root.problems.secrets), (name, *callable_names, *volumes)),
    )


def _services(root: Reader, around: Around) -> tuple[dict[str, ServiceSpec], set[str]]:
    services: dict[str, ServiceSpec] = {}
    explicit: set[str] = set()
    for name, value, path in root.entries("services"):
        service = Reader(value, path, SERVICE, root.problems)
        services[name] = read_service(name, service, around)
        mesh = service.raw("mesh")
        if isinstance(mesh, dict) and mesh.get("kind") is not None:
            explicit.add(name)
    if isinstance(root.raw("services"), dict) and not services:
        root.wrong("services", "the file names no service")
    return services, explicit


def _project_name(root: Reader, base_dir: str, project: str | None) -> str:
    written = root.get("name", project_name, "")
    found = project or written or normalised(posixpath.basename(base_dir))
    if not found:
        root.wrong("", "the folder's name gives no name for the project", hint="Write name: at the top.")
    return found


def _read_networks(root: Reader) -> tuple[str, ...]:
    for _, value, path in root.entries("networks"):
        network = Reader({} if value is None else value, path, NETWORK, root.problems)
        network.get("driver", choice(("bridge",)), "")
    return tuple(dict.fromkeys((DEFAULT_NETWORK, *_names(root, "networks"))))


def _used_networks(services: Mapping[str, ServiceSpec]) -> tuple[str, ...]:
    used = {name for spec in services.values() for name in spec.networks}
    return tuple(sorted(used, key=lambda name: (name != DEFAULT_NETWORK, name)))


def _registry(root: Reader, services: Mapping[str, ServiceSpec]) -> str:
    """``consul`` unless another is named, if there is one."""
    name = _part(root, services, "registry", DEFAULT_REGISTRY if DEFAULT_REGISTRY in services else "")
    if name and not any(port.app_protocol is AppProtocol.HTTP for port in services[name].ports):
        _unreachable(root, "registry", name, "a port with app_protocol: http")
    return name


def _collector(root: Reader, services: Mapping[str, ServiceSpec]) -> str:
    """``collector`` unless another is named, if there is one with the ports of a collector: the word means much."""
    usual = DEFAULT_COLLECTOR if set(COLLECTOR_PORTS) <= _port_names(services, DEFAULT_COLLECTOR) else ""
    name = _part(root, services, "collector", usual)
    missing = [port for port in COLLECTOR_PORTS if port not in _port_names(services, name)]
    if name and missing:
        _unreachable(root, "collector", name, f"a port named {missing[0]}")
    return name


def _port_names(services: Mapping[str, ServiceSpec], name: str) -> set[str]:
    return {port.name for port in services[name].ports} if name in services else set()


def _part(root: Reader, services: Mapping[str, ServiceSpec], key: str, usual: str) -> str:
    """The service that plays a part: the one that is written, or the ``usual`` one; '' if none does."""

    def known(value: object) -> str:
        name = text(value)
        if name and name not in services:
            raise Wrong(f"the {key} '{name}' is no service here", nearest=nearest(name, services))
        return name

    return root.get(key, known, usual)


def _unreachable(root: Reader, key: str, name: str, needed: str) -> None:
    message = f"the {key} '{name}' needs {needed}"
    root.problems.add(
        f"services.{name}.ports", message, hint=f"Write {key}: '' if it is not the {key} of this project."
    )


def _names(root: Reader, key: str) -> tuple[str, ...]:
    value = root.raw(key)
    return tuple(value) if isinstance(value, dict) else ()


def _secrets(services: Mapping[str, ServiceSpec], interpolated: set[str]) -> Iterator[str]:
    yield from interpolated
    for spec in services.values():
        yield from secrets_of(spec.environment)
        if spec.build is not None:
            yield from secrets_of(spec.build.args)
