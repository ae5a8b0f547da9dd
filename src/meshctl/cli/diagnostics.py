"""The only writer to stderr, and the owner of exit codes. All that it says is clean, whoever reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from meshctl.cli.output import harmless, json_text, painted, to_nowhere, use_colour
from meshctl.errors import ConfigError, MeshError
from meshctl.present.lines import ACCENT, Line, Segment
from meshctl.present.text import unstyled

if TYPE_CHECKING:
    from meshctl.model.plan import Failure


class Exit(IntEnum):
    """What the process answers with."""

    DONE = 0
    BAD = 1
    USAGE = 2
    ENVIRONMENT = 3
    TIMEOUT = 4
    INTERRUPTED = 130


def note(text: str) -> None:
    """One line of narration, whatever line ends are in it."""
    _write([(Segment(text),)])


def data(document: Any) -> None:
    """One JSON document on one line."""
    _say(json_text(document, compact=True) + "\n")


def redraw(rows: int, lines: Iterable[Line]) -> None:
    """Lines in place of the last ``rows`` rows of the terminal."""
    _write(lines, before=f"\x1b[{rows}A\x1b[J" if rows else "")


def _write(lines: Iterable[Line], before: str = "") -> None:
    colour = use_colour(sys.stderr)
    _say(before + "".join(painted(line, colour) + "\n" for line in lines))


def _say(text: str) -> None:
    """What nobody can hear any more (a full disk, a reader that left) changes nothing of what is done."""
    try:
        print(text, end="", file=sys.stderr, flush=True)
    except OSError:
        to_nowhere(sys.stderr)


def can_ask() -> bool:
    """Whether a person sees a question and can answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Whether the answer is yes; Ctrl-C and the end of input are a no, as is everything else."""
    from meshctl.cli.interrupts import interrupt, interruptible

    _say(f"{harmless(question)} [y/N] ")
    try:
        with interruptible(interrupt):
            answer = sys.stdin.readline()
    except KeyboardInterrupt:
        answer = ""
    if not answer.endswith("\n"):
        _say("\n")
    return answer.strip().lower() in ("y", "yes")


def report(error: MeshError, *, traceback: bool = False) -> int:
    """Print an error and what to do next; return its exit code."""
    if traceback:
        _traceback(error)
    others = error.others if isinstance(error, ConfigError) else ()
    for one in (error, *others):
        _one(one)
    _log(getattr(error, "log", ()))
    _hint(error.hint)
    return error.exit_code


def warn(error: MeshError) -> None:
    """What is missing without making the answer wrong, and what to do next."""
    note(f"note: {error}")
    _hint(error.hint)


def report_failure(failure: Failure) -> None:
    """One failed part of a larger run, with its evidence."""
    where = failure.instance or failure.service
    evidence = []
    if failure.exit_code is not None and str(failure.exit_code) not in failure.message:
        evidence.append(f"exit code {failure.exit_code}")
    if failure.oom_killed and "out of memory" not in failure.message:
        evidence.append("out of memory")
    tail = f" ({', '.join(evidence)})" if evidence else ""
    shown = failure.message if where in failure.message else f"{where}: {failure.message}"
    _error(f"{shown}{tail}")
    _log(failure.log)
    _hint(failure.hint)


def internal(error: BaseException, *, traceback: bool) -> int:
    """An error nobody foresaw: one line, the traceback only when asked for."""
    if traceback:
        _traceback(error)
    else:
        said = str(error).splitlines()[0] if str(error) else ""
        _error(f"internal error: {type(error).__name__}: {said}")
        _hint("run it again with -v -v for the details, and report them")
    return Exit.BAD


def _traceback(error: BaseException) -> None:
    import traceback

    _say(harmless("".join(traceback.format_exception(error))))


def _one(error: MeshError) -> None:
    place = ""
    if isinstance(error, ConfigError):
        line = f":{error.line}" if error.line else ""
        place = f"{error.file}{line}" if error.file else ""
        place = "  ".join(part for part in (place, error.path) if part)
    _error(str(error))
    if place:
        note(f"    at {place}")
    if isinstance(error, ConfigError) and error.nearest:
        note(f"    did you mean '{error.nearest}'?")


def _error(text: str) -> None:
    _write([(Segment("error:", "error"), Segment(f" {text}"))])


def _hint(text: str) -> None:
    if text:
        _write([(Segment("hint:", ACCENT), Segment(f" {text}"))])


def _log(lines: Iterable[str]) -> None:
    """The last words of a service or of a build."""
    for line in lines:
        note(f"    {unstyled(line)}")
