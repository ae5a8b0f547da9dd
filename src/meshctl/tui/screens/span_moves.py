"""How one moves about in a waterfall: folding, time, errors, what is searched for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from textual import on

from meshctl.core.traces.search import SpanFinder
from meshctl.core.traces.waterfall.view import WaterfallView, after
from meshctl.tui.context import Context
from meshctl.tui.screens.traces_base import CollectorScreen
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.span_detail import SpanDetail
from meshctl.tui.widgets.span_rows import SpanRows

_CLOSER = 0.5
_PAN = 0.25
_SCROLL = 3


class SpanMoves(CollectorScreen):
    """The half of the waterfall screen that acts on the view. ``view`` is None until the trace has been read."""

    view: WaterfallView | None = None
    found: Sequence[int] = ()
    _finder: SpanFinder | None = None

    @property
    def rows(self) -> SpanRows:
        return self.query_one(SpanRows)

    @property
    def wanted(self) -> str:
        """What is searched for in the trace."""
        return self.query_one(FilterLine).text

    @property
    def errors(self) -> Sequence[int]:
        """Rows that failed."""
        return self.view.errors if self.view is not None else ()

    def show_span(self) -> None:
        """Draw the details of the selected span."""
        raise NotImplementedError

    def replace_view(self, view: WaterfallView) -> None:
        """Show a trace, or the same trace grown; the cursor stays on its span."""
        index = 0
        if self.view is not None:
            view.look_like(self.view)
            index = max(0, view.find(self._selected_id()))
        self.view = view
        self._finder = SpanFinder(view.waterfall)
        self._show_view(index)
        self._find(self.wanted, move=False)
        if self.wanted:
            self._read_attributes_of(move=False)
        self.show_span()

    # -- the tree

    def do_toggle(self, context: Context) -> None:
        if self.view is not None:
            self._fold(self.rows.index, not self.view.folded(self.rows.index))

    def do_collapse(self, context: Context) -> None:
        """Fold; what has nothing to fold goes to its parent."""
        view, index = self.view, self.rows.index
        if view is None:
            return
        if view.foldable(index) and not view.folded(index):
            self._fold(index, True)
        elif view.parent(index) >= 0:
            self.rows.select(str(view.parent(index)))

    def do_expand(self, context: Context) -> None:
        """Unfold; what is unfolded goes to its first child."""
        view, index = self.view, self.rows.index
        if view is None or not view.foldable(index):
            return
        if view.folded(index):
            self._fold(index, False)
        else:
            self.rows.action_move(1)

    def do_critical(self, context: Context) -> None:
        if self.view is not None:
            self.view.show_only_critical(not self.view.only_critical)
            self._show_view()

    # -- time

    def do_zoom_in(self, context: Context) -> None:
        self._zoom(_CLOSER)

    def do_zoom_out(self, context: Context) -> None:
        self._zoom(1 / _CLOSER)

    def do_zoom_whole(self, context: Context) -> None:
        if self.view is not None:
            self.view.unzoom()
            self._show_time()

    def do_pan_left(self, context: Context) -> None:
        self._pan(-_PAN)

    def do_pan_right(self, context: Context) -> None:
        self._pan(_PAN)

    # -- errors and finding

    def do_next_error(self, context: Context) -> None:
        self._go_to(after(self.errors, self.rows.index, 1))

    def do_previous_error(self, context: Context) -> None:
        self._go_to(after(self.errors, self.rows.index, -1))

    def do_find(self, context: Context) -> None:
        self.query_one(FilterLine).open()
        self._read_attributes_of(move=True)

    def do_next_match(self, context: Context) -> None:
        self._go_to(after(self.found, self.rows.index, 1))

    def do_previous_match(self, context: Context) -> None:
        self._go_to(after(self.found, self.rows.index, -1))

    # -- details

    def do_next_tab(self, context: Context) -> None:
        self.query_one(SpanDetail).cycle(1)

    def do_previous_tab(self, context: Context) -> None:
        self.query_one(SpanDetail).cycle(-1)

    def do_detail_up(self, context: Context) -> None:
        self.query_one(SpanDetail).scroll_by(-_SCROLL)

    def do_detail_down(self, context: Context) -> None:
        self.query_one(SpanDetail).scroll_by(_SCROLL)

    # -- events

    def row_selected(self) -> None:
        """The cursor is on another row: at once, so that the details come in the same frame."""
        self.show_span()
        if self.found:
            self.query_one("#ruler", LineBar).redraw()
        self.show_footer()

    @on(SpanRows.Opened)
    def _opened(self) -> None:
        if self.view is not None and self.view.foldable(self.rows.index):
            self._fold(self.rows.index, not self.view.folded(self.rows.index))

    @on(SpanRows.Folded)
    def _sign_clicked(self, event: SpanRows.Folded) -> None:
        if self.view is not None:
            self._fold(event.index, not self.view.folded(event.index))

    @on(SpanRows.Zoomed)
    def _wheel_zoomed(self, event: SpanRows.Zoomed) -> None:
        self._zoom(event.factor)

    @on(FilterLine.Changed)
    def _typed(self, event: FilterLine.Changed) -> None:
        self._find(event.text, move=True)

    # -- inside

    def _selected_id(self) -> str:
        index = self.rows.index
        return self.view.span_id(index) if self.view is not None and index >= 0 else ""

    def _fold(self, index: int, folded: bool) -> None:
        if self.view is not None and index >= 0:
            self.view.fold(index, folded)
            self._show_view()

    def _go_to(self, index: int) -> None:
        if self.view is None or index < 0:
            return
        if self.view.reveal(index):
            self._show_view(self.rows.index)
        self.rows.go_to(index)

    def _zoom(self, factor: float) -> None:
        if self.view is not None and self.rows.index >= 0:
            self.view.zoom(self.rows.index, factor)
            self._show_time()

    def _pan(self, share: float) -> None:
        if self.view is not None:
            self.view.pan(share)
            self._show_time()

    def _show_time(self) -> None:
        self.rows.forget_lines()
        self.query_one("#ruler", LineBar).redraw()
        self.show_footer()

    def _show_view(self, index: int | None = None) -> None:
        if self.view is not None:
            self.rows.show_view(self.view, index)
            self._show_time()

    def _find(self, text: str, *, move: bool) -> None:
        if self._finder is None:
            return
        self.found = self._finder.matches(text)
        if move and self.found:
            self._go_to(after(self.found, self.rows.index, 1, here=True))
        self.query_one("#ruler", LineBar).redraw()
        self.show_footer()

    def _read_attributes_of(self, *, move: bool) -> None:
        self.start(partial(self._read_attributes, move), "find")

    async def _read_attributes(self, move: bool) -> None:
        finder = self._finder
        if finder is not None and not finder.complete:
            await asyncio.to_thread(finder.read)
            if finder is self._finder and self.ready:
                self._find(self.wanted, move=move)
