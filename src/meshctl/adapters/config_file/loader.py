"""Finds and reads ``meshctl.yaml`` and the files beside it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from meshctl.adapters.config_file.yaml_tree import Tree
from meshctl.core.config.document import KnownPart, normalised, parse, parse_known, project_name
from meshctl.core.config.envfile import EnvFileWrong, parse_env
from meshctl.core.config.interpolate import interpolate
from meshctl.core.config.problems import Wrong
from meshctl.errors import ConfigError
from meshctl.model.config import MeshConfig

FILE_NAMES = ("meshctl.yaml", "meshctl.yml")
MAX_BYTES = 1 << 20

_NAME_LINE = re.compile(r"^name:[ \t]+(.*?)(?:[ \t]+#.*)?[ \t\r]*$", re.MULTILINE)

_INIT_HINT = "'meshctl init' writes one; -f names another file."


def load_config(file: str | None, *, project: str | None, environ: Mapping[str, str], cwd: str) -> MeshConfig:
    """Load ``file``, or the nearest ``meshctl.yaml`` in ``cwd`` and the directories above it.

    ``project`` overrides the name in the file. ``environ`` goes before the ``.env`` beside the file.
    Raises ConfigError with file, line, path and nearest key; UsageError when ``project`` is no name.
    """
    path, shown = _place(file, cwd)
    tree = Tree(_text(path, shown), shown)
    return parse(
        tree.value,
        file=shown,
        base_dir=str(path.parent),
        environ=_with_dotenv(path.parent, environ),
        project=project,
        lines=tree.line,
        read_text=_env_text,
    )


def load_known(file: str | None, *, project: str | None, environ: Mapping[str, str], cwd: str) -> KnownPart:
    """The same without the variables that are not set, and without env files. Raises as ``load_config``."""
    path, shown = _place(file, cwd)
    return parse_known(
        Tree(_text(path, shown), shown).value,
        file=shown,
        base_dir=str(path.parent),
        environ=_with_dotenv(path.parent, environ),
        project=project,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file that cannot be used is, or the paths where it was looked for, the nearest first.

    ``name`` is the project's name as far as it can be read, ``folder`` the one that its folder gives when it says none.
    """

    files: tuple[str, ...]
    there: bool
    name: str
    folder: str


def place_of(file: str | None, *, environ: Mapping[str, str], cwd: str) -> Place:
    """What can be told of a file that ``load_config`` refuses."""
    with suppress(ConfigError):
        path, _ = _place(file, cwd)
        if _is(path, Path.is_file):
            return Place((str(path),), True, *_names(path, environ))
    start = _absolute(Path(cwd, file or ""))
    if file is None:
        paths = [directory / name for directory in (start, *start.parents) for name in FILE_NAMES]
    elif _is(start, Path.is_dir):
        paths = [start / name for name in FILE_NAMES]
    else:
        paths = [start]
    return Place(tuple(map(str, paths)), False, "", normalised(paths[0].parent.name))


def _names(path: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """By a line ``name: …``, whatever else is wrong; by the folder when there is none."""
    try:
        text = _text(path, str(path))
        written = _NAME_LINE.search(text)
        if written is None:
            return "", "" if text.lstrip().startswith("{") else normalised(path.parent.name)
        return project_name(interpolate(written[1].strip("\"'"), _with_dotenv(path.parent, environ))), ""
    except (ConfigError, Wrong):
        return "", ""


def _place(file: str | None, cwd: str) -> tuple[Path, str]:
    """The file as a path and as errors show it."""
    return _chosen(file, cwd) if file is not None else _found(cwd)


def _chosen(file: str, cwd: str) -> tuple[Path, str]:
    path = _absolute(Path(cwd, file))
    if _is(path, Path.is_dir):
        inside = next((name for name in FILE_NAMES if _is(path / name, Path.is_file)), "")
        if not inside:
            raise ConfigError(f"{file} is a directory without a meshctl.yaml", file=file, hint=_INIT_HINT)
        return path / inside, str(Path(file, inside))
    return path, file


def _found(cwd: str) -> tuple[Path, str]:
    start = _absolute(Path(cwd))
    for directory in (start, *start.parents):
        for name in FILE_NAMES:
            path = directory / name
            if _is(path, Path.is_file):
                return path, name if directory == start else str(path)
    raise ConfigError(f"no meshctl.yaml in {start} or above", hint=_INIT_HINT)


def _is(path: Path, question: Callable[[Path], bool]) -> bool:
    """What the path is; False for one that cannot be asked (too long, no permission)."""
    try:
        return question(path)
    except (OSError, ValueError):
        return False


def _absolute(path: Path) -> Path:
    """Without ``.`` and ``..``; a link stays a link, and paths in the file start where the link is."""
    return Path(posixpath.normpath(path.absolute()))


def _with_dotenv(directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    path = directory / ".env"
    if not _is(path, Path.is_file):
        return dict(environ)
    text = _text(path, str(path))
    try:
        return {**parse_env(text, environ), **environ}
    except EnvFileWrong as wrong:
        raise ConfigError(str(wrong), file=str(path), line=wrong.line, nearest=wrong.nearest, hint=wrong.hint) from None


def _env_text(path: str) -> str | None:
    if not _is(Path(path), Path.exists):
        return None
    try:
        return _text(Path(path), path)
    except ConfigError as error:
        raise Wrong(str(error), hint=error.hint) from None


def _text(path: Path, shown: str) -> str:
    """The text of a file of at most MAX_BYTES. Raises ConfigError."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no file {shown}", file=shown, hint=_INIT_HINT) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(f"cannot read {shown}: {reason}", file=shown) from None
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{shown} is larger than {MAX_BYTES >> 20} MiB", file=shown)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{shown} is not UTF-8 text (byte {content[error.start]:#04x})", file=shown, line=line
        ) from None
