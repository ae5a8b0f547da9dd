"""The frame around every screen: title line with links, tab line, sentences for empty panes."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.model.status import LinkState, MeshState
from meshctl.present.lines import ACCENT, BAD, GOOD, MUTED, STRONG, WARN, Line, Segment, between
from meshctl.present.units import age, clock_time


def title_line(state: MeshState, now: float, width: int) -> Line:
    """``meshctl · shop   ● docker 20.10   ● consul 11 passing   14:02:11``; details go first when narrow."""
    left = (Segment(" meshctl", ACCENT), Segment(" · ", MUTED), Segment(state.project, STRONG))
    clock = (Segment(f"{clock_time(now)} ", MUTED),)
    room = width - len("".join(s.text for s in (*left, *clock))) - 6
    links = _links(state, now, room)
    return between((*left, Segment("    "), *links) if links else left, clock, width)


def tab_line(tabs: Sequence[tuple[str, str]], current: str, notice: str, width: int) -> Line:
    """``1 Services  2 Logs``; ``tabs`` are (key, title). ``notice`` stands at the right."""
    spans: list[Segment] = [Segment(" ")]
    for key, title in tabs:
        chosen = title == current
        spans += [Segment(f"{key} ", ACCENT if chosen else MUTED), Segment(title, STRONG if chosen else MUTED)]
        spans.append(Segment("  "))
    return between(spans, (Segment(f"{notice} ", WARN),) if notice else (), width)


def stale_notice(state: MeshState, now: float) -> str:
    """``as of 12 s ago`` while the engine is lost and old figures are shown, else ''."""
    engine = runtime_link(state)
    if engine is None or engine.up or state.observed_at is None:
        return ""
    return f"as of {age(max(0.0, now - state.observed_at))} ago"


def runtime_link(state: MeshState) -> LinkState | None:
    """The connection to the container engine comes first; None before the first try."""
    return state.links[0] if state.links else None


def empty_services(state: MeshState, wanted: str) -> tuple[str, str]:
    """A sentence and the next step for a list without rows."""
    if wanted and state.services:
        return f"No service matches “{wanted}”.", "Esc clears the filter."
    engine = runtime_link(state)
    if engine is not None and not engine.up and state.observed_at is None:
        return engine.detail or "No container engine answers.", engine.hint or "It is tried again by itself."
    if state.observed_at is None:
        return "Asking the container engine…", ""
    return "This project has no services.", "Add one under `services:` in meshctl.yaml."


def _links(state: MeshState, now: float, room: int) -> list[Segment]:
    spans: list[Segment] = []
    for with_detail in (True, False):
        spans = []
        for link in state.links:
            verb = "not reached" if link is runtime_link(state) and state.observed_at is None else "lost"
            spans += [*_link(link, verb, now, with_detail), Segment("   ")]
        if sum(len(span.text) for span in spans[:-1]) <= room:
            break
    return spans[:-1]


def _link(link: LinkState, verb: str, now: float, with_detail: bool) -> list[Segment]:
    if link.up:
        # A version's build suffix (20.10.24+dfsg1) tells a developer nothing.
        detail = f" {link.detail.partition('+')[0]}" if link.detail and with_detail else ""
        return [Segment("● ", GOOD), Segment(link.name), Segment(detail, MUTED)]
    retrying = ", retrying" if with_detail else ""
    return [Segment("○ ", BAD), Segment(f"{link.name} {verb} {age(max(0.0, now - link.since))}{retrying}", BAD)]
