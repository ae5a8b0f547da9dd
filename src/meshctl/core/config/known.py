"""What can be known of a file while variables that it requires are not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshctl.core.config.document import parse, place
from meshctl.core.config.problems import Lines
from meshctl.model.config import MeshConfig


@dataclass(frozen=True, slots=True)
class KnownPart:
    """What a file says while variables are ``unset``; ``blank`` maps a service to its keys that need one of them."""

    config: MeshConfig
    unset: tuple[str, ...]
    blank: Mapping[str, frozenset[str]]


def parse_known(
    document: object,
    *,
    file: str,
    base_dir: str,
    environ: Mapping[str, str],
    project: str | None = None,
    lines: Lines = lambda path: None,
) -> KnownPart:
    """As ``parse``, for one who creates nothing: without the variables that are not set, and without env files."""
    unset: dict[str, set[str]] = {}
    config = parse(
        document,
        file=file,
        base_dir=base_dir,
        environ=environ,
        project=project,
        lines=lines,
        read_text=lambda path: "",
        unset=unset,
    )
    blank: dict[str, set[str]] = {}
    for path in unset:
        name, key = place(path, config.services)
        if name:
            blank.setdefault(name, set()).add(key)
    names = sorted({name for some in unset.values() for name in some})
    return KnownPart(config, tuple(names), {name: frozenset(keys) for name, keys in blank.items()})
