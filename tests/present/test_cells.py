"""Text of strangers: safe, and as wide as a terminal draws it."""

from __future__ import annotations

import pytest
from rich.cells import cell_len as terminal_cells

from meshctl.present.text import cell_len, clean, fit, pad
from meshctl.present.lines import Segment, fit_line, line_cells, plain


@pytest.mark.parametrize(
    ("first", "last"),
    [(0x20, 0x262F), (0x2E80, 0xD7FF), (0xE000, 0xFFFF), (0x1F000, 0x1FFFF), (0x20000, 0x20100), (0xE0000, 0xE01FF)],
)
def test_every_character_is_counted_as_terminals_count_it(first: int, last: int) -> None:
    later = range(0x4DC0, 0x4E00)  # hexagrams became wide in Unicode 16
    cleaned = [clean(chr(code)) for code in range(first, last + 1) if code not in later]
    assert [text for text in cleaned if cell_len(text) != terminal_cells(text)] == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("POST /orders/", "POST /orders/"),
        ("注文 é", "注文 é"),
        ("a\x1b[2Jb\x00\x7f", "a·[2Jb··"),
        ("a\nb\r\nc\td", "a⏎b⏎c d"),
        ("\u202egnp.exe", "·gnp.exe"),
        ("\ud800 \u200b", "· ·"),
        ("❤\ufe0f 👍\U0001f3fd", "❤ 👍"),
    ],
)
def test_nothing_in_a_name_moves_the_cursor(text: str, safe: str) -> None:
    assert clean(text) == safe
    assert clean(text).isprintable()


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("orders", 6, "orders"),
        ("orders", 5, "orde…"),
        ("注文", 4, "注文"),
        ("注文", 3, "注…"),
        ("注文", 2, "…"),
        ("a", 0, ""),
    ],
)
def test_what_is_cut_ends_in_an_ellipsis(text: str, width: int, cut: str) -> None:
    assert fit(text, width) == cut


def test_padding_fills_to_the_cell() -> None:
    assert (pad("注", 4), pad("注", 4, right=True), pad("注文", 3)) == ("注  ", "  注", "注…")


@pytest.mark.parametrize("width", range(12))
def test_a_line_never_gets_wider_than_its_room(width: int) -> None:
    line = (Segment("● "), Segment("注文", "good"), Segment(" ok"))
    cut = fit_line(line, width)
    assert line_cells(cut) <= width
    assert plain(cut) == "● 注文 ok" or plain(cut).endswith("…") or width == 0
