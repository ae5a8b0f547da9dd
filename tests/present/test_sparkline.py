"""A series as blocks."""

from __future__ import annotations

from meshctl.present.sparkline import sparkline


def test_the_tallest_is_full_and_nothing_is_low() -> None:
    assert sparkline([0, 0.5, 1], 3) == "▁▅█"


def test_only_the_newest_are_shown_and_a_short_series_stands_right() -> None:
    assert sparkline([1, 0, 0], 2) == "▁▁"
    assert sparkline([1], 3) == "  █"
    assert sparkline([], 3) == "   "


def test_noise_stays_flat() -> None:
    assert sparkline([0.001, 0.004], 2, least_top=0.25) == "▁▁"
