"""Waits for the turn to change a project, and says whom it waits for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from meshctl.engine.mesh import Mesh
from meshctl.errors import DeadlineExceeded
from meshctl.model.progress import TURN, Phase, ProgressEvent
from meshctl.ports.turns import Holder, Turn
from meshctl.ports.world import ProgressSink

POLL_S = 0.1


@asynccontextmanager
async def turn(mesh: Mesh, command: str, sink: ProgressSink, timeout_s: float) -> AsyncIterator[float]:
    """The only change of the project on this machine while it lasts; gives what is left of ``timeout_s``.

    Raises DeadlineExceeded, which names whoever had the turn all the time.
    """
    started = mesh.clock.monotonic()
    taken = mesh.turns.take(command)
    if isinstance(taken, Holder):
        taken = await _waited_for(mesh, command, sink, timeout_s, taken)
    try:
        yield timeout_s - (mesh.clock.monotonic() - started)
    finally:
        taken.release()


async def _waited_for(mesh: Mesh, command: str, sink: ProgressSink, timeout_s: float, holder: Holder) -> Turn:
    clock, started = mesh.clock, mesh.clock.monotonic()

    def tell(phase: Phase, message: str = "") -> None:
        waited_s = clock.monotonic() - started
        sink.emit(ProgressEvent(TURN, mesh.config.name, phase, message=message, elapsed_s=waited_s))

    told = holder
    tell(Phase.STARTED, f"waiting for {_words(holder, clock.now())}")
    while (left_s := started + timeout_s - clock.monotonic()) > 0:
        await clock.sleep(min(POLL_S, left_s))
        taken = mesh.turns.take(command)
        if not isinstance(taken, Holder):
            tell(Phase.DONE)
            return taken
        if taken.pid and taken != told:
            told = taken
            tell(Phase.PROGRESS, f"waiting for {_words(told, clock.now())}")
    message = f"{mesh.config.name} is still being changed by {_words(told, clock.now())}"
    tell(Phase.FAILED, message)
    raise DeadlineExceeded(message, hint="Give more time: --timeout")


def _words(holder: Holder, now: float) -> str:
    if not holder.pid:
        return "another meshctl"
    return f"`meshctl {holder.command}` (pid {holder.pid}, since {max(0.0, now - holder.since):.0f} s)"
