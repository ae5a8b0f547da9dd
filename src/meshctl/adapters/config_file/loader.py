"""Finds and reads ``meshctl.yaml`` and the files beside it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path

from meshctl.adapters.config_file.yaml_tree import Tree
from meshctl.core.config.document import parse
from meshctl.core.config.envfile import EnvFileWrong, parse_env
from meshctl.core.config.problems import Wrong
from meshctl.errors import ConfigError
from meshctl.model.config import MeshConfig

FILE_NAMES = ("meshctl.yaml", "meshctl.yml")
MAX_BYTES = 1 << 20

_INIT_HINT = "'meshctl init' writes one; -f names another file."


def load_config(file: str | None, *, project: str | None, environ: Mapping[str, str], cwd: str) -> MeshConfig:
    """Load ``file``, or the nearest ``meshctl.yaml`` in ``cwd`` and the directories above it.

    ``project`` overrides the name in the file. ``environ`` goes before the ``.env`` beside the file.
    Raises ConfigError with file, line, path and nearest key; UsageError when ``project`` is no name.
    """
    path, shown = found_file(file, cwd)
    tree = Tree(text_of(path, shown), shown)
    return parse(
        tree.value,
        file=shown,
        base_dir=str(path.parent),
        environ=with_dotenv(path.parent, environ),
        project=project,
        lines=tree.line,
        read_text=_env_text,
    )


def found_file(file: str | None, cwd: str) -> tuple[Path, str]:
    """The file as a path and as errors show it."""
    return _chosen(file, cwd) if file is not None else _nearest(cwd)


def _chosen(file: str, cwd: str) -> tuple[Path, str]:
    path = absolute(Path(cwd, file))
    if holds(path, Path.is_dir):
        inside = next((name for name in FILE_NAMES if holds(path / name, Path.is_file)), "")
        if not inside:
            raise ConfigError(f"{file} is a directory without a meshctl.yaml", file=file, hint=_INIT_HINT)
        return path / inside, str(Path(file, inside))
    return path, file


def _nearest(cwd: str) -> tuple[Path, str]:
    start = absolute(Path(cwd))
    for directory in (start, *start.parents):
        for name in FILE_NAMES:
            path = directory / name
            if holds(path, Path.is_file):
                return path, name if directory == start else str(path)
    raise ConfigError(f"no meshctl.yaml in {start} or above", hint=_INIT_HINT)


def holds(path: Path, question: Callable[[Path], bool]) -> bool:
    """What the path is; False for one that cannot be asked (too long, no permission)."""
    try:
        return question(path)
    except (OSError, ValueError):
        return False


def absolute(path: Path) -> Path:
    """Without ``.`` and ``..``; a link stays a link, and paths in the file start where the link is."""
    return Path(posixpath.normpath(path.absolute()))


def with_dotenv(directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    path = directory / ".env"
    if not holds(path, Path.is_file):
        return dict(environ)
    text = text_of(path, str(path))
    try:
        return {**parse_env(text, environ), **environ}
    except EnvFileWrong as wrong:
        raise ConfigError(str(wrong), file=str(path), line=wrong.line, nearest=wrong.nearest, hint=wrong.hint) from None


def _env_text(path: str) -> str | None:
    if not holds(Path(path), Path.exists):
        return None
    try:
        return text_of(Path(path), path)
    except ConfigError as error:
        raise Wrong(str(error), hint=error.hint) from None


def text_of(path: Path, shown: str) -> str:
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
