"""The log of a container: what Docker is asked for, and lines from its multiplexed stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from meshctl.adapters.docker import translate
from meshctl.errors import OperationFailed
from meshctl.model.containers import Container, LogLine

if TYPE_CHECKING:
    from meshctl.ports.runtime import Search

#: Bytes: a longer log line is cut here.
MAX_LINE = 256 * 1024
#: Bytes of a line that are searched at once; a longer one is searched in parts that overlap.
SEARCHED = 4 * 1024 * 1024
OVERLAP = 64 * 1024
#: Unix seconds as a float know no nanoseconds.
_ROUNDING_S = 1e-6
_MAX_FRAME = 16 * 1024 * 1024
_STREAMS = {0: "stdout", 1: "stdout", 2: "stderr"}


def log_params(since: float | None, tail: int | None, *, follow: bool) -> Mapping[str, str]:
    """What Docker is asked for: lines with their times, those of the moment ``since`` included."""
    params = {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "follow": "1" if follow else "0",
        "tail": "all" if tail is None else str(max(0, tail)),
    }
    if since is not None:
        params["since"] = f"{since - _ROUNDING_S:.9f}"
    return params


def frames(chunks: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Docker's multiplexed stream: (stdout or stderr, payload). Raises OperationFailed on anything else."""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        start = 0
        while len(pending) - start >= 8:
            size = int.from_bytes(pending[start + 4 : start + 8], "big")
            stream = _STREAMS.get(pending[start])
            if stream is None or size > _MAX_FRAME:
                raise OperationFailed("The engine sent a log that cannot be read.")
            if len(pending) - start - 8 < size:
                break
            if size:
                yield stream, bytes(pending[start + 8 : start + 8 + size])
            start += 8 + size
        del pending[:start]


def log_lines(
    parts: Iterable[tuple[str, bytes]], container: Container, searches: Sequence[Search] = ()
) -> Iterator[LogLine]:
    """Joins the 16 KiB parts of long lines; every part carries a time stamp, the first one's counts."""
    open_lines: dict[str, _OpenLine] = {}
    for stream, payload in parts:
        stamp, _, text = payload.partition(b" ")
        line = open_lines.setdefault(stream, _OpenLine(stamp, searches))
        line.add(text)
        if text.endswith(b"\n"):
            yield line.close(stream, container)
            del open_lines[stream]
    for stream, line in open_lines.items():
        yield line.close(stream, container)


class _OpenLine:
    """A line whose end has not come yet: its beginning, its size, and what of it has not been searched."""

    def __init__(self, stamp: bytes, searches: Sequence[Search]) -> None:
        self._stamp = stamp
        self._head = bytearray()
        self._size = 0
        self._missing = list(searches)
        self._unsearched = bytearray()

    def add(self, text: bytes) -> None:
        self._head += text[: MAX_LINE - len(self._head)]
        self._size += len(text)
        if self._missing:
            self._unsearched += text
            if len(self._unsearched) >= SEARCHED:
                self._search()
                del self._unsearched[:-OVERLAP]

    def close(self, stream: str, container: Container) -> LogLine:
        cut = self._size - len(self._head)
        text = _decoded(self._head)
        if cut:
            self._search()
            text = f"{_whole_letters(text)}… {_amount(cut)} more"
        return LogLine(
            service=container.service,
            instance_id=container.instance_id,
            time=translate.moment(self._stamp.decode("ascii", "replace")) or 0.0,
            stream=stream,
            text=text,
            hit=not self._missing if cut else None,
        )

    def _search(self) -> None:
        text = _decoded(self._unsearched)
        self._missing = [search for search in self._missing if not search(text)]


def _decoded(text: bytearray) -> str:
    return text.decode("utf-8", "surrogateescape").rstrip("\r\n")


def _whole_letters(text: str) -> str:
    """Without what is left of a letter that the cut went through: at most three bytes."""
    for _ in range(3):
        text = text[:-1] if "\udc80" <= text[-1:] <= "\udcff" else text
    return text


def _amount(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{max(0.1, count / 1e3):.1f} KB"
