"""A series as a line of block characters."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.present.text import pad

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int, least_top: float = 0.0) -> str:
    """The last ``width`` values, newest at the right; shorter series are padded at the left.

    The tallest block is the greatest value shown, but at least ``least_top``: noise near zero stays flat.
    """
    shown = list(values)[-width:]
    top = max([least_top, *shown])
    return pad("".join(_block(value, top) for value in shown), width, right=True)


def _block(value: float, top: float) -> str:
    if top <= 0 or value <= 0:
        return _BLOCKS[0]
    return _BLOCKS[min(len(_BLOCKS) - 1, int(value / top * (len(_BLOCKS) - 1) + 0.5))]
