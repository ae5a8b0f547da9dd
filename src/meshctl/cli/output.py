"""The only writer to stdout: the answer, as text or as one JSON document. A terminal gets nothing it would obey."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from meshctl.errors import MeshError
from meshctl.present.lines import Line, Segment
from meshctl.present.text import clean, not_seen, unstyled

if TYPE_CHECKING:
    from collections.abc import Iterable

_CODES = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "busy": "36",
    "muted": "2",
    "strong": "1",
    "accent": "36",
    "error": "31;1",
}
_BEYOND_ASCII = re.compile("[^\n -~]+")

#: White space between the values of a document.
_BETWEEN = {ord("\r"): " ", ord("\t"): " "}


class Output:
    """Writes to stdout. A reader that went away (``| head``) ends the process quietly."""

    def __init__(self, *, as_json: bool, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    def text(self, text: str) -> None:
        """One block of text, with its newline; clean on a terminal, as it is elsewhere."""
        self._write(f"{harmless(text) if self.on_terminal else text}\n")

    def data(self, document: Any, *, compact: bool = False) -> None:
        """One JSON document, in which everything is escaped that a terminal would obey or hide."""
        self._write(json_text(document, compact=compact) + "\n")

    def json(self, document: str) -> None:
        """JSON of somebody else, escaped in the same way."""
        self._write(_escaped(document.translate(_BETWEEN)).rstrip() + "\n")

    def lines(self, lines: Iterable[Line]) -> None:
        """Toned lines: coloured on a terminal unless NO_COLOR is set."""
        colour = use_colour(sys.stdout)
        for line in lines:
            self._write(painted(line, colour).rstrip() + "\n")

    def log(self, label: Segment, text: str) -> None:
        """One line of a stream behind its label, flushed; the text is clean on a terminal, as it is elsewhere."""
        if self.on_terminal:
            self.lines([(label, Segment(" "), Segment(unstyled(text)))])
        else:
            self._write(f"{label.text} {text}\n")
        self.flush()

    @property
    def on_terminal(self) -> bool:
        """Whether what is written is obeyed."""
        return sys.stdout.isatty()

    def content(self, content: bytes) -> None:
        """These bytes and nothing else; clean text on a terminal."""
        if self.on_terminal:
            self.text(content.decode("utf-8", "surrogateescape").rstrip("\n"))
            return
        self.flush()
        self._bytes(content)

    def flush(self) -> None:
        """What has been written is seen."""
        try:
            sys.stdout.flush()
        except OSError as error:
            _lost(error)

    def _bytes(self, content: bytes) -> None:
        try:
            sys.stdout.buffer.write(content)
        except OSError as error:
            _lost(error)

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
        except OSError as error:
            _lost(error)
        except UnicodeEncodeError:
            self.flush()
            self._bytes(_encoded(text, sys.stdout.encoding))


def finish() -> None:
    """Flush; a reader that has left at the very end is no error either. Raises MeshError when stdout takes no more."""
    try:
        sys.stdout.flush()
    except OSError as error:
        with contextlib.suppress(SystemExit):
            _lost(error)


def to_nowhere(stream: TextIO) -> None:
    """Whatever it still holds, and gets, is lost without an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def use_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal that may be coloured."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def painted(line: Sequence[Segment], colour: bool) -> str:
    """A line in the colours of its tones, or plain. Only here text gets colours."""
    return "".join(_painted(segment, colour) for segment in line)


def harmless(text: str) -> str:
    """A block of text, clean line by line."""
    return "\n".join(map(clean, text.split("\n")))


def json_text(document: Any, *, compact: bool = False) -> str:
    """A document as JSON: letters of all languages as they are, what a terminal would obey or hide as ``\\uXXXX``."""
    return _escaped(json.dumps(document, indent=None if compact else 2, ensure_ascii=False, default=str))


def _escaped(document: str) -> str:
    """Whatever has to be escaped stands in a string; between strings there is ASCII alone."""
    if document.isascii() and "\x7f" not in document:
        return document
    return _BEYOND_ASCII.sub(lambda found: "".join(map(_escape, found[0])), document)


@lru_cache(maxsize=4096)
def _escape(character: str) -> str:
    if not not_seen(character):
        return character
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _painted(segment: Segment, colour: bool) -> str:
    text, tone = segment
    code = _service_code(tone) if tone.startswith("service:") else _CODES.get(tone)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text


def _service_code(tone: str) -> str:
    from meshctl.present.colours import service_colour

    colour = service_colour(tone.removeprefix("service:")).lstrip("#")
    return "38;2;" + ";".join(str(int(colour[at : at + 2], 16)) for at in (0, 2, 4))


def _encoded(text: str, encoding: str | None) -> bytes:
    """Bytes that were not UTF-8 are again what they were; what the encoding lacks becomes ``?``."""
    try:
        return text.encode(encoding or "ascii", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding or "ascii", "replace")


def _lost(error: OSError) -> NoReturn:
    """Nothing more is written. A reader that went away is no error, a disk that is full is one."""
    to_nowhere(sys.stdout)
    if isinstance(error, BrokenPipeError):
        raise SystemExit(0)
    raise MeshError(f"stdout cannot be written: {error.strerror}") from error
