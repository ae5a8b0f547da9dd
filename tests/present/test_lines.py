"""Cutting, joining and wrapping of toned lines."""

from __future__ import annotations

import pytest

from meshctl.present.lines import Segment, between, fit_line, plain, words
from meshctl.present.text import fit


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [("orders", 6, "orders"), ("orders", 5, "orde…"), ("to be cut", 4, "to…"), ("x", 0, ""), ("ab", 1, "…")],
)
def test_fit(text: str, width: int, cut: str) -> None:
    assert fit(text, width) == cut


@pytest.mark.parametrize("width", range(14))
def test_a_line_never_gets_wider_than_its_room(width: int) -> None:
    line = (Segment("● "), Segment("orders", "good"), Segment(" ok"))
    text = plain(fit_line(line, width))
    assert len(text) <= width
    assert text == "● orders ok"[:width] or text.endswith("…") or width == 0


def test_between_fills_the_width() -> None:
    assert plain(between((Segment("left"),), (Segment("right"),), 14)) == "left     right"


def test_between_cuts_the_left() -> None:
    assert plain(between((Segment("a long text"),), (Segment("right"),), 12)) == "a lon… right"


def test_words_wrap_at_spaces() -> None:
    assert words("waits for rabbitmq now", 12) == ["waits for", "rabbitmq now"]
    assert words("unbreakable", 6) == ["unbre…"]
    assert words("", 10) == []
