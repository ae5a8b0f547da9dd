"""The frame around every screen: title line with links, tab line, how old the figures are, notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from meshctl.model.status import LinkState
from meshctl.present.lines import ACCENT, BAD, GOOD, MUTED, STRONG, WARN, Line, Segment, between, line_cells, words
from meshctl.present.units import age, clock_time

_LOOKS = {"information": ("·", ACCENT), "warning": ("▲", WARN), "error": ("✖", BAD)}
_MOST_NOTICE_LINES = 4


def title_line(
    project: str,
    links: Sequence[LinkState],
    now: float,
    width: int,
    *,
    observed: bool = True,
    partial: bool = False,
) -> Line:
    """``meshctl · shop   ● docker 20.10   ● consul 11 passing   14:02:11``; details go first when narrow.

    ``observed``: the runtime has answered at least once, so that now it is lost, not unreached. ``partial``: not all
    is known of the file.
    """
    left: Line = (Segment(" meshctl", ACCENT), Segment(" · ", MUTED), Segment(project, STRONG))
    if partial:
        left = (*left, Segment(" · as labels tell", WARN))
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


def stale_traces(links: Sequence[LinkState], collector: str, observed_at: float | None, now: float) -> str:
    """The same of what the service ``collector`` tells; where it was never looked for, the runtime's loss counts."""
    link = link_to(links, collector)
    if link is None:
        return stale_notice(links, observed_at, now)
    return "" if link.up else f"as of {age(max(0.0, now - link.since))} ago"


def is_reached(links: Sequence[LinkState]) -> bool:
    """Whether the runtime answers, as far as is known."""
    runtime = runtime_link(links)
    return runtime is None or runtime.up


def link_to(links: Sequence[LinkState], name: str) -> LinkState | None:
    """The connection of that name; None in a project without one, and before it was looked for."""
    return next((link for link in links if link.name == name), None)


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


@dataclass(frozen=True, slots=True)
class Notice:
    """``severity`` is Textual's word; ``until`` monotonic seconds."""

    text: str
    hint: str
    severity: str
    until: float


@dataclass(slots=True)
class Notices:
    """What is to be said now; each goes by itself. ``monotonic`` gives seconds."""

    monotonic: Callable[[], float]
    told: list[Notice] = field(default_factory=list)

    def add(self, text: str, hint: str, severity: str, seconds: float) -> None:
        self.told.append(Notice(text, hint, severity, self.monotonic() + seconds))

    def lines(self, width: int) -> list[Line]:
        now = self.monotonic()
        self.told = [notice for notice in self.told if notice.until > now]
        return notice_lines(self.told, width)

    def clear(self) -> None:
        self.told.clear()


def notice_lines(notices: Sequence[Notice], width: int) -> list[Line]:
    """The newest notice, wrapped; [] when there is none."""
    if not notices:
        return []
    notice = notices[-1]
    sign, tone = _LOOKS[notice.severity]
    told = [(part, tone if notice.severity == "error" else "") for part in words(notice.text, width - 5)]
    told += [(part, MUTED) for part in words(notice.hint, width - 5)]
    lead = (Segment(f" {sign} ", tone), Segment("   "))
    return [(lead[min(number, 1)], Segment(part, how)) for number, (part, how) in enumerate(told[:_MOST_NOTICE_LINES])]
