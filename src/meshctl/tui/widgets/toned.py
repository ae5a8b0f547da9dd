"""Tones of ``present`` lines as styles of the theme."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from meshctl.present.colours import service_colour
from meshctl.present.lines import TONES, Line

#: The component classes of a widget that draws toned lines. With the class ``-stale`` it draws all muted.
TONE_CLASSES = frozenset(f"tone--{tone}" for tone in TONES)


def tone_style(widget: Widget, tone: str) -> Style:
    """The style of one tone on the widget's ground."""
    if widget.has_class("-stale"):
        return widget.get_component_rich_style("tone--muted")
    if tone.startswith("service:"):
        colour = service_colour(tone.removeprefix("service:"), dark=widget.app.current_theme.dark)
        return widget.rich_style + Style(color=colour)
    return widget.get_component_rich_style(f"tone--{tone}") if tone else widget.rich_style


def toned_strip(widget: Widget, line: Line, width: int, over: Style | None = None) -> Strip:
    """One line cut or padded to ``width``; ``over`` is laid over every span."""
    over = over or Style.null()
    segments = [Segment(span.text, tone_style(widget, span.tone) + over) for span in line]
    return Strip(segments).adjust_cell_length(width, widget.rich_style + over)
