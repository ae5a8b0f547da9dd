"""What makes a container out of date: digests over the settings that a container is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from meshctl.model.config import ServiceSpec
from meshctl.model.containers import LABEL_SETTINGS, Container

#: Settings that say when, how many or how it is watched: a change of these recreates nothing.
_NOT_IN_A_CONTAINER = frozenset(("replicas", "depends_on", "healthcheck", "profiles", "build"))
#: How many changed settings are named.
_NAMED = 3


def config_hash(spec: ServiceSpec) -> str:
    """Twelve hex digits, the same for the same container on every machine and Python.

    Settings at their default are left out, so that a later meshctl which knows more of them finds nothing changed.
    """
    return _digest(_container_settings(spec), 12)


def setting_digests(spec: ServiceSpec) -> dict[str, str]:
    """Setting -> four hex digits; each variable is a setting of its own (``environment.LOG_LEVEL``).

    Too short to guess a secret from.
    """
    return {name: _digest(value, 4) for name, value in _flat(_container_settings(spec)).items()}


def changed_settings(spec: ServiceSpec, container: Container) -> tuple[str, ...]:
    """Names of settings that differ from those the container was made of; () when it does not tell."""
    try:
        before = json.loads(container.labels.get(LABEL_SETTINGS, ""))
    except ValueError:
        return ()
    if not isinstance(before, dict):
        return ()
    now = setting_digests(spec)
    return tuple(sorted(name for name in {*before, *now} if before.get(name) != now.get(name)))


def change_words(spec: ServiceSpec, container: Container) -> str:
    """``configuration changed: command, environment.LOG_LEVEL``."""
    names = changed_settings(spec, container)
    if not names:
        return "configuration changed"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"configuration changed: {', '.join(names[:_NAMED])}{more}"


def _container_settings(spec: ServiceSpec) -> dict[str, Any]:
    values = asdict(spec)
    settings: dict[str, Any] = {}
    for one in fields(spec):
        value = values[one.name]
        if one.name in _NOT_IN_A_CONTAINER or value == _default(one):
            continue
        settings[one.name] = value
    # Only the registered name is in the container; the rest of it is read outside.
    settings["mesh"] = spec.mesh.register
    return settings


def _default(one: Any) -> Any:
    if one.default is not MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not MISSING else MISSING


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if name in ("environment", "labels"):
            flat |= {f"{name}.{key}": item for key, item in value.items()}
        else:
            flat[name] = value
    return flat


def _digest(value: Any, digits: int) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
