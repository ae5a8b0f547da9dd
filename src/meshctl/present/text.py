"""The gate for foreign text: what has passed moves no cursor, and is as wide as it is counted, on every terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import category, east_asian_width

#: What is shown in place of a character that cannot be seen: a direction, a joiner, half of a pair, no character.
UNSEEN = "�"
_LINE_ENDS = "\n\x85\u2028\u2029"
_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
#: First and last of the letters and marks that nobody sees, and of the signs that became wide with Unicode 16.
_UNCERTAIN = (
    *("\u034f\u034f", "\u115f\u1160", "\u17b4\u17b5", "\u180b\u180d", "\u180f\u180f", "\u3164\u3164", "\uffa0\uffa0"),
    *("\u2630\u2637", "\u268a\u268f", "\u4dc0\u4dff", "\U0001d300\U0001d356", "\U0001d360\U0001d376"),
)
#: Selectors and skin tones change how the character before them is drawn, and how wide: not everywhere alike.
_VARIATION = re.compile("[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")
_JOINER = "\u200d"
_FLAG_A, _FLAG_Z = 0x1F1E6, 0x1F1FF
#: Marks, and the second and third part of a Korean syllable, share the cell before them: so many of them.
_MARKS = ("Mn", "Mc", "Me")
_MOST_MARKS = 6
#: What a mark stands on that has nothing before it, as in Unicode's own charts.
_NO_BASE = "◌"
#: One cell each, and nothing to clean: what most texts consist of.
_NARROW = re.compile(
    "[ -~\xa0-\xac\xae-\u02ff\u0391-\u03a1\u03a3-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u25fc]*"
).fullmatch
_SHORT = 64
#: Colours and weights of a log line; they say nothing that would be missed.
_STYLES = re.compile(r"\x1b\[[0-9;:]*m")


class SafeText(str):
    """Text that no terminal obeys, made by cleaning and in no other way.

    Two of them one after the other need no more cleaning; what is cut out of one in another way than here does.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> SafeText:
        return clean(text)

    @property
    def cells(self) -> int:
        """Columns of a terminal: wide characters take two, marks none."""
        return len(self) if self.isascii() else _cells(self)


_made = str.__new__


def clean(text: str) -> SafeText:
    """Controls as their pictures (``␛``), line ends as ``⏎``, what is invisible or unassigned as ``�``.

    Flags become letters, joined emoji stand side by side, what only varies a character goes.
    """
    if text.__class__ is SafeText:
        return text
    if text.isascii() and text.isprintable():
        return _made(SafeText, text)
    return _cleaned_short(text) if len(text) <= _SHORT else _cleaned(text)


def unstyled(text: str) -> SafeText:
    """What a program wrote, without the colours that it wrote it in; tabs keep their columns."""
    if text.isascii() and text.isprintable():
        return _made(SafeText, text)
    return clean(_STYLES.sub("", text).expandtabs(4))


def cell_len(text: str) -> int:
    """Cells that the text takes once it is clean."""
    return clean(text).cells


def fit(text: str, width: int) -> SafeText:
    """At most ``width`` cells; what is cut ends in ``…``."""
    text = clean(text)
    if text.cells <= width:
        return text
    if width <= 0:
        return _made(SafeText, "")
    kept = _head(text, width - 1)
    return _made(SafeText, kept.rstrip() + "…")


def pad(text: str, width: int, *, right: bool = False) -> SafeText:
    """Exactly ``width`` cells: cut or filled up."""
    text = clean(text)
    missing = width - text.cells
    if missing < 0:
        text = fit(text, width)
        missing = width - text.cells
    if missing <= 0:
        return text
    return _made(SafeText, " " * missing + text if right else text + " " * missing)


def wrap(text: str, width: int, most: int) -> list[SafeText]:
    """Cut into at most ``most`` lines of ``width`` cells anywhere; the last one is cut with ``…``."""
    rest, lines = clean(text), list[SafeText]()
    while len(lines) < most - 1 and rest.cells > width:
        head = _head(rest, width) or next(glyphs(rest))[0]
        lines.append(_made(SafeText, head))
        rest = _made(SafeText, rest[len(head) :])
    return [*lines, fit(rest, width)]


def glyphs(text: str) -> Iterator[tuple[str, int]]:
    """What stands in a cell of its own, with its marks, and how many cells it takes."""
    base, cells = "", 0
    for character in clean(text):
        width = _width(character)
        if width and base:
            yield base, cells
            base = ""
        base, cells = base + character, cells if base else width
    if base:
        yield base, cells


def _cells(text: SafeText) -> int:
    return len(text) if _NARROW(text) else sum(map(_width, text))


def _head(text: SafeText, width: int) -> str:
    """As much of the beginning as fits into ``width`` cells."""
    if text.isascii() or _NARROW(text):
        return text[:width]
    end = 0
    for character in text:
        width -= _width(character)
        if width < 0:
            break
        end += 1
    return text[:end]


def _cleaned(text: str) -> SafeText:
    if _NARROW(text):
        return _made(SafeText, text)
    characters = _VARIATION.sub("", text.replace("\r\n", "\n"))
    shown: list[str] = []
    marks, before = _MOST_MARKS, ""
    for place, character in enumerate(characters):
        if character == _JOINER and _is_emoji(before) and _is_emoji(characters[place + 1 : place + 2]):
            continue
        before = character
        sign = _shown(character)
        if _width(sign):
            marks = 0
        elif not shown:
            marks, sign = 1, _NO_BASE + sign
        else:
            marks += 1
            if marks > _MOST_MARKS:
                sign = UNSEEN if marks == _MOST_MARKS + 1 else ""
        shown.append(sign)
    return _made(SafeText, "".join(shown))


_cleaned_short = lru_cache(maxsize=4096)(_cleaned)


def _is_emoji(character: str) -> bool:
    return bool(character) and category(character) == "So"


@lru_cache(maxsize=8192)
def _shown(character: str) -> str:
    """One visible character in place of one that is not."""
    code = ord(character)
    if character == "\t":
        return " "
    if character in _LINE_ENDS:
        return "⏎"
    if code < 0x20 or code == 0x7F:
        return chr(0x2400 + code) if code < 0x20 else "␡"
    if _FLAG_A <= code <= _FLAG_Z:
        return chr(ord("A") + code - _FLAG_A)
    return UNSEEN if not_seen(character) else character


def not_seen(character: str) -> bool:
    """Whether a terminal might obey it, hide it, or give it another width than the next one."""
    return category(character) in _UNSAFE or any(span[0] <= character <= span[1] for span in _UNCERTAIN)


@lru_cache(maxsize=8192)
def _width(character: str) -> int:
    if category(character) in _MARKS or "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
