"""What every screen has: the frame around it, its keys, its footer, and a line to ask in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, Label

from meshctl.engine.state.topic import Reader, Topic
from meshctl.model.findings import Finding
from meshctl.present.findings import nothing_up
from meshctl.present.frame import stale_notice, stale_traces
from meshctl.present.lines import ACCENT, Line, Segment
from meshctl.present.text import cell_len, pad
from meshctl.tui.actions import Action, Context, Question, for_key, keys_of, show_key, working
from meshctl.tui.host import Host
from meshctl.tui.intents import Back
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.frame import FrameFoot, FrameHead
from meshctl.tui.widgets.line_pane import LinePane
from meshctl.tui.widgets.question import QuestionLine

C = TypeVar("C", bound=Context)


def key_bindings(actions: Sequence[Action[C]]) -> list[BindingType]:
    """Every key of a screen's actions, taken before widgets see it, so that fast typing keeps its order."""
    return [Binding(key, f"press('{key}')", show=False, priority=True) for key in keys_of(actions)]


class MeshScreen(Screen[None], Generic[C]):
    """A screen of the mesh. ``mode`` is its tab, ``heading`` its name, ``filters_by`` what a filter looks at."""

    mode: str
    heading: ClassVar[str]
    #: Whether what it shows is told by the collector, and as old as the collector's last word.
    of_collector: ClassVar[bool] = False
    filters_by: ClassVar[str] = ""
    filter_sign: ClassVar[str] = "/"
    #: Whether the first finding stands above it.
    tells_finding: ClassVar[bool] = True
    #: All that a person can do here: keys, footer, palette and help read this.
    actions: tuple[Action[C], ...]
    #: Keys that the main widget itself understands, told by the help.
    widget_keys: ClassVar[Sequence[tuple[str, str]]] = ()

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.filter = FilterLine(self.filters_by, self.main_widget, sign=self.filter_sign, id="filter")
        self._last_drawn = 0.0
        self._frame_head = FrameHead(host, self.mode, self.stale, self.tells_finding)
        self._frame_foot = FrameFoot(self.action_press)

    @property
    def ready(self) -> bool:
        """Whether its widgets are there: all have been mounted, none is being taken away."""
        return bool(self.is_mounted and self.display and self.app.is_running)

    def compose(self) -> ComposeResult:
        yield from self._frame_head.bars
        yield self._frame_head.notices
        yield from self.body()
        yield self.filter
        yield self._frame_foot.actions
        yield self._frame_foot.question

    @property
    def finding(self) -> Finding | None:
        """What the mending key is about: what the frame tells."""
        known = self.host.session.state.services.value
        return None if nothing_up(known.services) else next(iter(known.findings), None)

    # -- for the screens

    def body(self) -> ComposeResult:
        """The widgets between the tab line and the footer."""
        raise NotImplementedError

    def context(self) -> C:
        """What an action would act on: what is selected."""
        raise NotImplementedError

    def main_widget(self) -> Widget:
        """What has the keyboard when nothing else has."""
        raise NotImplementedError

    def topics(self) -> Sequence[Topic[Any, Any]]:
        """What is shown beside services and links: a change of these has it drawn anew."""
        return ()

    def stale(self) -> str:
        """``as of 12 s ago`` while what is shown cannot be brought up to date, else ''."""
        session = self.host.session
        links, observed_at = session.state.links.value, session.state.services.value.observed_at
        if self.of_collector:
            return stale_traces(links, session.config.collector, observed_at, session.now())
        return stale_notice(links, observed_at, session.now())

    def draw_body(self) -> None:
        """Bring the widgets of ``body`` up to date."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show what is known now. Called at every change and once a second."""
        if not self.ready:
            return
        self._last_drawn = monotonic()
        self._frame_head.redraw()
        self.set_class(bool(self.stale()), "-stale")
        self.draw_body()
        self.show_footer()

    def draw_if_older(self, seconds: float) -> None:
        """Ages move on where nothing happens; what was drawn just now is not drawn again for them."""
        if monotonic() - self._last_drawn > seconds:
            self.draw()

    def show_footer(self) -> None:
        self._frame_foot.actions.show(list(working(self.actions, self.context())))

    def start(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Run beside the screen, in place of what runs in that group; a function, so that none is left unawaited.

        Not within the message that asks for it, as an eager task would: a screen that is mounted just now is not ready.
        """
        wide: Any = work  # Textual's type asks for coroutines that are sent None.
        self.call_later(self.run_worker, wide, group=group, exclusive=True)

    def perform(self, action: Action[C], context: C) -> None:
        """Do what an action says; ask first if it acts on what runs, say why if it cannot be done here."""
        why = self.host.session.can(action.needs) if action.needs is not None else ""
        question = action.asks(context) if action.asks is not None else None
        if why:
            self.host.notify(why, severity="warning", timeout=6)
        elif question is not None:
            self._ask(question, partial(self._answered, action, context))
        else:
            self._run(action, context)

    def _ask(self, question: Question, answered: Callable[[int], None]) -> None:
        if question.reason:
            self.host.notify(question.reason, severity="warning", timeout=12)
        self._frame_foot.ask(question, answered, self.focused or self.main_widget())

    def _answered(self, action: Action[C], context: C, number: int) -> None:
        """``number`` is 0 where none was asked for."""
        given = replace(context, number=number)
        once_more = action.confirms(given) if action.confirms is not None else None
        if once_more is None:
            self._run(action, given)
        else:
            self._ask(once_more, lambda _: self._run(action, given))

    def _run(self, action: Action[C], context: C) -> None:
        action.run(context)
        if self.is_current:
            self.show_footer()

    # -- what every screen can do

    def open_filter(self) -> None:
        self.filter.open()

    def show_help(self) -> None:
        self.app.push_screen(HelpScreen(self.heading, self.widget_keys, self.actions))

    def go_back(self) -> None:
        """What is filtered by is forgotten first."""
        if self.filter.text:
            self.filter.clear()
        else:
            self.host.go(Back())

    # -- events

    def on_mount(self) -> None:
        self.main_widget().focus()
        self.start(self._follow, "topics")

    def on_screen_resume(self) -> None:
        self.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that belongs to a text or a question is not taken."""
        if action == "press":
            return not isinstance(self.focused, Input | QuestionLine)
        return super().check_action(action, parameters)

    def action_press(self, key: str) -> None:
        context = self.context()
        action = for_key(self.actions, key, context)
        if action is not None:
            self.perform(action, context)

    async def _follow(self) -> None:
        """Draw what is in front when something that it shows has changed."""
        state = self.host.session.state
        reader = Reader(state.links, state.services, *self.topics())
        try:
            async for _ in reader:
                if self.is_current:
                    self.draw()
        finally:
            reader.close()


class HelpScreen(ModalScreen[None]):
    """Any of ``?``, Esc, Enter and q closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,enter,q", "dismiss", show=False, priority=True),
    ]

    def __init__(self, title: str, widget_keys: Sequence[tuple[str, str]], actions: Sequence[Action[Any]]) -> None:
        super().__init__()
        self._lines = help_lines(widget_keys, actions)
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = f" {self._title}: keys "
            pane = LinePane(id="keys")
            pane.styles.height = len(self._lines)
            yield pane
            yield Label("esc closes", id="close")

    def on_mount(self) -> None:
        self.query_one(LinePane).show(self._lines)
        self.query_one(LinePane).focus()

    def on_click(self) -> None:
        self.dismiss()


def help_lines(widget_keys: Sequence[tuple[str, str]], actions: Sequence[Action[Any]]) -> list[Line]:
    """One line per key."""
    rows = dict(widget_keys)
    for action in actions:
        if action.keys:
            keys = "  ".join(show_key(key) for key in action.keys.split() if key != "equals_sign")
            known = rows.get(keys, action.help)
            rows[keys] = known if known == action.help else f"{known} · {action.help}"
    return [(Segment(f" {pad(keys, max(12, cell_len(keys)))}", ACCENT), Segment(what)) for keys, what in rows.items()]
