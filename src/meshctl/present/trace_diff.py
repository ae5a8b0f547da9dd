"""The comparison of two traces."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.core.traces.diff import Change, Side, Step, TraceDiff
from meshctl.present.lines import (
    ACCENT,
    BAD,
    BUSY,
    GOOD,
    MUTED,
    STRONG,
    Line,
    Segment,
    fit_line,
    line_cells,
    service_tone,
)
from meshctl.present.ruler import span_time
from meshctl.present.text import pad
from meshctl.present.units import percent

_SHOWN = 12
#: From this width on there is room for numbers of spans, and for longer names.
_ROOMY = 100
_AMOUNT, _RATIO, _SERVICE, _TAIL = 10, 7, 14, 38
_LEAST_SERVICE, _LEAST_STEP, _LEAST_TAIL = 10, 12, 23


def diff_lines(found: TraceDiff, width: int, most: int = _SHOWN) -> list[Line]:
    """A headline and a block for each kind of change, at most ``most`` rows each; lines of at most ``width`` cells."""
    lines = [_headline(found), (Segment(f" before {found.a}", MUTED),), (Segment(f" after  {found.b}", MUTED),)]
    blocks = [
        ("slower", [_moved(change, width, BAD) for change in found.slower]),
        ("faster", [_moved(change, width, GOOD) for change in found.faster]),
        ("new", [_one_sided(change, change.after, "+", width) for change in found.new]),
        ("gone", [_one_sided(change, change.before, "-", width) for change in found.gone]),
        ("errors", [_failing(change, width) for change in found.errors]),
        ("N+1", [_repeated(change, width) for change in found.repeated]),
    ]
    for title, rows in blocks:
        if rows:
            lines += [(), (Segment(f" {title}", ACCENT),), *rows[:most]]
        if len(rows) > most:
            lines.append((Segment(f"   … and {len(rows) - most:,} more", MUTED),))
    same = f"{found.unchanged:,} operation{'' if found.unchanged == 1 else 's'} took as long as before."
    lines += [(), (Segment(f" {same}", MUTED),)]
    return [fit_line(line, width) for line in lines]


def _headline(found: TraceDiff) -> Line:
    change = found.after_ns - found.before_ns
    tone = BAD if change > 0 else GOOD if change < 0 else MUTED
    ratio = f" ({_ratio(found.before_ns, found.after_ns)})" if found.before_ns else ""
    return (
        Segment(f" {span_time(found.before_ns)} → {span_time(found.after_ns)}", STRONG),
        Segment(f"   {_signed(change)}{ratio}", tone),
        Segment(f"   {found.spans[0]:,} → {found.spans[1]:,} spans"),
    )


def _moved(change: Change, width: int, tone: str) -> Line:
    before, after = change.before, change.after
    times = f"{span_time(before.self_ns)} → {span_time(after.self_ns)} self"
    if before.count != after.count and width >= _ROOMY:
        times += f", {before.count:,} → {after.count:,} spans"
    figures = (_signed(change.self_ns), _ratio(before.self_ns, after.self_ns))
    return _row(change, figures, tone, times, width)


def _one_sided(change: Change, side: Side, sign: str, width: int) -> Line:
    times = f"×{side.count:,}, " if side.count > 1 else ""
    times += f"{span_time(side.total_ns)} in all" + (f", {side.errors:,} failed" if side.errors else "")
    return _row(change, (f"{sign}{span_time(side.self_ns)}", ""), BUSY, times, width)


def _failing(change: Change, width: int) -> Line:
    now = change.after.errors > 0
    words = "fails now" if now else "fails no more"
    return _row(change, ("✖" if now else "✔", ""), BAD if now else GOOD, words, width)


def _repeated(change: Change, width: int) -> Line:
    grew = change.after.run > change.before.run
    words = f"{change.before.run:,} → {change.after.run:,} below one parent"
    return _row(change, (f"×{change.after.run:,}", ""), BAD if grew else GOOD, words, width)


def _row(change: Change, figures: tuple[str, str], tone: str, tail: str, width: int) -> Line:
    """``  +12.1 ms  +130%  inventory  POST /reserve ← orders POST /orders/   9.2 → 21.3 ms self``."""
    amount, ratio = figures
    roomy = width >= _ROOMY
    head: Line = (
        Segment(f"  {pad(amount, _AMOUNT, right=True)} {pad(ratio, _RATIO, right=True)}  ", tone),
        Segment(pad(change.step.service, _SERVICE if roomy else _LEAST_SERVICE), service_tone(change.step.service)),
        Segment("  "),
    )
    where = _where(change.above)
    step: Line = (Segment(change.step.name, STRONG), *((Segment(f" ← {where}", MUTED),) if where else ()))
    room = max(_LEAST_STEP, width - line_cells(head) - 2 - (_TAIL if roomy else _LEAST_TAIL))
    step = fit_line(step, room)
    return (*head, *step, Segment(" " * (room - line_cells(step) + 2)), Segment(tail))


def _where(above: Sequence[Step]) -> str:
    return f"{above[-1].service} {above[-1].name}" if above else ""


def _signed(nanoseconds: int) -> str:
    return f"{'-' if nanoseconds < 0 else '+'}{span_time(abs(nanoseconds))}"


def _ratio(before: int, after: int) -> str:
    if not before:
        return ""
    if after >= before * 10:
        return f"×{after / before:,.0f}"
    return f"{'-' if after < before else '+'}{percent(abs(after - before) / before)}"
