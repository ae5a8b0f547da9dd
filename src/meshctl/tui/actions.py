"""What an action is. Keys, footer, palette and help of a screen all read its one tuple of actions."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from meshctl.engine.session import Ability
from meshctl.model.findings import Finding
from meshctl.tui.host import Host


class Page(Protocol):
    """What an action of any screen may ask of the one in front."""

    def start(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Run beside the screen, in place of what runs in that group."""
        ...

    def open_filter(self) -> None: ...
    def show_help(self) -> None: ...
    def go_back(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an action is given: who can do things, and what it would act on now. ``number`` is what was answered.

    ``finding`` is what would be mended.
    """

    host: Host
    screen: Page
    finding: Finding | None
    can_go_back: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """Asked in one line, the default is no. With ``number`` (what it is now) another number is asked for.

    ``reason`` is what should be known before the answer: it stands in a notice.
    """

    text: str
    number: int | None = None
    reason: str = ""


C = TypeVar("C", bound=Context, contravariant=True)


@dataclass(frozen=True, slots=True)
class Action(Generic[C]):
    """``keys`` are separated by spaces, ``label`` stands in the footer ('': not there).

    ``meaning`` is what its key means on every screen, if that is another word than the label. What ``needs`` an ability
    changes something; if it is something that runs, the key is a capital letter and it ``asks``, and once more what
    ``confirms`` says of the answer.
    """

    name: str
    keys: str
    label: str
    help: str
    run: Callable[[C], None]
    works: Callable[[C], bool] = field(default=lambda context: True)
    asks: Callable[[C], Question | None] | None = None
    meaning: str = ""
    needs: Ability | None = None
    confirms: Callable[[C], Question | None] | None = None

    @property
    def shown_key(self) -> str:
        """The first key as a person reads it."""
        return show_key(self.keys.split()[0]) if self.keys else ""

    @property
    def in_palette(self) -> bool:
        """Whether it is searched for by name: what moves about is not, nor the palette itself."""
        return not set(self.keys.split()) & _MOVING


def keys_of(actions: Sequence[Action[C]]) -> list[str]:
    """Every key that one of them listens to."""
    return list(dict.fromkeys(key for action in actions for key in action.keys.split()))


def for_key(actions: Sequence[Action[C]], key: str, context: C) -> Action[C] | None:
    """The action this key means now; None when nothing it could mean works."""
    return next((a for a in actions if key in a.keys.split() and a.works(context)), None)


def working(actions: Sequence[Action[C]], context: C) -> Iterator[Action[C]]:
    return (action for action in actions if action.works(context))


def show_key(key: str) -> str:
    """``shift+left`` → ``shift+←``."""
    *held, last = key.split("+")
    return "+".join([*held, _KEY_NAMES.get(last, last)])


_MOVING = {"enter", "escape", "colon", "tab", "left", "right"}
_MOVING |= {f"shift+{key}" for key in ("tab", "left", "right", "up", "down")}
_KEY_NAMES = {
    "enter": "⏎",
    "escape": "esc",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "exclamation_mark": "!",
    "plus": "+",
    "minus": "-",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


#: What the key means that both holds still and follows again.
HOLD = "hold/follow"
FILTER: Action[Context] = Action(
    "filter", "slash", "filter", "filter as you type", lambda c: c.screen.open_filter(), meaning="search"
)
