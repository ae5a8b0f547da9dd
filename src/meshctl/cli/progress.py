"""Progress on stderr: bars on a terminal, plain lines elsewhere, JSON lines for scripts, or nothing."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from meshctl.cli import diagnostics
from meshctl.model.progress import TURN, Phase, ProgressEvent
from meshctl.ports.world import ProgressSink
from meshctl.present.lines import BAD, GOOD, Line, Segment
from meshctl.present.text import cell_len, fit
from meshctl.present.units import duration

#: A wait that was over sooner is not worth a line.
QUICK_S = 1.0
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
REDRAW_S = 0.1
_BAR = 20


@contextmanager
def progress(options: argparse.Namespace) -> Iterator[ProgressSink]:
    """The sink that fits these options and this stderr; what it drew and is not over is wiped at the end."""
    if options.quiet:
        yield QuietSink()
    elif options.json:
        yield JsonSink()
    elif sys.stderr.isatty():
        with TerminalSink() as sink:
            yield sink
    else:
        yield PlainSink()


class QuietSink:
    """Says nothing."""

    def emit(self, event: ProgressEvent) -> None:
        """Drop it."""


class JsonSink:
    """One JSON object a line."""

    def emit(self, event: ProgressEvent) -> None:
        from meshctl.present.documents.lifecycle import progress_to_data

        diagnostics.data(progress_to_data(event))


class PlainSink:
    """A line when something that takes time begins, and one when anything ends."""

    def emit(self, event: ProgressEvent) -> None:
        line = plain_line(event)
        if line:
            diagnostics.note(line)


def plain_line(event: ProgressEvent) -> str:
    """The line of one event, '' for those that only matter on a terminal."""
    what = f"{event.target}: {event.operation}"
    if event.operation == TURN and event.phase in (Phase.STARTED, Phase.PROGRESS):
        return event.message
    if event.phase is Phase.STARTED:
        return f"{what} …" if event.operation in ("pull", "build", "pull or build") else ""
    if event.phase is Phase.DONE:
        quick = event.operation.startswith("wait") and event.elapsed_s < QUICK_S
        return "" if quick else f"{what} done in {duration(event.elapsed_s)}"
    if event.phase is Phase.FAILED:
        return f"{what} failed: {event.message}"
    if event.phase is Phase.SKIPPED and not event.operation.startswith("wait"):
        return f"{what} skipped: {event.message}"
    return ""


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

    def __enter__(self) -> TerminalSink:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._show(())

    def emit(self, event: ProgressEvent) -> None:
        key = (event.operation, event.target)
        ended: Line = ()
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
        self._draw(())
        self._move_on()

    def _ended(self, event: ProgressEvent) -> Line:
        line = plain_line(event)
        if not line:
            return ()
        mark = Segment("✔", GOOD) if event.phase is Phase.DONE else Segment("✖", BAD)
        return (Segment(" "), mark, Segment(" "), Segment(fit(line, _columns() - 3)))

    def _draw(self, ended: Line) -> None:
        self._last = self._clock()
        self._turn += 1
        shown = list(self._active)[: max(1, shutil.get_terminal_size().lines - 2)]
        rows = [fit(self._row(key), _columns()) for key in shown]
        self._show(rows, ended)

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

    def _show(self, rows: Sequence[str], ended: Line = ()) -> None:
        """In place of what was drawn, also when the terminal has become narrower since."""
        drawn = sum(max(1, -(-cells // (_columns() + 1))) for cells in self._drawn)
        self._drawn = [cell_len(row) for row in rows]
        diagnostics.redraw(drawn, [*([ended] if ended else ()), *((Segment(row),) for row in rows)])


class Stopwatch:
    """Passes events on; ``seconds`` tells when the last operation of each service was over, from the beginning."""

    def __init__(self, sink: ProgressSink, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._clock = clock
        self._began = clock()
        self.seconds: dict[str, float] = {}

    def emit(self, event: ProgressEvent) -> None:
        if event.service and event.phase in (Phase.DONE, Phase.FAILED):
            self.seconds[event.service] = self._clock() - self._began
        self._sink.emit(event)


def _columns() -> int:
    """The last column stays free: a terminal would wrap behind it."""
    return max(1, shutil.get_terminal_size().columns - 1)
