"""The log of a container: what Docker is asked for, and lines from its multiplexed stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from meshctl.adapters.docker import translate
from meshctl.errors import OperationFailed
from meshctl.model.containers import Container, LogLine

#: A longer log line is cut here.
MAX_LINE = 256 * 1024
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


def log_lines(parts: Iterable[tuple[str, bytes]], container: Container) -> Iterator[LogLine]:
    """Joins the 16 KiB parts of long lines; every part carries a time stamp, the first one's counts."""
    open_lines: dict[str, _OpenLine] = {}
    for stream, payload in parts:
        stamp, _, text = payload.partition(b" ")
        line = open_lines.setdefault(stream, _OpenLine())
        line.add(stamp, text)
        if text.endswith(b"\n"):
            yield line.close(stream, container)
            del open_lines[stream]
    for stream, line in open_lines.items():
        yield line.close(stream, container)


class _OpenLine:
    """A line whose end has not come yet."""

    def __init__(self) -> None:
        self._stamp: bytes | None = None
        self._text = bytearray()
        self._cut = False

    def add(self, stamp: bytes, text: bytes) -> None:
        if self._stamp is None:
            self._stamp = stamp
        room = MAX_LINE - len(self._text)
        self._cut = self._cut or len(text) > room
        self._text += text[:room]

    def close(self, stream: str, container: Container) -> LogLine:
        text = self._text.decode("utf-8", "surrogateescape").rstrip("\r\n")
        return LogLine(
            service=container.service,
            instance_id=container.instance_id,
            time=translate.moment((self._stamp or b"").decode("ascii", "replace")) or 0.0,
            stream=stream,
            text=f"{text}…" if self._cut else text,
        )
