"""What an action is, and what it would act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from meshctl.model.status import ServiceStatus
from meshctl.model.traces import TraceSummary

SERVICES = "services"
TRACES = "traces"
MAP = "map"
LOGS = "logs"
#: Screens that lie over another one and belong to its tab.
WATERFALL = "waterfall"
COMPARE = "compare"
#: (key, mode, title) of the screens that exist.
TABS = (("1", SERVICES, "Services"), ("2", TRACES, "Traces"), ("3", MAP, "Map"), ("6", LOGS, "Logs"))
TITLES = {**{mode: title for _, mode, title in TABS}, WATERFALL: "Waterfall", COMPARE: "Compare"}


@dataclass(frozen=True, slots=True)
class Context:
    """What an action would act on now. ``trace`` is the selected trace, or the one that is open."""

    screen: str
    service: ServiceStatus | None = None
    instances: int = 0
    anything_down: bool = False
    can_go_back: bool = False
    engine_up: bool = True
    following: bool = True
    trace: TraceSummary | None = None
    #: Another trace waits to be compared with the one that is chosen.
    picking: bool = False
    rows: int = 0
    errors: int = 0
    foldable: bool = False
    zoomed: bool = False
    finding: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """``name`` is the app's or the screen's ``do_<name>`` method; ``verb`` acts on one service (palette).

    ``asks`` gives the question of a destructive action, '' when it need not ask.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    screens: tuple[str, ...] = tuple(TITLES)
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
    """``shift+left`` → ``shift+←``."""
    *held, last = key.split("+")
    return "+".join([*held, _KEY_NAMES.get(last, last)])


_KEY_NAMES = {
    "enter": "⏎",
    "escape": "esc",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
