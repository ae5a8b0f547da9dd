"""The line above what a screen shows: what it is of, how it is narrowed, how much of it there is."""

from __future__ import annotations

from meshctl.core.traces.listing import ShownTraces
from meshctl.present.lines import ACCENT, BUSY, MUTED, STRONG, WARN, Line, Segment, between, service_tone
from meshctl.present.text import cell_len, fit
from meshctl.present.trace_rows import ID_SHOWN

#: (seconds, words) of the times that the map looks back; 0 is all that is kept.
WINDOWS = ((60.0, "the last minute"), (600.0, "the last 10 minutes"), (0.0, "all that is kept"))


def rule(title: str, width: int) -> Line:
    """``─ events ────``"""
    told = fit(f"─ {title} ", width)
    return (Segment(told + "─" * (width - cell_len(told)), MUTED),)


def logs_head(service: str, following: bool, kept: int, shown: int, width: int) -> Line:
    """``service`` '' for all; ``shown`` of the ``kept`` lines pass the filter."""
    who = Segment(service, service_tone(service)) if service else Segment("all services", STRONG)
    count = f"{kept:,} lines" if kept == shown else f"{shown:,} of {kept:,} lines"
    how = Segment("▶ following", ACCENT) if following else Segment("‖ held, space follows", WARN)
    left = (Segment(" logs of ", MUTED), who, Segment("  "), how)
    return between(left, (Segment(f"{count} ", MUTED),), width)


def traces_head(listing: ShownTraces, shown: int, above: int, compare_with: str, width: int) -> Line:
    """``above`` rows are out of sight above what is looked at; ``compare_with`` waits for the other trace."""
    kept = listing.kept
    count = f"{kept:,} traces" if shown == kept else f"{shown:,} of {kept:,} traces"
    order = "slowest first" if listing.slowest_first else "newest first"
    what = f"{count} · {order}{' · only errors' if listing.only_errors else ''} "
    left = [Segment(" ")]
    if compare_with:
        left += [Segment("compare ", MUTED), Segment(compare_with[:ID_SHOWN], ACCENT), Segment(" with…  ", STRONG)]
    return between((*left, *_how(listing, above)), (Segment(what, MUTED),), width)


def _how(listing: ShownTraces, above: int) -> Line:
    if listing.held:
        newer = f", {listing.newer:,} newer" if listing.newer else ""
        return (Segment(f"‖ held{newer}, space follows", WARN),)
    if listing.searching:
        return (Segment("◌ searching the collector…", BUSY),)
    if listing.trouble:
        return (Segment(f"✖ {listing.trouble}", WARN),)
    if listing.found is not None:
        return (Segment("⌕ found by the collector", ACCENT),)
    if above:
        return (Segment(f"▲ {above:,} above, home follows", MUTED),)
    return (Segment("▶ following", ACCENT),) if listing.kept else ()


def map_head(window: str, edges: int, width: int) -> Line:
    """What is looked back, and what the lines mean."""
    left = (Segment(" calls in ", MUTED), Segment(window, STRONG), Segment("  d changes", MUTED))
    legend = (
        Segment("── ", ACCENT),
        Segment("call  ", MUTED),
        Segment("╌╌ ", ACCENT),
        Segment("message  ", MUTED),
        Segment(f"{edges:,} edges ", MUTED),
    )
    return between(left, legend, width)


def why_head(findings: int, width: int) -> Line:
    count = f"{findings} finding{'' if findings == 1 else 's'} "
    return between((Segment(" what is wrong, cause first", STRONG),), (Segment(count, MUTED),), width)


def compare_head(width: int) -> Line:
    right = Segment("changes of self time; the older one is before ", MUTED)
    return between((Segment(" two traces compared", STRONG),), (right,), width)
