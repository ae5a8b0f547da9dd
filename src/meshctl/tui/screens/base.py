"""What every screen has: the frame around it, its keys, its footer, and a line to ask in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from meshctl.present.frame import stale_notice, title_line
from meshctl.present.lines import Line
from meshctl.tui.actions import by_name, for_key, keys_of, working
from meshctl.tui.context import Context
from meshctl.tui.view import View
from meshctl.tui.widgets.action_bar import ActionBar
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.notice_line import NoticeLine
from meshctl.tui.widgets.question import Question
from meshctl.tui.widgets.tab_bar import TabBar

if TYPE_CHECKING:
    from meshctl.tui.app import MeshApp


def key_bindings(mode: str) -> list[BindingType]:
    """Every key of a screen's actions, taken before widgets see it, so that fast typing keeps its order."""
    return [Binding(key, f"press('{key}')", show=False, priority=True) for key in keys_of(mode)]


class MeshScreen(Screen[None]):
    """A screen of the mesh. ``mode`` is its tab, ``filters_by`` says what a filter looks at."""

    mode: ClassVar[str]
    filters_by: ClassVar[str] = ""
    filter_sign: ClassVar[str] = "/"

    @property
    def mesh_app(self) -> MeshApp:
        return cast("MeshApp", self.app)

    @property
    def ready(self) -> bool:
        """Whether its widgets are there: all have been mounted, none is being taken away."""
        return bool(self.is_mounted and self.display and self.app.is_running)

    def compose(self) -> ComposeResult:
        yield LineBar(self._title, id="title")
        yield TabBar(self.mode, self._notice, id="tabs")
        yield NoticeLine(self.mesh_app.notice_lines, id="notices")
        yield from self.body()
        yield FilterLine(self.filters_by, sign=self.filter_sign, id="filter")
        yield ActionBar(id="footer")
        yield Question(id="question")

    # -- for the screens

    def body(self) -> ComposeResult:
        """The widgets between the tab line and the footer."""
        raise NotImplementedError

    def context(self, service: str = "") -> Context:
        """What an action would act on: ``service``, or what is selected."""
        raise NotImplementedError

    def main_widget(self) -> Widget:
        """What has the keyboard when nothing else has."""
        raise NotImplementedError

    def show_state(self, state: View, now: float) -> None:
        """Draw the newest state. Called at every change and once a second."""
        self.query_one("#title", LineBar).redraw()
        self.query_one("#tabs", LineBar).redraw()
        self.query_one(NoticeLine).redraw()
        self.set_class(bool(self.stale_since(state, now)), "-stale")
        self.show_footer()

    def stale_since(self, state: View, now: float) -> str:
        """``as of 12 s ago`` while what is shown cannot be brought up to date, else ''."""
        return stale_notice(state.links, state.observed_at, now)

    def show_footer(self) -> None:
        self.query_one(ActionBar).show(list(working(self.context())))

    def start(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Run beside the screen, in place of what runs in that group; a function, so that none is left unawaited.

        Not within the message that asks for it, as an eager task would: a screen that is mounted just now is not ready.
        """
        wide: Any = work  # Textual's type asks for coroutines that are sent None.
        self.call_later(self.run_worker, wide, group=group, exclusive=True)

    def ask(self, question: str, yes: Callable[[], None]) -> None:
        """Ask in the footer's line; the keyboard goes back where it was."""
        footer, focused = self.query_one(ActionBar), self.focused

        def after() -> None:
            footer.display = True
            self.set_focus(focused or self.main_widget())

        footer.display = False
        self.query_one(Question).ask(question, yes, after)

    def do_filter(self, context: Context) -> None:
        self.query_one(FilterLine).open()

    # -- events

    def on_mount(self) -> None:
        self.main_widget().focus()

    def on_screen_resume(self) -> None:
        self.mesh_app.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that means nothing here, or that belongs to a text or a question, is not taken."""
        if action != "press":
            return super().check_action(action, parameters)
        if isinstance(self.focused, Input | Question):
            return False
        return for_key(str(parameters[0]), self.context()) is not None

    def action_press(self, key: str) -> None:
        action = for_key(key, self.context())
        if action is not None:
            self.mesh_app.perform(action)

    @on(ActionBar.Chosen)
    def _footer_clicked(self, event: ActionBar.Chosen) -> None:
        self.mesh_app.perform(by_name(event.name, self.context().screen))

    @on(TabBar.Chosen)
    def _tab_clicked(self, event: TabBar.Chosen) -> None:
        self.mesh_app.show_tab(event.mode)

    @on(NoticeLine.Dismissed)
    def _notice_read(self) -> None:
        self.mesh_app.dismiss_notices()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.set_focus(self.main_widget())

    def _title(self, width: int) -> Line:
        app, state = self.mesh_app, self.mesh_app.state
        observed = state.observed_at is not None
        return title_line(app.session.config.name, state.links, app.now(), width, observed=observed)

    def _notice(self) -> str:
        return self.stale_since(self.mesh_app.state, self.mesh_app.now())
