"""A recorded mesh as one JSON document, and back."""

from __future__ import annotations

from typing import Any

from meshctl.core.config.mask import MASK, mask, mask_setting
from meshctl.model.recording import Recording
from meshctl.present.attributes import hides
from meshctl.present.documents.reading import DocumentError, Fields
from meshctl.present.documents.values import data_of, value_of

FORMAT = "meshctl.recording"
VERSION = 1

#: Mappings of ``model.config`` from a setting's name to its value, and of spans from an attribute's.
_SETTINGS = ("environment", "labels", "args")
_ATTRIBUTES = ("attributes", "resource")


def recording_to_data(recording: Recording) -> dict[str, Any]:
    """``{"format", "version", "recording"}``. It leaves the machine: secrets are masked wherever they stand."""
    secrets = recording.config.secrets
    data = _masked(data_of(recording), secrets)
    data["config"].pop("secrets", None)
    return {"format": FORMAT, "version": VERSION, "recording": data}


def recording_from_data(data: Any) -> Recording:
    """Raises DocumentError for a document that is no recording, or one of a later version."""
    fields = Fields(data)
    if fields.text("format") != FORMAT:
        raise DocumentError("format", "this is no recording of meshctl")
    if fields.integer("version") != VERSION:
        raise DocumentError("version", f"this meshctl reads version {VERSION}, not {fields.integer('version')}")
    return value_of(Recording, fields.any("recording"))


def _masked(value: Any, secrets: tuple[str, ...], key: str = "") -> Any:
    if isinstance(value, str):
        return mask(value, secrets)
    if isinstance(value, dict):
        return {name: _entry(key, name, one, secrets) for name, one in value.items()}
    return [_masked(one, secrets) for one in value] if isinstance(value, list) else value


def _entry(mapping: str, name: str, value: Any, secrets: tuple[str, ...]) -> Any:
    if value and mapping in _ATTRIBUTES and hides(name):
        return MASK
    if mapping in _SETTINGS and isinstance(value, str):
        return mask_setting(name, value, secrets)
    return _masked(value, secrets, name)
