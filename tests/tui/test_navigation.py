"""Where intents lead, and that one comes back to where one was."""

from __future__ import annotations

from textual.pilot import Pilot

from meshctl.tui.app import MeshApp
from meshctl.tui.intents import Back, OpenTrace, ShowLogs, ShowService, ShowTab, ShowTraces
from meshctl.tui.screens.logs import LogsScreen
from meshctl.tui.screens.services import ServiceList, ServicesScreen
from meshctl.tui.screens.traces import TracesScreen
from meshctl.tui.screens.waterfall import WaterfallScreen
from meshctl.tui.widgets.trace_list import TraceList
from tests.spans import order, summary
from tests.tui.conftest import AppOf, until
from tests.tui.desk import FakeDesk, list_of, live, some

LOW = (110, 14)


async def in_front(app: MeshApp, pilot: Pilot[int], screen: type) -> None:
    await until(pilot, lambda: isinstance(app.screen, screen) and app.screen.ready)  # type: ignore[attr-defined]
    await pilot.pause()


async def test_back_from_the_logs_is_where_one_was(app_of: AppOf) -> None:
    """The same row, as far scrolled."""
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=LOW) as pilot:
        await pilot.press("end", "up")
        before = app.screen.query_one(ServiceList)
        selected, offset = before.selected, before.scroll_offset.y
        assert offset > 0
        await pilot.press("l")
        await in_front(app, pilot, LogsScreen)
        await pilot.press("escape")
        await in_front(app, pilot, ServicesScreen)
        after = app.screen.query_one(ServiceList)
        assert (after.selected, after.scroll_offset.y) == (selected, offset)


async def test_back_from_a_waterfall_is_where_one_was(app_of: AppOf) -> None:
    """In a list that was scrolled by hand."""
    rows = [list_of(order()), *(summary(2000 + n, at=-1000 * n) for n in range(60))]
    app = app_of(live(*rows), desk=FakeDesk(order()))
    async with app.run_test(size=LOW) as pilot:
        await pilot.press("2")
        await in_front(app, pilot, TracesScreen)
        await pilot.press("pagedown", "pagedown", "pagedown", "up")
        listing = app.screen.query_one(TraceList)
        selected, offset = listing.selected, listing.scroll_offset.y
        assert offset > 0
        await pilot.press("enter")
        await in_front(app, pilot, WaterfallScreen)
        await pilot.press("escape")
        await in_front(app, pilot, TracesScreen)
        assert (listing.selected, listing.scroll_offset.y) == (selected, offset)


async def test_the_way_is_remembered_over_several_jumps(app_of: AppOf) -> None:
    """A digit forgets it."""
    app = app_of(live(*some()), desk=FakeDesk(order()))
    async with app.run_test(size=(120, 30)) as pilot:
        for intent, screen in (
            (ShowTraces("service:users"), TracesScreen),
            (ShowService("redis"), ServicesScreen),
            (ShowLogs("redis"), LogsScreen),
        ):
            app.go(intent)
            await in_front(app, pilot, screen)
        for screen in (ServicesScreen, TracesScreen, ServicesScreen):
            assert app.can_go_back
            app.go(Back())
            await in_front(app, pilot, screen)
        assert not app.can_go_back
        app.go(ShowLogs())
        app.go(ShowTab("services"))
        assert not app.can_go_back
        app.go(Back())
        await in_front(app, pilot, ServicesScreen)


async def test_a_service_is_shown_whatever_was_filtered_by(app_of: AppOf) -> None:
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("slash", *"orders", "enter")
        app.go(ShowService("redis"))
        await until(pilot, lambda: app.screen.query_one(ServiceList).selected == "redis")
        assert len([key for key in app.screen.query_one(ServiceList).keys if key]) == 10


async def test_a_trace_opens_at_a_span(app_of: AppOf) -> None:
    """From wherever one is; one comes back there."""
    app = app_of(live(list_of(order())), desk=FakeDesk(order()))
    async with app.run_test(size=(120, 30)) as pilot:
        app.go(OpenTrace(order().trace_id, order().spans[5].span_id))
        await in_front(app, pilot, WaterfallScreen)
        screen = app.screen
        assert isinstance(screen, WaterfallScreen)
        await until(pilot, lambda: screen.nav.view is not None)
        assert screen.nav.view is not None
        assert screen.nav.view.span_id(screen.nav.index) == order().spans[5].span_id
        assert screen.rows.index == screen.nav.index
        await pilot.press("escape")
        await in_front(app, pilot, ServicesScreen)


async def test_the_logs_of_another_service_begin_anew(app_of: AppOf) -> None:
    """Of the same one they go on."""
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=(120, 30)) as pilot:
        app.go(ShowLogs("users"))
        await in_front(app, pilot, LogsScreen)
        begun: list[str] = []
        screen = app.screen
        assert isinstance(screen, LogsScreen)

        async def follow(service: str) -> None:
            begun.append(service)

        screen.follow_logs = follow  # type: ignore[method-assign]
        app.go(ShowLogs("users"))
        app.go(ShowLogs("orders"))
        await until(pilot, lambda: bool(begun))
        app.go(ShowLogs())
        await until(pilot, lambda: begun == ["orders", ""])
