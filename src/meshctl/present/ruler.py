"""Spans of time in words, and a scale with round numbers."""

from __future__ import annotations

from meshctl.present.text import cell_len
from meshctl.present.units import duration

#: Cells from one tick to the next, at least.
_TICK = 8
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def span_time(nanoseconds: int) -> str:
    """``38.2 ms``, ``640 µs``, ``3.4 s``: three significant figures also of what is very short."""
    if nanoseconds < 99_500:
        micros = nanoseconds / 1000
        return f"{micros:.0f} µs" if micros >= 9.95 or not micros else f"{micros:.1f} µs"
    return duration(nanoseconds / 1_000_000_000)


def ruler_text(start_ns: int, end_ns: int, columns: int) -> str:
    """``0         10        20        38 ms`` in ``columns`` cells: ticks at round times, the end at the end."""
    span = end_ns - start_ns
    if columns <= 0 or span <= 0:
        return " " * max(0, columns)
    size, unit = next(((size, unit) for size, unit in _UNITS if end_ns >= size), _UNITS[-1])
    step = _step(span, columns, size, end_ns)
    decimals = _decimals(step, size)
    last = f"{end_ns / size:.{decimals}f} {unit}"
    line = [" "] * columns
    taken = cell_len(last)
    free = columns - taken - 1
    tick = -(-start_ns // step) * step
    while tick < end_ns:
        label, place = f"{tick / size:.{decimals}f}", (tick - start_ns) * columns // span
        if place + cell_len(label) <= free:
            line[place : place + cell_len(label)] = label
        tick += step
    if taken <= columns:
        line[columns - taken :] = last
    return "".join(line)


def _step(span: int, columns: int, size: int, end_ns: int) -> int:
    """The smallest of 1, 2, 5 × 10ⁿ ns whose labels have room."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            width = cell_len(f"{end_ns / size:.{_decimals(step * factor, size)}f}") + 2
            if step * factor * columns >= span * max(_TICK, width):
                return step * factor
        step *= 10


def _decimals(step: int, size: int) -> int:
    """Digits after the point that a multiple of ``step`` needs in units of ``size``."""
    decimals = 0
    while step % size and decimals < 9:
        step *= 10
        decimals += 1
    return decimals
