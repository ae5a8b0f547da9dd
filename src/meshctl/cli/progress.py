"""Progress on stderr: bars on a terminal, plain lines elsewhere, JSON lines for scripts, or nothing."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from meshctl.cli import diagnostics
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.ports.world import ProgressSink
from meshctl.present.units import duration

#: A wait that was over sooner is not worth a line.
QUICK_S = 1.0


@contextmanager
def progress(options: argparse.Namespace) -> Iterator[ProgressSink]:
    """The sink that fits these options and this stderr; what it drew and is not over is wiped at the end."""
    if options.quiet:
        yield QuietSink()
    elif options.json:
        yield JsonSink()
    elif sys.stderr.isatty():
        from meshctl.cli.redraw import TerminalSink

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
