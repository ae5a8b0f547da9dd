"""Text of strangers: safe, and as wide as a terminal draws it."""

from __future__ import annotations

import pytest
from rich.cells import cell_len as terminal_cells
from rich.cells import set_cell_size

from meshctl.present.lines import Segment, between, fit_line, line_cells, plain, words
from meshctl.present.text import SafeText, clean, fit, glyphs, pad, unstyled, wrap
from tests.hostile import CORPUS, obeyed

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
#: In one string: narrow, wide, emoji of all kinds, marks, and what must not pass.
WILD = f"a注é e\u0301 {FAMILY} ❤\ufe0f \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd 한 \x1b]0;x\x07 \u202e ก็"


@pytest.mark.parametrize("plane", range(17))
def test_every_character_is_safe_once_clean_and_as_wide_as_the_screen_takes_it(plane: int) -> None:
    characters = [chr(code) for code in range(plane << 16, (plane + 1) << 16)]
    cleaned = [clean(character) for character in characters]
    assert [text for text in cleaned if obeyed(text)] == []
    assert [text for text in cleaned if text.cells != terminal_cells(text)] == []
    assert [text for text in cleaned if clean(str(text)) != text] == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("POST /orders/", "POST /orders/"),
        ("注文 é", "注文 é"),
        ("a\x1b[2Jb\x00\x7f", "a␛[2Jb␀␡"),
        ("a\nb\r\nc\td\re", "a⏎b⏎c d␍e"),
        ("a\x85b\u2028c\u2029d", "a⏎b⏎c⏎d"),
        ("\x9b31m", "�31m"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("\ud800 \u200b \ue000 \U000e0041", "� � � �"),
        ("❤\ufe0f 👍\U0001f3fd", "❤ 👍"),
        (FAMILY, "\U0001f468\U0001f469\U0001f467"),
        ("a\u200db", "a�b"),
        ("\U0001f1e9\U0001f1ea", "DE"),
        ("\u0338✔", "◌\u0338✔"),
        ("a" + "\u0301" * 5000 + "b", "a" + "\u0301" * 6 + "�b"),
    ],
)
def test_what_cannot_be_seen_is_shown_in_its_place(text: str, safe: str) -> None:
    assert clean(text) == safe


def test_only_cleaning_makes_safe_text() -> None:
    assert isinstance(clean("a"), SafeText)
    assert SafeText("\x1b") == "␛"
    assert type(clean("a") + "\x1b") is str
    assert (Segment("\x1b").text, type(Segment("a").text)) == ("␛", SafeText)


@pytest.mark.parametrize("one", CORPUS)
@pytest.mark.parametrize("other", CORPUS)
def test_safe_texts_stay_safe_and_as_wide_side_by_side(one: str, other: str) -> None:
    joined = clean(one) + clean(other)
    assert clean(joined) == joined
    assert terminal_cells(joined) == clean(one).cells + clean(other).cells


@pytest.mark.parametrize("width", range(60))
@pytest.mark.parametrize("text", [WILD, "plain ascii text", "注文が作成されました"])
def test_what_is_cut_or_filled_has_its_width_on_the_screen_too(text: str, width: int) -> None:
    assert terminal_cells(fit(text, width)) <= width
    for right in (False, True):
        padded = pad(text, width, right=right)
        assert terminal_cells(padded) == width
        assert set_cell_size(padded, width) == padded
    for line in wrap(text, max(2, width), 4):
        assert terminal_cells(line) <= max(2, width)
    for line in words(text, max(1, width)):
        assert terminal_cells(line) <= max(1, width)


def test_wrapping_loses_nothing_and_leaves_marks_where_they_are() -> None:
    assert "".join(wrap(WILD, 7, 99)) == clean(WILD)
    assert not any(line.startswith("\u0301") for line in wrap("e\u0301" * 9, 2, 99))


def test_glyphs_keep_their_marks() -> None:
    assert list(glyphs("e\u0301注")) == [("e\u0301", 1), ("注", 2)]


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("orders", 6, "orders"),
        ("orders", 5, "orde…"),
        ("to be cut", 4, "to…"),
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


def test_colours_of_a_log_line_go_and_the_rest_is_shown() -> None:
    assert unstyled("\x1b[1;32mINFO\x1b[0m:\tup\x1b[2K") == "INFO:   up␛[2K"


@pytest.mark.parametrize("width", range(12))
def test_a_line_never_gets_wider_than_its_room(width: int) -> None:
    line = (Segment("● "), Segment("注文", "good"), Segment(" ok"))
    cut = fit_line(line, width)
    assert line_cells(cut) <= width
    assert plain(cut) == "● 注文 ok" or plain(cut).endswith("…") or width == 0


@pytest.mark.parametrize("width", range(12))
def test_what_stands_at_both_edges_fills_the_line(width: int) -> None:
    line = between((Segment("注文"),), (Segment("in 東京"),), width)
    assert line_cells(line) == width
