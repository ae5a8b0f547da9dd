"""Verbs a person gives to the engine: what runs, and what is said while it does and when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from meshctl.engine.session import MeshSession
from meshctl.engine.up import UpOptions
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.ports.world import ProgressSink
from meshctl.tui.context import Context

DOING = {
    "start": "starting",
    "stop": "stopping",
    "restart": "restarting",
    "pause": "pausing",
    "unpause": "resuming",
    "scale_out": "scaling",
    "scale_in": "scaling",
}
_DONE = {
    "start": "started",
    "stop": "stopped",
    "restart": "restarted",
    "pause": "paused",
    "unpause": "goes on",
}
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


@dataclass(slots=True)
class PendingSink:
    """Tells which service is being worked on; '' when that operation is over."""

    tell: Callable[[str, str], None]

    def emit(self, event: ProgressEvent) -> None:
        doing = _OPERATIONS.get(event.operation)
        if doing is None or not event.service:
            return
        going_on = event.phase in (Phase.STARTED, Phase.PROGRESS)
        self.tell(event.service, doing if going_on else "")


async def carry_out(session: MeshSession, verb: str, context: Context, sink: ProgressSink) -> str:
    """Run one verb on the context's service and return the sentence for it. Raises MeshError."""
    if verb == "up":
        return await _up(session, (), sink)
    assert context.service is not None
    service = context.service.service
    if verb == "start" and not context.service.instances:
        return await _up(session, (service,), sink)
    if verb in ("scale_out", "scale_in"):
        count = context.instances + (1 if verb == "scale_out" else -1)
        await session.lifecycle.scale({service: count}, sink)
        return f"{service} scaled {context.instances} → {count}"
    await getattr(session.lifecycle, verb)((service,), sink)
    return f"{service} {_DONE[verb]}"


async def _up(session: MeshSession, services: tuple[str, ...], sink: ProgressSink) -> str:
    report = await session.lifecycle.up(UpOptions(services), sink)
    if report.error is not None:
        raise report.error
    what = ", ".join(services) or "everything"
    took = f"{what} is up after {report.elapsed_ms / 1000:.1f} s"
    return took if report.changed else f"{what} was up already"
