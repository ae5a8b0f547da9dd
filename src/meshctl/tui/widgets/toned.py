"""Tones of ``present`` lines as styles of the theme."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from meshctl.present.colours import service_colour
from meshctl.present.lines import ACCENT, BAD, BUSY, GOOD, MUTED, STRONG, WARN, Line

#: The theme's variable for each tone. Not component classes: a widget would have a style sheet's work for each.
_COLOURS = {MUTED: "muted", ACCENT: "accent", BUSY: "accent", GOOD: "success", WARN: "warning", BAD: "error"}
_SERVICE = "service:"


class Toned(Widget):
    """A widget that draws toned lines. With the class ``-stale`` it draws all muted.

    To work a style out takes longer than to draw with it: each is kept until Textual has new ones.
    """

    _tones: dict[str, Style] | None = None

    def notify_style_update(self) -> None:
        self._tones = None
        super().notify_style_update()

    def tone_style(self, tone: str) -> Style:
        """The style of one tone on the widget's ground."""
        if self._tones is None:
            self._tones = {}
        style = self._tones.get(tone)
        if style is None:
            style = self._tones[tone] = self._worked_out(tone)
        return style

    def toned_strip(self, line: Line, width: int, *, cursor: bool = False) -> Strip:
        """One line cut or padded to ``width``, on the cursor's ground if it is under the cursor."""
        over = Style(bgcolor=self.app.theme_variables["cursor-row"]) if cursor else Style.null()
        segments = [Segment(span.text, self.tone_style(span.tone) + over) for span in line]
        return Strip(segments).adjust_cell_length(width, self.tone_style("") + over)

    def _worked_out(self, tone: str) -> Style:
        variables = self.app.theme_variables
        if self.has_class("-stale"):
            return self.rich_style + Style(color=variables["muted"])
        if tone.startswith(_SERVICE):
            dark = self.app.current_theme.dark
            return self.rich_style + Style(color=service_colour(tone.removeprefix(_SERVICE), dark=dark))
        if tone == STRONG:
            return self.rich_style + Style(bold=True)
        return self.rich_style + Style(color=variables[_COLOURS[tone]]) if tone else self.rich_style
