"""What can be done in a waterfall."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.core.traces.waterfall.navigation import WaterfallNavigation
from meshctl.present.span_tabs import LOGS
from meshctl.tui.actions import FILTER, Action
from meshctl.tui.frame_actions import FRAME
from meshctl.tui.intents import ChooseOther, ShowService
from meshctl.tui.trace_verbs import PIN, TraceContext
from meshctl.tui.widgets.span_detail import SpanDetail

_SCROLL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallContext(TraceContext):
    """``nav`` moves about in the trace, ``detail`` tells of the span under the cursor."""

    nav: WaterfallNavigation
    detail: SpanDetail


def _rows(c: WaterfallContext) -> bool:
    return c.nav.rows > 0


def _errors(c: WaterfallContext) -> bool:
    return bool(c.nav.errors)


def _found(c: WaterfallContext) -> bool:
    return bool(c.nav.found)


def _zoomed(c: WaterfallContext) -> bool:
    return c.nav.zoomed


def _foldable(c: WaterfallContext) -> bool:
    return c.nav.foldable


def _find(c: WaterfallContext) -> None:
    c.screen.open_filter()


def _toggle_critical(c: WaterfallContext) -> None:
    c.nav.toggle_critical()


def _show_service(c: WaterfallContext) -> None:
    c.host.go(ShowService(c.nav.service))


def _compare(c: WaterfallContext) -> None:
    c.host.go(ChooseOther(c.trace_id))


ACTIONS: tuple[Action[WaterfallContext], ...] = (
    Action("fold", "enter", "fold", "fold or unfold the span", lambda c: c.nav.toggle(), _foldable, meaning="open"),
    Action("details", "tab", "details", "attributes, events, links, logs", lambda c: c.detail.cycle(1), _rows),
    Action("next error", "e", "error", "next span with an error", lambda c: c.nav.next_error(), _errors),
    Action("previous error", "E", "", "previous span with an error", lambda c: c.nav.next_error(-1), _errors),
    Action("find", "f slash", "find", "find in names, services and attributes", _find, _rows, meaning=FILTER.meaning),
    Action("next found", "n", "next", "next span that was found", lambda c: c.nav.next_found(), _found),
    Action("previous found", "b", "", "previous span that was found", lambda c: c.nav.next_found(-1), _found),
    Action("zoom in", "plus equals_sign", "zoom", "zoom in around the span", lambda c: c.nav.zoom_in(), _rows),
    Action("zoom out", "minus", "", "zoom out", lambda c: c.nav.zoom_out(), _zoomed),
    Action("zoom whole", "0", "whole", "show all of the time", lambda c: c.nav.zoom_whole(), _rows),
    Action("critical path", "i", "critical", "only the critical path, or everything", _toggle_critical, _rows),
    Action("service of the span", "o", "service", "go to the service of the span", _show_service, _rows),
    Action("logs", "l", "logs", "the log lines of this trace", lambda c: c.detail.choose(LOGS), _rows),
    Action("collapse", "left", "", "fold, or go to the parent", lambda c: c.nav.collapse(), _rows),
    Action("expand", "right", "", "unfold, or go to the first child", lambda c: c.nav.expand(), _rows),
    Action("earlier", "shift+left", "", "earlier", lambda c: c.nav.earlier(), _zoomed),
    Action("later", "shift+right", "", "later", lambda c: c.nav.later(), _zoomed),
    Action("details up", "shift+up", "", "scroll the details up", lambda c: c.detail.scroll_by(-_SCROLL), _rows),
    Action("details down", "shift+down", "", "scroll the details down", lambda c: c.detail.scroll_by(_SCROLL), _rows),
    Action("details before", "shift+tab", "", "the tab before", lambda c: c.detail.cycle(-1), _rows),
    *PIN,
    Action("compare", "x", "compare", "compare with another trace", _compare, lambda c: c.trace is not None),
    *FRAME,
)
