"""Everything a person can do. Keys, footer, palette and help all read this one list."""

from __future__ import annotations

from collections.abc import Iterable

from meshctl.tui.context import COMPARE, LOGS, MAP, SERVICES, TRACES, WATERFALL, Action, Context
from meshctl.tui.service_actions import LOG_ACTIONS, SERVICE_ACTIONS
from meshctl.tui.trace_actions import MAP_ACTIONS, TRACE_ACTIONS, WATERFALL_ACTIONS

_FRAME = (
    Action("filter", ("slash",), "filter", "filter as you type", (SERVICES, TRACES, LOGS)),
    Action("palette", ("colon", "ctrl+p"), "command", "search every command", palette=False),
    Action("help", ("question_mark",), "help", "list the keys of this screen"),
    Action("back", ("escape",), "back", "go back", works=lambda c: c.can_go_back, palette=False),
    Action("services", ("1",), "", "services screen", footer=False),
    Action("traces_screen", ("2",), "", "traces screen", footer=False),
    Action("map_screen", ("3",), "", "map screen", footer=False),
    Action("logs_screen", ("6",), "", "logs screen", footer=False),
    Action("theme", (), "", "switch between dark and light", footer=False),
    Action("quit", ("q",), "quit", "leave; what runs keeps running", footer=False),
)
ACTIONS: tuple[Action, ...] = (
    *SERVICE_ACTIONS,
    *LOG_ACTIONS,
    *WATERFALL_ACTIONS,
    *TRACE_ACTIONS,
    *MAP_ACTIONS,
    *_FRAME,
)

_MOVE = (("↑ ↓  j k", "move"), ("home end", "first, last"), ("pgup pgdn", "a page up, a page down"))
_LOOK = (("↑ ↓", "scroll"), ("home end", "first, last"), ("pgup pgdn", "a page up, a page down"))
#: Keys that the main widget of a screen itself understands, told by the help.
WIDGET_KEYS = {
    SERVICES: _MOVE,
    TRACES: _MOVE,
    WATERFALL: _MOVE,
    MAP: (("↑ ↓ ← →", "select a service"), ("pgup pgdn", "scroll the table")),
    LOGS: _LOOK,
    COMPARE: _LOOK,
}


def on_screen(screen: str) -> list[Action]:
    return [action for action in ACTIONS if screen in action.screens]


def keys_of(screen: str) -> list[str]:
    """Every key some action of the screen listens to."""
    return list(dict.fromkeys(key for action in on_screen(screen) for key in action.keys))


def for_key(key: str, context: Context) -> Action | None:
    """The action this key means now; None when nothing it could mean works."""
    return next((a for a in on_screen(context.screen) if key in a.keys and a.works(context)), None)


def working(context: Context) -> Iterable[Action]:
    return (action for action in on_screen(context.screen) if action.works(context))


def by_name(name: str, screen: str) -> Action:
    """The action of that name on one screen."""
    return next(action for action in on_screen(screen) if action.name == name)
