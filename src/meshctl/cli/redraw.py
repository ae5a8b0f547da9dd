"""Progress on a terminal: what is under way, redrawn in place below the lines of what is over."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Callable

from meshctl.cli import diagnostics
from meshctl.cli.output import use_colour
from meshctl.cli.progress import plain_line
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.present.text import fit

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
REDRAW_S = 0.1
_BAR = 20


class TerminalSink:
    """Moves on by itself while an event loop runs. Leaving the ``with`` block wipes what is still drawn."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._active: dict[tuple[str, str], ProgressEvent] = {}
        self._since: dict[tuple[str, str], float] = {}
        self._drawn: list[int] = []
        self._last = clock()
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None
        self._colour = use_colour(sys.stderr)

    def __enter__(self) -> TerminalSink:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        diagnostics.write(self._wipe())

    def emit(self, event: ProgressEvent) -> None:
        key = (event.operation, event.target)
        ended = ""
        if event.phase in (Phase.STARTED, Phase.PROGRESS):
            self._active[key] = event
            self._since.setdefault(key, self._clock())
        else:
            self._active.pop(key, None)
            self._since.pop(key, None)
            ended = self._ended(event)
        if event.phase is not Phase.PROGRESS or self._clock() - self._last >= REDRAW_S:
            self._draw(ended)
        self._move_on()

    def _move_on(self) -> None:
        """Draw again after a while, for the spinner and the seconds."""
        if self._timer is not None or not self._active:
            return
        try:
            self._timer = asyncio.get_running_loop().call_later(REDRAW_S, self._tick)
        except RuntimeError:
            return  # no loop runs: the next event draws

    def _tick(self) -> None:
        self._timer = None
        self._draw("")
        self._move_on()

    def _ended(self, event: ProgressEvent) -> str:
        line = plain_line(event)
        if not line:
            return ""
        mark, code = ("✔", "32") if event.phase is Phase.DONE else ("✖", "31")
        shown = f"\x1b[{code}m{mark}\x1b[0m" if self._colour else mark
        return f" {shown} {fit(line, _columns() - 3)}\n"

    def _draw(self, ended: str) -> None:
        wiped = self._wipe()
        self._last = self._clock()
        self._turn += 1
        shown = list(self._active)[: max(1, shutil.get_terminal_size().lines - 2)]
        rows = [fit(self._row(key), _columns()) for key in shown]
        self._drawn = [len(row) for row in rows]
        diagnostics.write(wiped + ended + "".join(row + "\n" for row in rows))

    def _row(self, key: tuple[str, str]) -> str:
        event = self._active[key]
        bar = ""
        if event.fraction is not None:
            full = round(max(0.0, min(1.0, event.fraction)) * _BAR)
            bar = f" {'█' * full}{'░' * (_BAR - full)}"
        spinner = _SPINNER[self._turn % len(_SPINNER)]
        elapsed = self._clock() - self._since[key]
        told = f" · {event.message}" if event.message else ""
        return f" {spinner} {event.target}: {event.operation}{bar} {elapsed:.1f} s{told}"

    def _wipe(self) -> str:
        """The way back up over what was drawn, also when the terminal has become narrower since."""
        rows = sum(max(1, -(-length // (_columns() + 1))) for length in self._drawn)
        self._drawn = []
        return f"\x1b[{rows}A\x1b[J" if rows else ""


def _columns() -> int:
    """The last column stays free: a terminal would wrap behind it."""
    return max(1, shutil.get_terminal_size().columns - 1)
