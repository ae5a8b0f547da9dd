"""The only writer to stderr, and the owner of exit codes."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import TYPE_CHECKING

from meshctl.cli.output import use_colour
from meshctl.errors import ConfigError, MeshError

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
    """One line of narration."""
    print(text, file=sys.stderr, flush=True)


def write(text: str) -> None:
    """Text as it is: for progress that redraws itself."""
    sys.stderr.write(text)
    sys.stderr.flush()


def report(error: MeshError, *, traceback: bool = False) -> int:
    """Print an error and what to do next; return its exit code."""
    if traceback:
        _traceback(error)
    others = error.others if isinstance(error, ConfigError) else ()
    for one in (error, *others):
        _one(one)
    for line in getattr(error, "log", ()):
        note(f"    {line}")
    if error.hint:
        note(f"{_label('hint')} {error.hint}")
    return error.exit_code


def warn(error: MeshError) -> None:
    """What is missing without making the answer wrong, and what to do next."""
    note(f"note: {error}")
    if error.hint:
        note(f"{_label('hint')} {error.hint}")


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
    note(f"{_label('error')} {shown}{tail}")
    for line in failure.log:
        note(f"    {line}")
    if failure.hint:
        note(f"{_label('hint')} {failure.hint}")


def internal(error: BaseException, *, traceback: bool) -> int:
    """An error nobody foresaw: one line, the traceback only when asked for."""
    if traceback:
        _traceback(error)
    else:
        said = str(error).splitlines()[0] if str(error) else ""
        note(f"{_label('error')} internal error: {type(error).__name__}: {said}")
        note(f"{_label('hint')} run it again with -v -v for the details, and report them")
    return Exit.BAD


def _traceback(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error, file=sys.stderr)


def _one(error: MeshError) -> None:
    place = ""
    if isinstance(error, ConfigError):
        line = f":{error.line}" if error.line else ""
        place = f"{error.file}{line}" if error.file else ""
        place = "  ".join(part for part in (place, error.path) if part)
    note(f"{_label('error')} {error}")
    if place:
        note(f"    at {place}")
    if isinstance(error, ConfigError) and error.nearest:
        note(f"    did you mean '{error.nearest}'?")


def _label(word: str) -> str:
    if not use_colour(sys.stderr):
        return f"{word}:"
    return f"\x1b[{'31;1' if word == 'error' else '36'}m{word}:\x1b[0m"
