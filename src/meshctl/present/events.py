"""What happened, in sentences, and the feed of it: newest first, each over the whole width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from meshctl.core.exits import exit_words, killed_after
from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.status import Health, ReasonKind
from meshctl.present.lines import BAD, MUTED, WARN, Line, Segment, fit_line, service_tone
from meshctl.present.reasons import reason_text
from meshctl.present.status import word
from meshctl.present.text import cell_len, fit, pad
from meshctl.present.units import clock_time

_LONGEST_NAME = 18
#: Exits that somebody asked for, and so are not marked as bad.
_WANTED_EXITS = (0, 143)


def event_text(event: MeshEvent) -> str:
    """One clause; the service or instance is not named."""
    return _TEXTS[event.kind](event)


def event_tone(event: MeshEvent) -> str:
    """Whether somebody should look, and how soon."""
    if event.kind in (EventKind.DIED, EventKind.RESTARTED):
        return "" if event.exit_code in _WANTED_EXITS else BAD
    if event.kind is EventKind.BECAME_UNHEALTHY:
        return WARN if event.after is Health.DEGRADED else BAD
    return BAD if event.kind is EventKind.WATCH_FAILED else ""


def event_lines(events: Sequence[MeshEvent], width: int, height: int) -> list[Line]:
    """At most ``height`` lines."""
    newest = list(reversed(events))[:height]
    if not newest:
        return [(Segment(fit(" Nothing happened since this screen was opened.", width), MUTED),)] if height > 0 else []
    name = min(_LONGEST_NAME, max(cell_len(_who(event)) for event in newest))
    return [_line(event, width - 1, name) for event in newest]


def _who(event: MeshEvent) -> str:
    return event.instance or event.service


def _line(event: MeshEvent, width: int, name: int) -> Line:
    line = (
        Segment(f" {clock_time(event.time)}  ", MUTED),
        Segment(pad(_who(event), name), service_tone(event.service)),
        Segment("  "),
        Segment(event_text(event), event_tone(event)),
    )
    return fit_line(line, max(0, width))


def _exit(event: MeshEvent) -> str:
    return exit_words(event.exit_code, event.oom)


def _stopped(event: MeshEvent) -> str:
    forced = "" if event.since is None or event.oom else killed_after(event.exit_code, event.time - event.since)
    if forced:
        return f"stopped, {forced}"
    return f"stopped: {_exit(event)}" if _exit(event) else "stopped"


def _became_healthy(event: MeshEvent) -> str:
    if event.since is None or event.time < event.since:
        return "healthy"
    return f"healthy after {event.time - event.since:.1f} s"


def _became_unhealthy(event: MeshEvent) -> str:
    assert isinstance(event.after, Health)
    if event.reason is None:
        return word(event.after)
    reason = reason_text(event.reason)
    return reason if event.reason.kind is ReasonKind.CRASH_LOOP else f"{word(event.after)}: {reason}"


def _reason(event: MeshEvent) -> str:
    return reason_text(event.reason) if event.reason is not None else ""


_TEXTS: dict[EventKind, Callable[[MeshEvent], str]] = {
    EventKind.STARTED: lambda event: "started",
    EventKind.STOPPED: _stopped,
    EventKind.DIED: lambda event: _exit(event) or "ended",
    EventKind.RESTARTED: lambda event: f"restarted: {_exit(event) or 'ended'}",
    EventKind.RESTARTED_ON_REQUEST: lambda event: "restarted on request",
    EventKind.PAUSED: lambda event: "paused",
    EventKind.RESUMED: lambda event: "resumed",
    EventKind.REMOVED: lambda event: "removed",
    EventKind.SCALED: lambda event: f"scaled {event.before} → {event.after}",
    EventKind.BECAME_HEALTHY: _became_healthy,
    EventKind.RECOVERED: lambda event: "healthy again",
    EventKind.BECAME_UNHEALTHY: _became_unhealthy,
    EventKind.WATCH_FAILED: _reason,
}
