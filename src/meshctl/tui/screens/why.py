"""What is wrong, cause first: each finding with what speaks for it and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from meshctl.model.findings import Finding
from meshctl.present.empty import empty_why
from meshctl.present.findings import nothing_up
from meshctl.present.heads import why_head
from meshctl.present.lines import Line
from meshctl.present.why import finding_key, why_rows
from meshctl.tui.actions import Action
from meshctl.tui.frame_actions import WHY_FRAME
from meshctl.tui.host import Host
from meshctl.tui.intents import SERVICES, ShowService
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.service_verbs import VERBS, ServiceContext, has_service, service_context
from meshctl.tui.widgets.cursor_list import MOVE_KEYS, CursorList
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.line_bar import LineBar


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyContext(ServiceContext):
    """``finding`` is the selected one, ``service`` whose it is."""

    screen: WhyScreen


def _show_service(c: WhyContext) -> None:
    c.host.go(ShowService(c.name))


ACTIONS: tuple[Action[WhyContext], ...] = (
    Action("service", "enter", "service", "go to the service", _show_service, has_service, meaning="open"),
    *VERBS,
    *WHY_FRAME,
)


class FindingList(CursorList):
    """Findings are few: they come drawn. The lines below a selected one are in view with it."""

    def show_rows(self, rows: Sequence[tuple[str, Line]]) -> None:
        self.lines = [line for _, line in rows]
        self.show_keys([key for key, _ in rows])

    def line_at(self, index: int) -> Line:
        return self.lines[index]

    def keep_in_view(self) -> None:
        after = (index for index in range(self.place + 1, len(self.keys)) if self.keys[index])
        below = next(after, len(self.keys)) - self.size.height
        if self.place >= 0 and below > self.scroll_offset.y:
            self.scroll_to(y=below, animate=False, immediate=True, force=True)
        super().keep_in_view()


class WhyScreen(MeshScreen[WhyContext]):
    """Stands over the screen that it was asked from, whose tab is ``mode``."""

    mode = SERVICES
    heading = "Why"
    tells_finding = False
    actions = ACTIONS
    widget_keys = MOVE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(ACTIONS)
    CSS_PATH = "why.tcss"

    def __init__(self, host: Host, mode: str) -> None:
        self.mode = mode
        super().__init__(host)
        self._list = FindingList(id="findings")

    @property
    def finding(self) -> Finding | None:
        found = self._findings
        return next((one for one in found if finding_key(one) == self._list.selected), super().finding)

    def body(self) -> ComposeResult:
        yield LineBar(lambda width: why_head(len(self._findings), width), id="head")
        yield self._list
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self._list

    def context(self) -> WhyContext:
        finding = self.finding
        about = service_context(self.host, self, finding.service if finding is not None else "")
        return WhyContext(
            host=self.host,
            screen=self,
            finding=finding,
            can_go_back=True,
            service=about.service,
            doing=about.doing,
            reached=about.reached,
        )

    def draw_body(self) -> None:
        session, known = self.host.session, self.host.session.state.services.value
        width = self._list.room or self.size.width - 1
        self.query_one("#head", LineBar).redraw()
        self._list.set_class(self.has_class("-stale"), "-stale")
        self._list.show_rows(why_rows(known.services, self._findings, session.now(), width))
        self.set_class(not self._findings, "-empty")
        links = session.state.links.value
        self.query_one(EmptyPane).say(*empty_why(known.services, links, known.observed_at))

    @property
    def _findings(self) -> Sequence[Finding]:
        known = self.host.session.state.services.value
        return () if nothing_up(known.services) else known.findings

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    @on(FindingList.Moved)
    def _moved(self) -> None:
        self.show_footer()

    @on(FindingList.Opened)
    def _opened(self) -> None:
        self.action_press("enter")
