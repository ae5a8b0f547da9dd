"""The lines of a log that tell most of what went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from meshctl.model.containers import LogLine

_MOST = 3
_LEVELS = ("level", "severity", "levelname", "lvl", "log.level")
_BAD_LEVELS = ("err", "crit", "fatal", "panic", "alert", "emerg", "severe")
#: Pino and bunyan count: 50 is an error.
_BAD_NUMBER = 50
# Patterns stay text until they are needed: a project that is well needs none.
_BAD_WORDS = r"(?i)\b\w*(?:error|exception)\b|\b(?:fatal|panic|critical|traceback|segfault|aborted|emerg)\b"
_WORDS = r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERR|ERROR|SEVERE|CRIT|CRITICAL|FATAL|PANIC|ALERT|EMERG|LOG"
_WRITTEN_LEVEL = rf"\b({_WORDS})\b|(?i:\[({_WORDS})\]|\blevel=\"?({_WORDS})\b)"
#: The level stands among so many characters of a line.
_HEAD = 100
#: What stands around the line that names the error; an indented line belongs to the one above it.
_FRAME = (
    r"\s|-*\s*Traceback \(most recent call last\)|During handling of the above exception"
    r"|The above exception was the direct cause|-*$|Exception occurred during processing of request"
)
_FULL = r"(?i)no space left on device|\bENOSPC\b|\bdisk (?:is )?full\b"
_NUMBERS = r"(?i)[0-9a-f]*\d[0-9a-f]*"


def telling(lines: Sequence[LogLine], *, ended: bool, most: int = _MOST) -> tuple[LogLine, ...]:
    """The last errors, by time, those on stderr first; of a process that has ended its last lines if it names none.

    A line that says the same as a later one but for its numbers is passed over, and so is what leads up to the line
    that names the error, as in a traceback.
    """
    bad = [line for line in lines if is_error(line.text)]
    bad = [line for line in bad if re.match(_FRAME, line.text) is None] or bad
    loud = [line for line in bad if line.stream == "stderr"] or bad
    if not loud and ended:
        loud = [line for line in lines if line.text.strip()]
        loud = [line for line in loud if line.stream == "stderr"] or loud
    chosen: dict[str, LogLine] = {}
    for line in reversed(loud):
        chosen.setdefault(_wording(line.text), line)
        if len(chosen) == most:
            break
    return tuple(sorted(chosen.values(), key=lambda line: line.time))


@lru_cache(maxsize=4096)
def is_error(text: str) -> bool:
    """By the level that the line has, of JSON or as a word in capitals, brackets or ``level=``, else by its words."""
    level = _level(text)
    if level is None:
        written = re.search(_WRITTEN_LEVEL, text[:_HEAD])
        level = next((word for word in written.groups() if word), None) if written else None
    if isinstance(level, str):
        return level.lower().startswith(_BAD_LEVELS)
    if isinstance(level, int):
        return level >= _BAD_NUMBER
    return re.search(_BAD_WORDS, text) is not None


def says_full(line: LogLine) -> bool:
    """Whether a write found no room (ENOSPC)."""
    return re.search(_FULL, line.text) is not None


@lru_cache(maxsize=1024)
def _wording(text: str) -> str:
    """What it says but for its numbers."""
    return re.sub(_NUMBERS, "", text)


def _level(text: str) -> Any:
    """None for a line that has none."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return next((content[name] for name in _LEVELS if name in content), None)
