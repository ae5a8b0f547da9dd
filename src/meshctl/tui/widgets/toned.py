"""Tones of ``present`` lines as styles of the theme."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from meshctl.present.colours import service_colour
from meshctl.present.lines import TONES, Line


class Toned(Widget):
    """A widget that draws toned lines. With the class ``-stale`` everything is drawn muted."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone}" for tone in TONES}

    def tone_style(self, tone: str) -> Style:
        """The style of one tone on this widget's ground."""
        if self.has_class("-stale"):
            return self.get_component_rich_style("tone--muted")
        if tone.startswith("service:"):
            colour = service_colour(tone.removeprefix("service:"), dark=self.app.current_theme.dark)
            return self.rich_style + Style(color=colour)
        return self.get_component_rich_style(f"tone--{tone}") if tone else self.rich_style

    def strip(self, line: Line, width: int, over: Style | None = None) -> Strip:
        """One line cut or padded to ``width``; ``over`` is laid over every span."""
        base = self.rich_style if over is None else self.rich_style + over
        segments = list(self._segments(line, over))
        return Strip(segments).adjust_cell_length(width, base).crop(0, width)

    def _segments(self, line: Line, over: Style | None) -> Iterable[Segment]:
        for span in line:
            style = self.tone_style(span.tone)
            yield Segment(span.text, style if over is None else style + over)
