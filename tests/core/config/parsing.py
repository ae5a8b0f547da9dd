"""Parses plain values as the loader would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from meshctl.core.config.document import parse
from meshctl.errors import ConfigError
from meshctl.model.config import MeshConfig, ServiceSpec

BASE_DIR = "/home/dev/shop"


def config_of(
    document: object,
    *,
    environ: Mapping[str, str] | None = None,
    project: str | None = None,
    files: Mapping[str, str] | None = None,
    lines: Callable[[str], int | None] = lambda path: None,
) -> MeshConfig:
    """``files`` maps absolute paths of env files to their text."""
    return parse(
        document,
        file="meshctl.yaml",
        base_dir=BASE_DIR,
        environ=environ or {},
        project=project,
        lines=lines,
        read_text=(files or {}).get,
    )


def service_of(keys: Mapping[str, Any], *, root: Mapping[str, Any] | None = None, **how: Any) -> ServiceSpec:
    """The service ``app`` with an image and ``keys``."""
    document = {**(root or {}), "services": {"app": {"image": "app:1", **keys}}}
    return config_of(document, **how).services["app"]


def wrong(document: object, **how: Any) -> ConfigError:
    """The error the document gives."""
    with pytest.raises(ConfigError) as caught:
        config_of(document, **how)
    return caught.value


def wrong_service(keys: Mapping[str, Any], **how: Any) -> ConfigError:
    """The error a service ``app`` with ``keys`` gives."""
    with pytest.raises(ConfigError) as caught:
        service_of(keys, **how)
    return caught.value
