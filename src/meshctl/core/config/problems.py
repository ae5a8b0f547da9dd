"""Collects what is wrong with a file, so that one run names everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from meshctl.core.config.mask import mask
from meshctl.errors import ConfigError

#: The 1-based line of a dotted path (``services.orders.ports[0].target``), None if unknown.
Lines = Callable[[str], int | None]


class Wrong(ValueError):
    """A value that does not fit where it stands; the reader adds file, line and path."""

    def __init__(self, message: str, *, nearest: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.nearest = nearest
        self.hint = hint
        self.within = ""

    def inside(self, step: str) -> Wrong:
        """The same, with ``step`` (``.key`` or ``[0]``) leading from the value to the part that is wrong."""
        self.within = step + self.within
        return self


class Problems:
    """The problems of one file. ``secrets`` are never shown in a message."""

    def __init__(self, file: str, lines: Lines) -> None:
        self._file = file
        self._lines = lines
        self._found: list[ConfigError] = []
        self._seen: set[tuple[int | None, str]] = set()
        self._tolerated: tuple[str, ...] = ()
        self.secrets: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def line(self, path: str) -> int | None:
        """Where this is written."""
        return self._lines(path)

    def add(self, path: str, message: str, *, nearest: str = "", hint: str = "") -> None:
        """Note one problem; the same words for the same line count once (an anchor used twice)."""
        if any(path == part or path.startswith((f"{part}.", f"{part}[")) for part in self._tolerated):
            return
        line = self._lines(path)
        if line is not None and (line, message) in self._seen:
            return
        self._seen.add((line, message))
        self._found.append(ConfigError(message, file=self._file, line=line, path=path, nearest=nearest, hint=hint))

    def add_wrong(self, path: str, wrong: Wrong) -> None:
        """Note what a conversion raised."""
        self.add(path + wrong.within, str(wrong), nearest=wrong.nearest, hint=wrong.hint)

    def tolerate(self, parts: Iterable[str]) -> None:
        """From now on nothing at or under these paths is a problem."""
        self._tolerated = tuple(parts)

    def check(self) -> None:
        """Raise the first problem of the file, which carries the others; nothing if there are none."""
        if not self._found:
            return
        ordered = sorted(self._found, key=lambda error: error.line or 0)
        shown = [self._masked(error) for error in ordered]
        first, others = shown[0], tuple(shown[1:])
        if others:
            count = f"{len(shown)} problems in this file, this is the first"
            first = ConfigError(
                f"{first} ({count})",
                file=first.file,
                line=first.line,
                path=first.path,
                nearest=first.nearest,
                hint=first.hint,
                others=others,
            )
        raise first

    def _masked(self, error: ConfigError) -> ConfigError:
        message = mask(str(error), tuple(self.secrets))
        if message == str(error):
            return error
        return ConfigError(
            message, file=error.file, line=error.line, path=error.path, nearest=error.nearest, hint=error.hint
        )


def key_path(path: str, key: str) -> str:
    """``services`` and ``orders`` give ``services.orders``."""
    return f"{path}.{key}" if path else key


def item_path(path: str, index: int) -> str:
    """``smoke`` and 0 give ``smoke[0]``."""
    return f"{path}[{index}]"
