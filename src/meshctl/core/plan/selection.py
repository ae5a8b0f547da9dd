"""Which services a command is about, and in which order they stand."""

from __future__ import annotations

from collections.abc import Container as Holds
from collections.abc import Iterable, Mapping

from meshctl.core.names import no_such
from meshctl.model.config import MeshConfig, ServiceSpec


def require_known(config: MeshConfig, names: Iterable[str], also: Holds[str] = ()) -> None:
    """Raises UsageError for the first name that is no service of the file nor in ``also``."""
    for name in names:
        if name not in config.services and name not in also:
            raise no_such("service", name, config.services, where=_of(config))


def require_profiles(config: MeshConfig, profiles: Iterable[str]) -> None:
    """Raises UsageError for the first one that no service of the file has; ``*`` is all of them."""
    known = {profile for spec in config.services.values() for profile in spec.profiles}
    for profile in profiles:
        if profile != "*" and profile not in known:
            raise no_such("profile", profile, known, where=_of(config))


def in_profiles(config: MeshConfig, profiles: Iterable[str]) -> tuple[str, ...]:
    """Services without a profile and those of the active ones, in the file's order."""
    active = set(profiles)
    return tuple(
        name
        for name, spec in config.services.items()
        if not spec.profiles or "*" in active or active & set(spec.profiles)
    )


def with_dependencies(config: MeshConfig, names: Iterable[str], enabled: Holds[str]) -> tuple[str, ...]:
    """The services and all they need, in start order (dependencies first, else the file's order).

    A dependency that is not ``required`` comes along only when it is ``enabled``.
    """
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in ordered or name not in config.services:
            return
        for edge in config.services[name].depends_on:
            if edge.required or edge.service in enabled:
                visit(edge.service)
        ordered[name] = None

    wanted = set(names)
    for name in config.services:
        if name in wanted:
            visit(name)
    return tuple(ordered)


def selected(config: MeshConfig, names: tuple[str, ...], profiles: tuple[str, ...]) -> tuple[str, ...]:
    """What ``up`` is about. A service that is named is in, whatever its profile (Compose's rule)."""
    require_known(config, names)
    require_profiles(config, profiles)
    enabled = in_profiles(config, profiles)
    return with_dependencies(config, names or enabled, {*enabled, *names})


def start_order(config: MeshConfig) -> tuple[str, ...]:
    """All services, dependencies first."""
    return with_dependencies(config, config.services, config.services)


def dependents(services: Mapping[str, ServiceSpec], name: str) -> tuple[str, ...]:
    """Services that name this one in ``depends_on``."""
    return tuple(other for other, spec in services.items() if any(edge.service == name for edge in spec.depends_on))


def _of(config: MeshConfig) -> str:
    return f"in {config.file}" if config.file else f"of {config.name}"
