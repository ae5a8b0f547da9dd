"""One picture for every state of the screens about traces, in three sizes of terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from meshctl.model.traces import Trace
from meshctl.tui.screens.compare import CompareScreen, DiffPane
from meshctl.tui.screens.map import MapScreen
from meshctl.tui.screens.waterfall import WaterfallScreen
from meshctl.tui.widgets.empty_pane import EmptyPane
from tests.fakes.sessions import put
from tests.spans import order, trace
from tests.tui import states
from tests.tui.conftest import AppOf, until
from tests.tui.desk import FakeDesk, edges_of_shop, failed_order, list_of, live, logs_of, some
from tests.tui.test_traces_keys import head, ids

Compare = Callable[..., bool]
Before = Callable[[Pilot[int]], Awaitable[None]]
SIZES = ((80, 24), (120, 36), (180, 50))
each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def pressed(*keys: str) -> Before:
    """To the traces screen, then these keys."""

    async def press(pilot: Pilot[int]) -> None:
        await pilot.press("2")
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()

    return press


def opened(*keys: str) -> Before:
    """The only trace of the list is opened, then these keys."""

    async def press(pilot: Pilot[int]) -> None:
        await pressed("enter")(pilot)
        await until(
            pilot, lambda: isinstance(pilot.app.screen, WaterfallScreen) and pilot.app.screen.nav.view is not None
        )
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()

    return press


def is_open(screen: Screen[object]) -> bool:
    """Whether a trace has been read and is in front."""
    return isinstance(screen, WaterfallScreen) and screen.nav.view is not None


@each_size
def test_list(size: tuple[int, int], snap_compare: Compare, app_of: AppOf) -> None:
    """Newest first, with what failed, what is pinned and what has no root."""
    app = app_of(live(*some()), desk=FakeDesk())
    assert snap_compare(app, run_before=pressed("down", "down"), terminal_size=size)


def test_list_without_traces(snap_compare: Compare, app_of: AppOf) -> None:
    """An empty list says how to fill it."""
    assert snap_compare(app_of(live(), desk=FakeDesk()), run_before=pressed(), terminal_size=(100, 24))


def test_list_without_a_collector(snap_compare: Compare, app_of: AppOf) -> None:
    """A project without a collector is told so."""
    app = app_of(states.healthy(), replace(states.config(), collector=""), FakeDesk())
    assert snap_compare(app, run_before=pressed(), terminal_size=(100, 24))


def test_list_when_the_collector_is_lost(snap_compare: Compare, app_of: AppOf) -> None:
    """Dimmed, with its age."""
    app = app_of(live(*some(), lost=True), desk=FakeDesk())
    assert snap_compare(app, run_before=pressed(), terminal_size=(120, 30))


def test_list_filtered(snap_compare: Compare, app_of: AppOf) -> None:
    """The list holds what matches, and says when the collector was asked."""
    desk = FakeDesk()
    desk.found = tuple(some()[:1])

    async def search(pilot: Pilot[int]) -> None:
        await pressed("slash", *"service:orders >3ms sku=tea", "enter")(pilot)
        await until(pilot, lambda: bool(desk.queries) and desk.queries[-1].attributes == (("sku", "tea"),))
        await until(pilot, lambda: "found by the collector" in head(pilot) and len(ids(pilot)) == 1)

    assert snap_compare(app_of(live(*some()), desk=desk), run_before=search, terminal_size=(120, 30))


def test_list_held(snap_compare: Compare, app_of: AppOf) -> None:
    """What came since it is held is counted."""
    app = app_of(live(*some()[2:]), desk=FakeDesk())

    async def hold(pilot: Pilot[int]) -> None:
        await pressed("space")(pilot)
        put(app.session, replace(live(*some()[2:]), traces=tuple(some())))
        await until(pilot, lambda: app.screen._listing.newer == 2)  # type: ignore[attr-defined]
        app.screen._draw_rows()  # type: ignore[attr-defined]
        await pilot.pause()

    assert snap_compare(app, run_before=hold, terminal_size=(120, 30))


@each_size
def test_waterfall(size: tuple[int, int], snap_compare: Compare, app_of: AppOf) -> None:
    """One order over five services; the worker outlives the root."""
    app = app_of(live(list_of(order())), desk=FakeDesk(order()))
    assert snap_compare(app, run_before=opened("down", "down"), terminal_size=size)


@each_size
def test_waterfall_with_errors(size: tuple[int, int], snap_compare: Compare, app_of: AppOf) -> None:
    """``e`` goes to what failed; the events tab holds the exception."""
    app = app_of(live(list_of(failed_order())), desk=FakeDesk(failed_order()))
    assert snap_compare(app, run_before=opened("e", "e", "e", "tab"), terminal_size=size)


def test_waterfall_folded_and_zoomed(snap_compare: Compare, app_of: AppOf) -> None:
    """What is folded says how much it hides; the scale follows the zoom."""
    app = app_of(live(list_of(order())), desk=FakeDesk(order()))
    keys = ("down", "down", "left", "plus", "plus")
    assert snap_compare(app, run_before=opened(*keys), terminal_size=(120, 36))


def test_waterfall_find(snap_compare: Compare, app_of: AppOf) -> None:
    """How many spans were found, and which one this is."""

    async def find(pilot: Pilot[int]) -> None:
        await opened("f", *"reserve")(pilot)
        screen = pilot.app.screen
        await until(pilot, lambda: isinstance(screen, WaterfallScreen) and len(screen.nav.found) == 2)
        await pilot.pause()

    app = app_of(live(list_of(order())), desk=FakeDesk(order()))
    assert snap_compare(app, run_before=find, terminal_size=(120, 36))


def test_waterfall_only_critical(snap_compare: Compare, app_of: AppOf) -> None:
    """Only what the duration depends on."""
    app = app_of(live(list_of(order())), desk=FakeDesk(order()))
    assert snap_compare(app, run_before=opened("i"), terminal_size=(120, 36))


def test_waterfall_logs(snap_compare: Compare, app_of: AppOf) -> None:
    """The lines of every service that carry the trace's id; those of the span are marked."""
    desk = FakeDesk(order())
    desk.lines = logs_of()
    app = app_of(live(list_of(order())), desk=desk)
    assert snap_compare(app, run_before=opened("down", "l"), terminal_size=(120, 36))


def test_waterfall_that_waits(snap_compare: Compare, app_of: AppOf) -> None:
    """What is missing is said above the rows."""
    partial = trace(*order().spans[:9], waits_for="the consumer of “orders publish”", truncated=2)
    app = app_of(live(list_of(partial)), desk=FakeDesk(partial))
    assert snap_compare(app, run_before=opened(), terminal_size=(120, 36))


def test_waterfall_while_it_is_read(snap_compare: Compare, app_of: AppOf) -> None:
    """A sentence until the trace is there."""
    desk = FakeDesk(order())
    desk.open.clear()
    app = app_of(live(list_of(order())), desk=desk)

    async def open_it(pilot: Pilot[int]) -> None:
        await pressed("enter")(pilot)
        await until(pilot, lambda: pilot.app.screen.query_one(EmptyPane).display)
        await pilot.pause()

    assert snap_compare(app, run_before=open_it, terminal_size=(100, 24))


def test_waterfall_of_an_unknown_trace(snap_compare: Compare, app_of: AppOf) -> None:
    """The collector has made room for others."""
    desk = FakeDesk()

    async def open_it(pilot: Pilot[int]) -> None:
        await pressed("enter")(pilot)
        await until(pilot, lambda: desk.reads > 0)
        await pilot.pause()

    app = app_of(live(list_of(order())), desk=desk)
    assert snap_compare(app, run_before=open_it, terminal_size=(100, 24))


def test_choosing_what_to_compare_with(snap_compare: Compare, app_of: AppOf) -> None:
    """``x`` opens the list again, and says what for."""
    app = app_of(live(list_of(order()), *some()[5:]), desk=FakeDesk(order()))
    assert snap_compare(app, run_before=opened("x", "down"), terminal_size=(120, 30))


@each_size
def test_compare(size: tuple[int, int], snap_compare: Compare, app_of: AppOf) -> None:
    """What got slower, what is new, what is gone, what fails now."""
    other = renamed(failed_order(), "b" * 32)
    desk = FakeDesk(order(), other)
    app = app_of(live(list_of(order()), list_of(other)), desk=desk)

    async def compare(pilot: Pilot[int]) -> None:
        await opened("x")(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        pane = pilot.app.screen.query_one(DiffPane)
        await until(pilot, lambda: bool(pane.lines))
        await pilot.pause()

    assert snap_compare(app, run_before=compare, terminal_size=size)


@each_size
def test_map(size: tuple[int, int], snap_compare: Compare, app_of: AppOf) -> None:
    """Who calls whom; where it does not fit, the table alone."""
    desk = FakeDesk()
    desk.calls = tuple(edges_of_shop())
    app = app_of(live(*some(), base=states.troubled()), desk=desk)
    assert snap_compare(app, run_before=on_map("down"), terminal_size=size)


def test_map_light(snap_compare: Compare, app_of: AppOf) -> None:
    """The light theme is as legible."""
    desk = FakeDesk()
    desk.calls = tuple(edges_of_shop())
    app = app_of(live(*some()), desk=desk)
    app.theme = "meshctl-light"
    assert snap_compare(app, run_before=on_map(), terminal_size=(180, 44))


def test_map_without_calls(snap_compare: Compare, app_of: AppOf) -> None:
    """Nothing was called lately, and the way to look further back is named."""

    async def show(pilot: Pilot[int]) -> None:
        await pilot.press("3")
        await pilot.pause()

    assert snap_compare(app_of(live(*some()), desk=FakeDesk()), run_before=show, terminal_size=(100, 24))


@pytest.mark.parametrize("screen", ["traces", "waterfall", "map"])
def test_help(screen: str, snap_compare: Compare, app_of: AppOf) -> None:
    """The keys of each screen fit in the help."""

    async def show(pilot: Pilot[int]) -> None:
        await {"traces": pressed(), "waterfall": opened(), "map": on_map()}[screen](pilot)
        await pilot.press("question_mark")
        await pilot.pause()

    desk = FakeDesk(order())
    desk.calls = tuple(edges_of_shop())
    app = app_of(live(list_of(order())), desk=desk)
    assert snap_compare(app, run_before=show, terminal_size=(120, 40))


def test_a_notice_hides_nothing(snap_compare: Compare, app_of: AppOf) -> None:
    """An error with its next step has its own lines."""

    async def say(pilot: Pilot[int]) -> None:
        pilot.app.notify("inventory: the disk is full", title="Make room.", severity="error", timeout=60)
        await pilot.pause()
        await pilot.pause()

    assert snap_compare(app_of(states.healthy()), run_before=say, terminal_size=(120, 34))


def on_map(*keys: str) -> Before:
    """To the map, as soon as it is drawn, then these keys."""

    async def press(pilot: Pilot[int]) -> None:
        await pilot.press("3")
        await until(pilot, lambda: isinstance(pilot.app.screen, MapScreen) and not pilot.app.screen.has_class("-empty"))
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()

    return press


def renamed(one: Trace, trace_id: str) -> Trace:
    """The same under another id, a second later."""
    later = 1_000_000_000
    return replace(
        one,
        trace_id=trace_id,
        spans=tuple(replace(s, trace_id=trace_id, start_ns=s.start_ns + later) for s in one.spans),
    )
