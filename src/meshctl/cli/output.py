"""The only writer to stdout: the answer, as text or as one JSON document."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshctl.present.lines import Line

_CODES = {"good": "32", "bad": "31", "warn": "33", "busy": "36", "muted": "2", "strong": "1", "accent": "36"}


class Output:
    """Writes to stdout. A reader that went away (``| head``) ends the process quietly."""

    def __init__(self, *, as_json: bool, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    def text(self, text: str) -> None:
        """One block of text, with its newline."""
        self._write(text + "\n")

    def data(self, document: Any, *, compact: bool = False) -> None:
        """One JSON document."""
        indent = None if compact else 2
        self._write(json.dumps(document, indent=indent, ensure_ascii=False, default=str) + "\n")

    def lines(self, lines: Sequence[Line]) -> None:
        """Toned lines: coloured on a terminal unless NO_COLOR is set."""
        colour = use_colour(sys.stdout)
        for line in lines:
            self._write("".join(span_text(s.text, s.tone, colour) for s in line).rstrip() + "\n")

    def raw(self, text: str) -> None:
        """Text as it is, flushed: for streams."""
        self._write(text)
        self._flush()

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
        except BrokenPipeError:
            _reader_left()
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding or "ascii"
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))

    def _flush(self) -> None:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _reader_left()


def finish() -> None:
    """Flush; a broken pipe at the very end is no error either."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def use_colour(stream: Any) -> bool:
    """Whether a stream is a terminal that may be coloured."""
    return bool(stream.isatty()) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def span_text(text: str, tone: str, colour: bool) -> str:
    """Text in the colour of its tone, or plain."""
    code = _service_code(tone) if tone.startswith("service:") else _CODES.get(tone)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text


def _service_code(tone: str) -> str:
    from meshctl.present.colours import service_colour

    colour = service_colour(tone.removeprefix("service:")).lstrip("#")
    return "38;2;" + ";".join(str(int(colour[at : at + 2], 16)) for at in (0, 2, 4))


def _reader_left() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)
