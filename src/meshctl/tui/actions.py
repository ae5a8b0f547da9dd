"""Everything a person can do. Keys, footer, palette and help all read this one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from meshctl.model.containers import ContainerState
from meshctl.model.status import ServiceStatus

SERVICES = "services"
LOGS = "logs"
#: (key, mode, title) of the screens that exist.
TABS = (("1", SERVICES, "Services"), ("2", LOGS, "Logs"))

_AT_WORK = (ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.PAUSED)


@dataclass(frozen=True, slots=True)
class Context:
    """What an action would act on now."""

    screen: str
    service: ServiceStatus | None = None
    instances: int = 0
    anything_down: bool = False
    can_go_back: bool = False
    engine_up: bool = True
    following: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """``name`` is the app's or the screen's ``do_<name>`` method; ``verb`` acts on one service (palette).

    ``asks`` gives the question of a destructive action, '' when it need not ask.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    screens: tuple[str, ...] = (SERVICES, LOGS)
    works: Callable[[Context], bool] = field(default=lambda context: True)
    asks: Callable[[Context], str] = field(default=lambda context: "")
    verb: bool = False
    footer: bool = True
    palette: bool = True

    @property
    def shown_key(self) -> str:
        """The first key as a person reads it."""
        return show_key(self.keys[0]) if self.keys else ""


def show_key(key: str) -> str:
    return _KEY_NAMES.get(key, key)


_KEY_NAMES = {
    "enter": "⏎",
    "escape": "esc",
    "slash": "/",
    "colon": ":",
    "ctrl+p": "ctrl+p",
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "space": "space",
    "up": "↑",
    "down": "↓",
}


def _states(context: Context) -> set[ContainerState]:
    return {i.state for i in context.service.instances} if context.service is not None else set()


def _has_service(context: Context) -> bool:
    return context.service is not None


def _runs(context: Context) -> bool:
    return context.engine_up and bool(_states(context) & set(_AT_WORK))


def _rests(context: Context) -> bool:
    return context.engine_up and context.service is not None and not _runs(context)


def _can_pause(context: Context) -> bool:
    return context.engine_up and ContainerState.RUNNING in _states(context)


def _can_resume(context: Context) -> bool:
    return context.engine_up and ContainerState.PAUSED in _states(context) and not _can_pause(context)


def _name(context: Context) -> str:
    return context.service.service if context.service is not None else ""


def _ask_stop(context: Context) -> str:
    many = f" ({context.instances} instances)" if context.instances > 1 else ""
    return f"Stop {_name(context)}{many}?"


def _ask_scale_in(context: Context) -> str:
    return f"Scale {_name(context)} {context.instances} → {context.instances - 1}? One instance is removed."


_S = (SERVICES,)
_L = (LOGS,)

ACTIONS: tuple[Action, ...] = (
    Action("open", ("enter",), "open", "show the details of the service", _S, _has_service, palette=False),
    Action("stop", ("s",), "stop", "stop the service", _S, _runs, _ask_stop, verb=True),
    Action("start", ("s",), "start", "start the service", _S, _rests, verb=True),
    Action("restart", ("r",), "restart", "restart the service", _S, _runs, verb=True),
    Action("logs", ("l",), "logs", "follow the logs of the service", _S, _has_service, verb=True),
    Action("scale_out", ("plus", "equals_sign"), "scale", "one instance more", _S, _runs, verb=True),
    Action(
        "scale_in",
        ("minus",),
        "",
        "one instance less",
        _S,
        lambda context: _runs(context) and context.instances > 1,
        _ask_scale_in,
        verb=True,
        footer=False,
    ),
    Action("pause", ("p",), "pause", "pause the service", _S, _can_pause, verb=True),
    Action("unpause", ("p",), "unpause", "let it go on", _S, _can_resume, verb=True),
    Action(
        "up",
        ("u",),
        "up",
        "start everything that is not running",
        _S,
        lambda c: c.engine_up and c.anything_down,
    ),
    Action("hold", ("space",), "pause", "hold the lines still", _L, lambda c: c.following),
    Action("follow", ("space",), "follow", "follow the newest lines", _L, lambda c: not c.following),
    Action("all_logs", ("a",), "all services", "show the lines of every service", _L, _has_service),
    Action("clear", ("c",), "clear", "forget the lines shown so far", _L),
    Action("filter", ("slash",), "filter", "filter as you type"),
    Action("palette", ("colon", "ctrl+p"), "command", "search every command", palette=False),
    Action("help", ("question_mark",), "help", "list the keys of this screen"),
    Action("back", ("escape",), "back", "go back", works=lambda c: c.can_go_back, palette=False),
    Action("services", ("1",), "", "services screen", footer=False),
    Action("logs_screen", ("2",), "", "logs screen", footer=False),
    Action("theme", (), "", "switch between dark and light", footer=False),
    Action("quit", ("q",), "quit", "leave; what runs keeps running", footer=False),
)

#: Keys the list itself understands, told by the help.
LIST_KEYS = (("↑ ↓  j k", "move"), ("home end", "first, last"), ("pgup pgdn", "a page up, a page down"))


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


def by_name(name: str) -> Action:
    return next(action for action in ACTIONS if action.name == name)
