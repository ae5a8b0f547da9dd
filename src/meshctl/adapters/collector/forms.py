"""The JSON of the query API: the fields of ``model/traces.py`` by name, both ways. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from meshctl.model.traces import CollectorStatus, ServiceEdge, TraceChanges, TraceSummary

T = TypeVar("T")


def data_of(value: TraceSummary | ServiceEdge | CollectorStatus) -> dict[str, Any]:
    """A flat dataclass as JSON data; its mappings are shared, not copied."""
    return {name: getattr(value, name) for name in _NAMES[type(value)]}


def changes_data(changes: TraceChanges) -> dict[str, Any]:
    """One line of the stream of changes."""
    return {
        "changed": [data_of(summary) for summary in changes.changed],
        "removed": list(changes.removed),
        "status": data_of(changes.status),
        "reset": changes.reset,
    }


def summary_of(data: Mapping[str, Any]) -> TraceSummary:
    """Raises TypeError when a field without a default is missing; fields it does not know are passed over."""
    return _made(TraceSummary, data)


def edge_of(data: Mapping[str, Any]) -> ServiceEdge:
    """As ``summary_of``."""
    return _made(ServiceEdge, data)


def status_of(data: Mapping[str, Any]) -> CollectorStatus:
    """As ``summary_of``."""
    return _made(CollectorStatus, data)


def changes_of(data: Mapping[str, Any]) -> TraceChanges:
    """As ``summary_of``; raises KeyError too."""
    return TraceChanges(
        changed=tuple(summary_of(summary) for summary in data["changed"]),
        removed=tuple(data["removed"]),
        status=status_of(data["status"]),
        reset=bool(data["reset"]),
    )


_NAMES: Mapping[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (TraceSummary, ServiceEdge, CollectorStatus)
}


def _made(kind: type[T], data: Mapping[str, Any]) -> T:
    return kind(**{name: data[name] for name in _NAMES[kind] if name in data})
