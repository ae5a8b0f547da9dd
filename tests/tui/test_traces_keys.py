"""What keys and the mouse do in the list of traces, in a comparison and on the map."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from meshctl.model.traces import TraceSummary
from meshctl.present.lines import plain
from meshctl.tui.app import MeshApp
from meshctl.tui.screens.traces import DEBOUNCE_S, TracesScreen
from meshctl.tui.screens.waterfall import WaterfallScreen
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.trace_list import TraceList
from tests.fakes.sessions import put
from tests.spans import order, summary
from tests.tui.conftest import AppOf, until
from tests.tui.desk import FakeDesk, list_of, live, some

SIZE = (120, 30)


def listing(pilot: Pilot[int]) -> TraceList:
    return pilot.app.screen.query_one(TraceList)


def head(pilot: Pilot[int]) -> str:
    return plain(pilot.app.screen.query_one("#head", LineBar)._line)


def ids(pilot: Pilot[int]) -> list[str]:
    return list(listing(pilot).keys)


def sentence(app: MeshApp) -> str:
    return str(app.screen.query_one(EmptyPane).query_one("#sentence").render())


async def at_list(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, TracesScreen) and listing(pilot).size.height > 0)
    await pilot.press(*keys)


def newer(number: int, **more: object) -> TraceSummary:
    return summary(1000 + number, name=f"GET /new/{number}", at=20_000 + number, **more)


async def test_the_cursor_follows_the_newest_until_it_is_moved(app_of: AppOf) -> None:
    """Then it stays on its trace, in its place on the screen, while new ones come in above."""
    rows = [*some(), *(summary(2000 + n, at=-1000 * n) for n in range(40))]
    app = app_of(live(*rows), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot)
        put(app.session, live(newer(1), *rows))
        await until(pilot, lambda: listing(pilot).selected == newer(1).trace_id)
        await pilot.press("down", "down")
        assert listing(pilot).selected == rows[1].trace_id
        many = [newer(n) for n in range(40, 0, -1)]
        put(app.session, live(*many, *rows))
        await until(pilot, lambda: len(ids(pilot)) == 90)
        assert listing(pilot).selected == rows[1].trace_id
        assert listing(pilot).place - listing(pilot).scroll_offset.y == 2
        await pilot.press("home")
        assert listing(pilot).selected == newer(40).trace_id


async def test_space_holds_the_list_still(app_of: AppOf) -> None:
    """Nothing moves until space again; what came meanwhile is counted."""
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "space")
        put(app.session, live(newer(1), *some()))
        await until(pilot, lambda: "1 newer" in head(pilot))
        assert newer(1).trace_id not in ids(pilot)
        await pilot.press("space")
        assert ids(pilot)[0] == newer(1).trace_id


async def test_only_errors_and_slowest_first(app_of: AppOf) -> None:
    """``!`` and ``s`` each toggle."""
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "exclamation_mark")
        assert [int(key, 16) for key in ids(pilot)] == [70, 30]
        await pilot.press("exclamation_mark", "s")
        assert [int(key, 16) for key in ids(pilot)][:2] == [10, 70]
        await pilot.press("s")
        assert len(ids(pilot)) == 10
        assert int(ids(pilot)[0], 16) == 90


async def test_a_filter_narrows_with_every_letter(app_of: AppOf) -> None:
    """Words match names, services and ids without asking anybody; a shorter list needs no collector to be seen."""
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "slash", *"send_e")
        await until(pilot, lambda: [int(key, 16) for key in ids(pilot)] == [60])
        await pilot.press("escape")
        await until(pilot, lambda: len(ids(pilot)) == 10)


async def test_what_summaries_hold_is_not_searched(app_of: AppOf) -> None:
    """Service, duration and errors are told by the list itself, as long as the list holds all there is."""
    desk = FakeDesk()
    app = app_of(live(*some()), desk=desk)
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "slash", *"service:users >5ms error")
        await until(pilot, lambda: [int(key, 16) for key in ids(pilot)] == [70, 30])
        desk.queries.clear()  # of half a word, when a loaded machine types slowly
        await pilot.pause(2 * DEBOUNCE_S)
        assert not desk.queries


async def test_a_list_that_holds_only_some_is_searched(app_of: AppOf) -> None:
    """The collector keeps more than the list shows: older ones are found too."""
    desk = FakeDesk()
    old = summary(5, at=-60_000, ms=900.0)
    desk.found = (old,)
    state = live(*some())
    assert state.collector is not None
    app = app_of(replace(state, collector=replace(state.collector, traces=5_000)), desk=desk)
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "slash", *">800ms")
        await until(pilot, lambda: [int(key, 16) for key in ids(pilot)] == [70, 10, 5])
        assert desk.queries[-1].min_duration_ns == 800_000_000


async def test_attributes_are_searched_by_the_collector_once_typing_pauses(
    app_of: AppOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One search for a word typed at once, and a sign that the rows are of a search."""
    monkeypatch.setattr("meshctl.tui.screens.traces.DEBOUNCE_S", 1.0)  # A loaded machine types slowly.
    desk = FakeDesk()
    desk.found = tuple(some()[:2])
    app = app_of(live(*some()), desk=desk)
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "slash", *"sku=espresso service:users")
        await until(pilot, lambda: "searching" in head(pilot) or bool(desk.queries))
        await until(pilot, lambda: [int(key, 16) for key in ids(pilot)] == [80])
        assert len(desk.queries) == 1
        assert desk.queries[0].attributes == (("sku", "espresso"),)
        assert desk.queries[0].service == "users"
        assert "found by the collector" in head(pilot)


async def test_a_search_that_fails_says_why(app_of: AppOf) -> None:
    """And the list goes on with what it knows itself."""
    desk = FakeDesk()
    desk.up = False
    app = app_of(live(*some()), desk=desk)
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "slash", *"sku=tea")
        await until(pilot, lambda: sentence(app) == "No collector answers at 127.0.0.1:49200")


async def test_a_trace_opens_and_the_list_is_as_it_was(app_of: AppOf) -> None:
    """Enter goes in; Esc comes back to the same trace, though others came in meanwhile."""
    app = app_of(live(*some()), desk=FakeDesk(order()))
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, *["down"] * 4, "enter")
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen) and app.screen.nav.view is not None)
        put(app.session, live(newer(1), *some()))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen) and len(ids(pilot)) == 11)
        assert listing(pilot).selected == order().trace_id


async def test_pin_and_unpin(app_of: AppOf) -> None:
    """``p`` keeps a trace, and once it is kept lets it go; the answer is said."""
    desk = FakeDesk(order())
    app = app_of(live(list_of(order())), desk=desk)
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "p")
        await until(pilot, lambda: [notice.text for notice in app.notices.told] == [f"{order().trace_id[:12]} is kept"])
        put(app.session, live(list_of(order(), pinned=True)))
        await until(pilot, lambda: listing(pilot).trace is not None and listing(pilot).trace.pinned)
        await pilot.press("p")
        await until(pilot, lambda: desk.pins == [(order().trace_id, True), (order().trace_id, False)])


async def test_pinning_what_is_gone_says_so(app_of: AppOf) -> None:
    """The collector does not know it any more."""
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "p")
        await until(pilot, lambda: ["not kept any more" in notice.text for notice in app.notices.told] == [True])


async def test_a_lost_collector_dims_and_comes_back(app_of: AppOf) -> None:
    """The rows stay, as old as they are."""
    app = app_of(live(*some(), lost=True), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot)
        await until(pilot, lambda: listing(pilot).has_class("-stale"))
        assert len(ids(pilot)) == 10
        put(app.session, live(*some()))
        await until(pilot, lambda: not listing(pilot).has_class("-stale"))


async def test_figures_are_drawn_at_most_twice_a_second(app_of: AppOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred states a second are a few drawings, and the last state is among them."""
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot)
        drawn: list[int] = []
        show = TraceList.show_traces
        monkeypatch.setattr(TraceList, "show_traces", lambda self, rows: (drawn.append(len(rows)), show(self, rows)))
        for number in range(100):
            put(app.session, live(*[newer(n) for n in range(number, -1, -1)]))
            app.redraw()
        await until(pilot, lambda: len(ids(pilot)) == 100)
        assert len(drawn) <= 2


async def test_only_what_is_seen_is_drawn(app_of: AppOf) -> None:
    """Of a thousand traces a screenful."""
    app = app_of(live(*[newer(n) for n in range(1000, 0, -1)]), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot)
        await until(pilot, lambda: len(ids(pilot)) == 1000)
        assert len(listing(pilot)._drawn) <= listing(pilot).size.height


async def test_a_click_selects_and_a_second_opens(app_of: AppOf) -> None:
    """The mouse does it too."""
    app = app_of(live(*some()), desk=FakeDesk(order()))
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot)
        await pilot.click("#traces", offset=(10, 4))
        assert listing(pilot).selected == order().trace_id
        await pilot.click("#traces", offset=(10, 4))
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen))
