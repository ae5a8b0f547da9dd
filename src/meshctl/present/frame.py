"""The frame around every screen: title line with links, tab line, sentences for empty panes."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.model.status import LinkState
from meshctl.present.lines import ACCENT, BAD, GOOD, MUTED, STRONG, WARN, Line, Segment, between, line_cells
from meshctl.present.units import age, clock_time


def title_line(project: str, links: Sequence[LinkState], now: float, width: int, *, observed: bool = True) -> Line:
    """``meshctl · shop   ● docker 20.10   ● consul 11 passing   14:02:11``; details go first when narrow.

    ``observed``: the runtime has answered at least once, so that now it is lost, not unreached.
    """
    left = (Segment(" meshctl", ACCENT), Segment(" · ", MUTED), Segment(project, STRONG))
    clock = (Segment(f"{clock_time(now)} ", MUTED),)
    room = width - line_cells((*left, *clock)) - 6
    shown = _links(links, now, room, observed)
    return between((*left, Segment("    "), *shown) if shown else left, clock, width)


def tab_line(tabs: Sequence[tuple[str, str]], current: str, notice: str, width: int) -> Line:
    """``1 Services  2 Logs``; ``tabs`` are (key, title). ``notice`` stands at the right."""
    spans: list[Segment] = [Segment(" ")]
    for key, title in tabs:
        chosen = title == current
        spans += [Segment(f"{key} ", ACCENT if chosen else MUTED), Segment(title, STRONG if chosen else MUTED)]
        spans.append(Segment("  "))
    return between(spans, (Segment(f"{notice} ", WARN),) if notice else (), width)


def stale_notice(links: Sequence[LinkState], observed_at: float | None, now: float) -> str:
    """``as of 12 s ago`` while the engine is lost and old figures are shown, else ''."""
    runtime = runtime_link(links)
    if runtime is None or runtime.up or observed_at is None:
        return ""
    return f"as of {age(max(0.0, now - observed_at))} ago"


def runtime_link(links: Sequence[LinkState]) -> LinkState | None:
    """The connection to the container engine comes first; None before the first try."""
    return links[0] if links else None


def empty_services(known: int, links: Sequence[LinkState], observed_at: float | None, wanted: str) -> tuple[str, str]:
    """A sentence and the next step for a list without rows, of a project of which ``known`` services are known."""
    if wanted and known:
        return f"No service matches “{wanted}”.", "Esc clears the filter."
    runtime = runtime_link(links)
    if runtime is not None and not runtime.up and observed_at is None:
        return runtime.detail or "No container engine answers.", runtime.hint or "It is tried again by itself."
    if observed_at is None:
        return "Asking the container engine…", ""
    return "This project has no services.", "Add one under `services:` in meshctl.yaml."


def _links(links: Sequence[LinkState], now: float, room: int, observed: bool) -> list[Segment]:
    spans: list[Segment] = []
    for with_detail in (True, False):
        spans = []
        for link in links:
            verb = "not reached" if link is runtime_link(links) and not observed else "lost"
            spans += [*_link(link, verb, now, with_detail), Segment("   ")]
        if line_cells(spans[:-1]) <= room:
            break
    return spans[:-1]


def _link(link: LinkState, verb: str, now: float, with_detail: bool) -> list[Segment]:
    if link.up:
        # A version's build suffix (20.10.24+dfsg1) tells a developer nothing.
        detail = f" {link.detail.partition('+')[0]}" if link.detail and with_detail else ""
        return [Segment("● ", GOOD), Segment(link.name), Segment(detail, MUTED)]
    retrying = ", retrying" if with_detail else ""
    return [Segment("○ ", BAD), Segment(f"{link.name} {verb} {age(max(0.0, now - link.since))}{retrying}", BAD)]
