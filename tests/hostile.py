"""Text that a terminal would obey, hide or draw wider than it looks, and what tells whether any of it is left."""

from __future__ import annotations

import unicodedata
from random import Random

#: Direction controls and isolates, joiners and other letters of no width, separators of lines and paragraphs.
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HIDDEN = "\u00ad\u034f\u180e\u200b\u200c\u200d\u2028\u2029\u2060\u2064\ufeff\ufff9\U000e0001\U000e0041"
#: What moves a cursor, sets a title, writes a clipboard, asks the terminal to answer, or turns text round.
PAYLOADS = (
    "\x1b]0;pwned\x07",
    "\x1b]52;c;cHduZWQ=\x1b\\",
    "\x1b]8;;http://pwned\x1b\\x\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H\x1b[?1049h\x1b[6n",
    "\x1bP$qm\x1b\\\x1bc",
    "\x9b2J\x9d0;pwned\x9c\x90\x85",
    "\x00\x01\x07\x08\x0b\x0c\x0e\x7f\xad",
    "one\rtwo\nthree\r\nfour\tfive",
    f"safe\u202eexe.gnp\u202c{BIDI}",
    f"zero{HIDDEN}width",
    "\udcff\ud800-\udc80",
    "\ue000\U000f0000\uffff\U0010ffff",
    "\x1b[31mred\x1b[0m",
)
#: What is harmless, and not as wide as it is long.
WIDE = (
    "注文サービス",
    "e\u0301a\u0308\u0304",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467❤\ufe0f👍\U0001f3fd",
    "🇩🇪한글ก็",
)
CORPUS = (*PAYLOADS, *WIDE, "", " ", "orders", "\u0301", "{" * 4, "</s>[bold]", "%s{0}\\")
_BAD = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def obeyed(text: str, *, newlines: bool = False) -> str:
    """The characters that may not reach a terminal, as they come."""
    kept = "\n" if newlines else ""
    return "".join(c for c in text if c not in kept and (unicodedata.category(c) in _BAD or c in HIDDEN))


def hostile(random: Random, most: int = 4) -> str:
    """Some of all that, one after the other."""
    return "".join(random.choice(CORPUS) for _ in range(random.randint(1, most)))
