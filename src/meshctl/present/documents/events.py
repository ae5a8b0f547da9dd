"""What happened to a mesh: the facts by name, and the sentence that people read."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from meshctl.model.events import MeshEvent
from meshctl.present.documents.values import data_of, value_of
from meshctl.present.events import event_text

_NAMES = tuple(field.name for field in fields(MeshEvent))


def event_to_data(event: MeshEvent) -> dict[str, Any]:
    """Every fact is there, null where it does not belong to its kind; ``text`` does not name the service."""
    return {**{name: data_of(getattr(event, name)) for name in _NAMES}, "text": event_text(event)}


def event_from_data(data: Any) -> MeshEvent:
    """Raises DocumentError."""
    return value_of(MeshEvent, data)
