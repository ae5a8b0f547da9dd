"""What the app has the session do, and what is said while it does and when it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from meshctl.engine.session import Lifecycle
from meshctl.engine.up import UpOptions
from meshctl.errors import MeshError
from meshctl.model.progress import TURN, Phase, ProgressEvent
from meshctl.ports.world import ProgressSink

_OPERATIONS = {
    "pull": "pulling",
    "build": "building",
    "pull or build": "building",
    "create": "creating",
    "start": "starting",
    "stop": "stopping",
    "remove": "removing",
    "pause": "pausing",
    "unpause": "resuming",
}


@dataclass(frozen=True, slots=True)
class Command:
    """``run`` does it and returns the sentence for it; ``doing`` (``stopping``) is told of ``service`` meanwhile."""

    doing: str
    run: Callable[[Lifecycle, ProgressSink], Awaitable[str]]
    service: str = ""


class Commands:
    """Runs commands, one at a time for each service. ``redraw`` is called when ``pending`` has changed.

    ``say(sentence, hint, good)`` tells how it went.
    """

    def __init__(self, lifecycle: Lifecycle, say: Callable[[str, str, bool], None], redraw: Callable[[], None]) -> None:
        self.pending: dict[str, str] = {}
        self._lifecycle = lifecycle
        self._say = say
        self._redraw = redraw

    async def carry_out(self, command: Command) -> None:
        """Never raises: what goes wrong is said."""
        busy = self.pending.get(command.service, "")
        if busy:
            self._say(f"{command.service} is {busy} already", "", True)
            return
        touched: set[str] = set()

        def tell(service: str, doing: str) -> None:
            touched.add(service)
            if doing:
                self.pending[service] = doing
            else:
                self.pending.pop(service, None)
            self._redraw()

        if command.service:
            tell(command.service, command.doing)
        try:
            self._say(await command.run(self._lifecycle, PendingSink(command, tell, self._say)), "", True)
        except MeshError as error:
            self._say(str(error), error.hint or "", False)
        except Exception as error:
            self._say(f"{command.doing} {command.service}: {error or type(error).__name__}", "", False)
        finally:
            for service in touched:
                self.pending.pop(service, None)
            self._redraw()


@dataclass(slots=True)
class PendingSink:
    """Tells which service is being worked on, '' when that operation is over, and whom ``command`` waits for."""

    command: Command
    tell: Callable[[str, str], None]
    say: Callable[[str, str, bool], None]

    def emit(self, event: ProgressEvent) -> None:
        if event.operation == TURN:
            self._wait(event)
            return
        doing = _OPERATIONS.get(event.operation)
        if doing is None or not event.service:
            return
        going_on = event.phase in (Phase.STARTED, Phase.PROGRESS)
        self.tell(event.service, doing if going_on else "")

    def _wait(self, event: ProgressEvent) -> None:
        """In the row of the service; of a command for all of them in a notice."""
        if self.command.service:
            self.tell(self.command.service, event.message or self.command.doing)
        elif event.phase in (Phase.STARTED, Phase.PROGRESS):
            self.say(event.message, "", True)


async def bring_up(services: tuple[str, ...], lifecycle: Lifecycle, sink: ProgressSink) -> str:
    """Start what is not running, all for (). Raises MeshError."""
    report = await lifecycle.up(UpOptions(services), sink)
    if report.error is not None:
        raise report.error
    what = ", ".join(services) or "everything"
    took = f"{what} is up after {report.elapsed_ms / 1000:.1f} s" if report.changed else f"{what} was up already"
    return "; ".join((took, *report.notes))
