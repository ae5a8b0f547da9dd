"""The lines around every screen: title, tabs and notices above, footer and question below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from meshctl.present.findings import finding_head
from meshctl.present.frame import is_reached, tab_line, title_line
from meshctl.present.lines import ACCENT, MUTED, Line, Segment
from meshctl.present.text import cell_len
from meshctl.tui.actions import Action, Question
from meshctl.tui.frame_actions import MEND_KEY
from meshctl.tui.host import Host
from meshctl.tui.intents import TABS, ShowTab, ShowWhy
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.line_pane import LinePane
from meshctl.tui.widgets.question import QuestionLine
from meshctl.tui.widgets.toned import Toned

#: Labels of the footer that are left out last.
_KEPT = ("help", "back", "mend", "why")


class FrameHead:
    """Title, tabs, notices, and in their place what is wrong, unless ``tells`` is False.

    ``stale`` gives how old what is shown is, '' if it is not.
    No widget around its widgets: a container would be laid out and drawn with every frame.
    """

    def __init__(self, host: Host, mode: str, stale: Callable[[], str], tells: bool) -> None:
        self._host = host
        self._tells = tells
        self._stale = stale
        self.bars = (LineBar(self._title, id="title"), TabBar(mode, stale, self._show_tab, id="tabs"))
        self.notices = NoticeLine(self._said, self._clicked, id="notices")

    def redraw(self) -> None:
        for bar in self.bars:
            bar.redraw()
        self.notices.redraw()

    def _said(self, width: int) -> Sequence[Line]:
        """What is wrong first, where nothing else is to be said."""
        notices, state = self._host.notice_lines(width), self._host.session.state
        self.notices.set_class(bool(self._stale()) and not notices, "-stale")
        if notices or not self._tells:
            return notices
        known, key = state.services.value, MEND_KEY if is_reached(state.links.value) else ""
        return finding_head(known.findings, known.services, self._host.session.now(), width, key)

    def _clicked(self) -> None:
        if self._host.notice_lines(self.notices.size.width):
            self._host.dismiss_notices()
        else:
            self._host.go(ShowWhy())

    def _show_tab(self, mode: str) -> None:
        self._host.go(ShowTab(mode))

    def _title(self, width: int) -> Line:
        session = self._host.session
        links, observed = session.state.links.value, session.state.services.value.observed_at is not None
        config = session.config
        return title_line(config.name, links, session.now(), width, observed=observed, partial=bool(config.partial))


class FrameFoot:
    """What can be done now; while something is asked, the question stands in its place."""

    def __init__(self, press: Callable[[str], None]) -> None:
        self.actions = ActionBar(press, id="footer")
        self.question = QuestionLine(id="question")

    def ask(self, question: Question, answered: Callable[[int], None], back: Widget) -> None:
        """``answered`` is called if the answer is yes; ``back`` gets the keyboard in either case."""

        def after() -> None:
            self.actions.display = True
            self.actions.screen.set_focus(back)

        self.actions.display = False
        self.question.ask(question.text, question.number, answered, after)


class TabBar(LineBar):
    """Screens that exist, with their digits; a click switches. ``notice`` gives the text at the right end."""

    def __init__(self, mode: str, notice: Callable[[], str], switch: Callable[[str], None], *, id: str) -> None:
        title = next(title for _, name, title in TABS if name == mode)
        tabs = [(key, title) for key, _, title in TABS]
        super().__init__(lambda width: tab_line(tabs, title, notice(), width), id=id)
        self._switch = switch

    def on_click(self, event: events.Click) -> None:
        x = 1
        for key, mode, title in TABS:
            width = cell_len(f"{key} {title}  ")
            if x <= event.x < x + width:
                self._switch(mode)
                return
            x += width


class NoticeLine(LinePane, can_focus=False):
    """One blank line while there is nothing to say, more when it needs them."""

    DEFAULT_CSS = "NoticeLine { height: 1; overflow-y: hidden; }"

    def __init__(self, draw: Callable[[int], Sequence[Line]], clicked: Callable[[], None], *, id: str) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._clicked = clicked

    def redraw(self) -> None:
        lines = list(self._draw(self.size.width)) if self.size.width else []
        if lines != self.lines:
            self.styles.height = max(1, len(lines))
            self.show(lines)

    def on_resize(self) -> None:
        super().on_resize()
        self.redraw()

    def on_click(self) -> None:
        if self.lines:
            self._clicked()


class ActionBar(Toned):
    """What works on what is selected; labels that do not fit are left out. A click does as the key."""

    DEFAULT_CSS = "ActionBar { height: 1; }"

    def __init__(self, press: Callable[[str], None], *, id: str) -> None:
        super().__init__(id=id)
        self._press = press
        self._actions: tuple[Action[Any], ...] = ()

    def show(self, actions: Sequence[Action[Any]]) -> None:
        fresh = tuple(action for action in actions if action.label)
        if fresh != self._actions:
            self._actions = fresh
            self.refresh()

    def render_line(self, y: int) -> Strip:
        spans: list[Segment] = [Segment(" ")]
        for action in self._fitting():
            spans += [Segment(action.shown_key, ACCENT), Segment(f" {action.label}", MUTED), Segment("  ")]
        line: Line = tuple(spans)
        return self.toned_strip(line, self.size.width)

    def on_click(self, event: events.Click) -> None:
        x = 1
        for action in self._fitting():
            width = _width(action)
            if x <= event.x < x + width:
                self._press(action.keys.split()[0])
                return
            x += width

    def _fitting(self) -> list[Action[Any]]:
        fitting = list(self._actions)
        while fitting and 1 + sum(map(_width, fitting)) - 2 > self.size.width:
            least = next((a for a in reversed(fitting) if a.label not in _KEPT), fitting[-1])
            fitting.remove(least)
        return fitting


def _width(action: Action[Any]) -> int:
    return cell_len(f"{action.shown_key} {action.label}  ")
