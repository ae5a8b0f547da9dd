"""``meshctl.yaml`` on disk: found, read with its ``.env`` and env files, handed to the pure parser."""

from __future__ import annotations

from typing import Any

from meshctl.adapters.config_file.loader import load_config

__all__ = ["load_config", "to_yaml"]


def to_yaml(document: dict[str, Any]) -> str:
    """A plain document as YAML, keys in their order."""
    import yaml

    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120))
