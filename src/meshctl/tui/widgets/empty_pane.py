"""What stands in place of an empty list: a sentence and the next step."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from meshctl.present.text import clean


class EmptyPane(Vertical):
    """Shown by its screen while there is nothing to list."""

    DEFAULT_CSS = """
    EmptyPane { display: none; height: 1fr; align: center middle; }
    EmptyPane Static { width: 100%; text-align: center; padding: 0 4 1 4; }
    EmptyPane #step { color: $muted; }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="sentence", markup=False)
        yield Static(id="step", markup=False)

    def say(self, sentence: str, step: str = "") -> None:
        self.query_one("#sentence", Static).update(clean(sentence))
        self.query_one("#step", Static).update(clean(step))
