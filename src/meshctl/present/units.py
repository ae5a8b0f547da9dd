"""Numbers as people read them: three significant figures at most, always with a unit."""

from __future__ import annotations

from datetime import datetime


def duration(seconds: float) -> str:
    """``0.3 ms``, ``41.2 ms``, ``3.4 s``, ``2m05s``."""
    if seconds < 0.9995:
        return f"{_three(seconds * 1000)} ms"
    if seconds < 59.95:
        return f"{_three(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s"


def age(seconds: float) -> str:
    """One unit, rounded down: ``12 s``, ``12m``, ``3h``, ``5d``."""
    whole = int(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h"
    return f"{whole // 86400}d"


def ago(seconds: float) -> str:
    """How long it is past, in words: ``12 s ago``, ``2 min ago``, ``3 h ago``, ``5 d ago``."""
    told = age(seconds)
    number, unit = told[:-1].rstrip(), told[-1]
    return f"{number} {'min' if unit == 'm' else unit} ago"


def percent(fraction: float) -> str:
    """``0.04`` → ``4%``; below ten per cent one decimal: ``0.4%``."""
    value = fraction * 100
    return f"{value:.1f}%" if 0.05 <= value < 9.95 and round(value, 1) % 1 else f"{value:.0f}%"


def size(count: int) -> str:
    """Bytes in binary units without a space: ``88M``, ``1.2G``."""
    value, units = float(count), ["B", "K", "M", "G", "T"]
    while value >= 999.5 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{value:.1f}{units[0]}" if value < 9.95 and units[0] in "GT" else f"{value:.0f}{units[0]}"


def clock_time(unix: float) -> str:
    """Local wall time, ``14:02:07``."""
    return datetime.fromtimestamp(unix).astimezone().strftime("%H:%M:%S")


def _three(value: float) -> str:
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}"
