"""What can be told of a file that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from meshctl.adapters.config_file.loader import FILE_NAMES, absolute, found_file, holds, text_of, with_dotenv
from meshctl.adapters.config_file.yaml_tree import Tree
from meshctl.core.config.document import normalised, project_name
from meshctl.core.config.interpolate import interpolate
from meshctl.core.config.known import KnownPart, parse_known
from meshctl.core.config.problems import Wrong
from meshctl.errors import ConfigError

_NAME_LINE = re.compile(r"^name:[ \t]+(.*?)(?:[ \t]+#.*)?[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file that cannot be used is, or the paths where it was looked for, the nearest first.

    ``name`` is the project's name as far as it can be read, ``folder`` the one that its folder gives when it says none.
    """

    files: tuple[str, ...]
    there: bool
    name: str
    folder: str


def load_known(file: str | None, *, project: str | None, environ: Mapping[str, str], cwd: str) -> KnownPart:
    """As ``load_config``, without the variables that are not set, and without env files."""
    path, shown = found_file(file, cwd)
    tree = Tree(text_of(path, shown), shown)
    return parse_known(
        tree.value,
        file=shown,
        base_dir=str(path.parent),
        environ=with_dotenv(path.parent, environ),
        project=project,
        lines=tree.line,
    )


def place_of(file: str | None, *, environ: Mapping[str, str], cwd: str) -> Place:
    """Of a file that ``load_config`` refuses."""
    with suppress(ConfigError):
        path, _ = found_file(file, cwd)
        if holds(path, Path.is_file):
            return Place((str(path),), True, *_names(path, environ))
    start = absolute(Path(cwd, file or ""))
    if file is None:
        paths = [directory / name for directory in (start, *start.parents) for name in FILE_NAMES]
    elif holds(start, Path.is_dir):
        paths = [start / name for name in FILE_NAMES]
    else:
        paths = [start]
    return Place(tuple(map(str, paths)), False, "", normalised(paths[0].parent.name))


def _names(path: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """By a line ``name: …``, whatever else is wrong; by the folder when there is none."""
    try:
        text = text_of(path, str(path))
        written = _NAME_LINE.search(text)
        if written is None:
            return "", "" if text.lstrip().startswith("{") else normalised(path.parent.name)
        return project_name(interpolate(written[1].strip("\"'"), with_dotenv(path.parent, environ))), ""
    except (ConfigError, Wrong):
        return "", ""
