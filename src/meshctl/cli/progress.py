"""Progress on stderr: bars on a terminal, plain lines elsewhere, JSON lines for scripts, or nothing."""

from __future__ import annotations

import json
import shutil
import sys
import time

from meshctl.cli import diagnostics
from meshctl.cli.output import use_colour
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.ports import ProgressSink
from meshctl.present.lines import fit
from meshctl.present.units import duration

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_REDRAW_S = 0.1
_BAR = 20
#: A wait that was over sooner is not worth a line.
QUICK_S = 1.0


def sink_for(*, as_json: bool, quiet: bool) -> ProgressSink:
    """The sink that fits this stderr."""
    if quiet:
        return QuietSink()
    if as_json:
        return JsonSink()
    if sys.stderr.isatty():
        return TerminalSink()
    return PlainSink()


class QuietSink:
    """Says nothing."""

    def emit(self, event: ProgressEvent) -> None:
        """Drop it."""


class JsonSink:
    """One JSON object a line."""

    def emit(self, event: ProgressEvent) -> None:
        line = {
            "operation": event.operation,
            "target": event.target,
            "phase": event.phase.value,
            "service": event.service,
            "message": event.message,
            "fraction": event.fraction,
            "elapsed_s": round(event.elapsed_s, 3),
        }
        diagnostics.note(json.dumps(line, ensure_ascii=False))


class PlainSink:
    """A line when something that takes time begins, and one when anything ends."""

    def emit(self, event: ProgressEvent) -> None:
        line = plain_line(event)
        if line:
            diagnostics.note(line)


def plain_line(event: ProgressEvent) -> str:
    """The line of one event, '' for those that only matter on a terminal."""
    what = f"{event.target}: {event.operation}"
    if event.phase is Phase.STARTED:
        return f"{what} …" if event.operation in ("pull", "build", "pull or build") else ""
    if event.phase is Phase.DONE:
        quick = event.operation.startswith("wait") and event.elapsed_s < QUICK_S
        return "" if quick else f"{what} done in {duration(event.elapsed_s)}"
    if event.phase is Phase.FAILED:
        return f"{what} failed: {event.message}"
    if event.phase is Phase.SKIPPED:
        return f"{what} skipped: {event.message}"
    return ""


class TerminalSink:
    """What is under way, redrawn in place below the lines of what is done."""

    def __init__(self) -> None:
        self._active: dict[tuple[str, str], ProgressEvent] = {}
        self._since: dict[tuple[str, str], float] = {}
        self._drawn = 0
        self._last = 0.0
        self._turn = 0
        self._colour = use_colour(sys.stderr)

    def emit(self, event: ProgressEvent) -> None:
        key = (event.operation, event.target)
        if event.phase in (Phase.STARTED, Phase.PROGRESS):
            self._active[key] = event
            self._since.setdefault(key, time.monotonic())
        else:
            self._active.pop(key, None)
            self._since.pop(key, None)
            self._end(event)
        if event.phase is not Phase.PROGRESS or time.monotonic() - self._last >= _REDRAW_S:
            self._draw()

    def _end(self, event: ProgressEvent) -> None:
        line = plain_line(event)
        if not line:
            return
        self._clear()
        mark, code = ("✔", "32") if event.phase is Phase.DONE else ("✖", "31")
        shown = f"\x1b[{code}m{mark}\x1b[0m" if self._colour else mark
        diagnostics.note(f" {shown} {fit(line, self._width() - 3)}")

    def _draw(self) -> None:
        self._clear()
        self._last = time.monotonic()
        self._turn += 1
        rows = [self._row(key) for key in list(self._active)[: shutil.get_terminal_size().lines - 2]]
        for row in rows:
            diagnostics.write(fit(row, self._width()) + "\n")
        self._drawn = len(rows)

    def _row(self, key: tuple[str, str]) -> str:
        event = self._active[key]
        bar = ""
        if event.fraction is not None:
            full = round(max(0.0, min(1.0, event.fraction)) * _BAR)
            bar = f" {'█' * full}{'░' * (_BAR - full)}"
        spinner = _SPINNER[self._turn % len(_SPINNER)]
        elapsed = duration(time.monotonic() - self._since[key])
        return f" {spinner} {event.target}: {event.operation}{bar} {elapsed} {event.message}".rstrip()

    def _clear(self) -> None:
        if self._drawn:
            diagnostics.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _width(self) -> int:
        return shutil.get_terminal_size().columns - 1
