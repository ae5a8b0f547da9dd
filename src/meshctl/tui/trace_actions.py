"""What can be done with traces: in their list, in a waterfall, in a comparison, on the map."""

from __future__ import annotations

from meshctl.tui.context import MAP, TRACES, WATERFALL, Action, Context
from meshctl.tui.service_actions import has_service

_T = (TRACES,)
_W = (WATERFALL,)
_M = (MAP,)


def _has_trace(context: Context) -> bool:
    return context.trace is not None


def _can_open(context: Context) -> bool:
    return context.trace is not None and not context.picking


def _can_pick(context: Context) -> bool:
    return context.trace is not None and context.picking


def _can_pin(context: Context) -> bool:
    return context.trace is not None and not context.trace.pinned and not context.picking


def _can_unpin(context: Context) -> bool:
    return context.trace is not None and context.trace.pinned and not context.picking


def _has_rows(context: Context) -> bool:
    return context.rows > 0


def _has_errors(context: Context) -> bool:
    return context.errors > 0


def _finds(context: Context) -> bool:
    return context.finding


TRACE_ACTIONS: tuple[Action, ...] = (
    Action("open_trace", ("enter",), "open", "show the waterfall of the trace", _T, _can_open, palette=False),
    Action("pick", ("enter",), "compare with it", "compare with this trace", _T, _can_pick, palette=False),
    Action("hold_list", ("space",), "hold", "hold the list still", _T, lambda c: c.following and c.rows > 0),
    Action("follow_list", ("space",), "follow", "let new traces come in again", _T, lambda c: not c.following),
    Action("only_errors", ("e",), "errors", "only traces with errors, or all", _T),
    Action("sort", ("s",), "sort", "newest first, or slowest first", _T, _has_rows),
    Action("pin", ("p",), "pin", "keep it whatever the limits say", (TRACES, WATERFALL), _can_pin),
    Action("unpin", ("p",), "unpin", "let it go", (TRACES, WATERFALL), _can_unpin),
    Action("compare", ("x",), "compare", "compare with another trace", (TRACES, WATERFALL), _can_open),
)

WATERFALL_ACTIONS: tuple[Action, ...] = (
    Action("toggle", ("enter",), "fold", "fold or unfold the span", _W, lambda c: c.foldable, palette=False),
    Action("next_tab", ("tab",), "details", "attributes, events, links, logs", _W, _has_rows, palette=False),
    Action("next_error", ("e",), "error", "next span with an error", _W, _has_errors),
    Action("previous_error", ("E",), "", "previous span with an error", _W, _has_errors, footer=False),
    Action("find", ("f", "slash"), "find", "find in names, services and attributes", _W, _has_rows),
    Action("next_match", ("n",), "next", "next span that was found", _W, _finds),
    Action("previous_match", ("N",), "", "previous span that was found", _W, _finds, footer=False),
    Action("zoom_in", ("plus", "equals_sign"), "zoom", "zoom in around the span", _W, _has_rows),
    Action("zoom_out", ("minus",), "", "zoom out", _W, lambda c: c.zoomed, footer=False),
    Action("zoom_whole", ("0",), "whole", "show all of the time", _W, lambda c: c.rows > 0),
    Action("critical", ("c",), "critical", "only the critical path, or everything", _W, _has_rows),
    Action("service_of_span", ("o",), "service", "go to the service of the span", _W, _has_rows),
    Action("trace_logs", ("l",), "logs", "the log lines of this trace", _W, _has_rows),
    Action("collapse", ("left",), "", "fold, or go to the parent", _W, _has_rows, footer=False, palette=False),
    Action("expand", ("right",), "", "unfold, or go to the first child", _W, _has_rows, footer=False, palette=False),
    Action("pan_left", ("shift+left",), "", "earlier", _W, lambda c: c.zoomed, footer=False, palette=False),
    Action("pan_right", ("shift+right",), "", "later", _W, lambda c: c.zoomed, footer=False, palette=False),
    Action("detail_up", ("shift+up",), "", "scroll the details up", _W, _has_rows, footer=False, palette=False),
    Action("detail_down", ("shift+down",), "", "scroll the details down", _W, _has_rows, footer=False, palette=False),
    Action("previous_tab", ("shift+tab",), "", "the tab before", _W, _has_rows, footer=False, palette=False),
)

MAP_ACTIONS: tuple[Action, ...] = (
    Action("enter_node", ("enter",), "service", "go to the service", _M, has_service, palette=False),
    Action("node_traces", ("t",), "traces", "show the traces of the service", _M, lambda c: c.rows > 0),
    Action("window", ("w",), "window", "calls of the last minute, of ten minutes, or of all that is kept", _M),
)
