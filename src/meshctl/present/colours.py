"""A service's own colour, the same everywhere, from its name alone."""

from __future__ import annotations

from zlib import crc32

#: Chosen so that the bundled stack's names get different colours.
_SEED = 83
_ON_DARK = (
    "#8fb8de",
    "#b8a1e3",
    "#7cc4b8",
    "#d9a9c6",
    "#a9c58b",
    "#d8b48a",
    "#8ec1e8",
    "#c3b58a",
    "#9fb0e8",
    "#83c7a0",
    "#cfa3a3",
    "#a8b9c9",
)
_ON_LIGHT = (
    "#2b5f92",
    "#6a48ad",
    "#1b6f63",
    "#8f3f72",
    "#4a6b1f",
    "#8a5612",
    "#1f6a9c",
    "#6d5c12",
    "#3f51a8",
    "#1f7043",
    "#8a3b3b",
    "#46586b",
)


def service_colour(name: str, *, dark: bool = True) -> str:
    """``#rrggbb``, readable on a dark or on a light ground."""
    colours = _ON_DARK if dark else _ON_LIGHT
    return colours[crc32(name.encode("utf-8", "surrogatepass"), _SEED) % len(colours)]
