"""What keys and the mouse do on the map."""

from __future__ import annotations

from textual.pilot import Pilot

from meshctl.tui.screens.logs import LogsScreen
from meshctl.tui.screens.map import MapScreen
from meshctl.tui.screens.services import ServiceList, ServicesScreen
from meshctl.tui.screens.traces import TracesScreen
from meshctl.tui.widgets.map_view import MapView
from tests.tui import states
from tests.tui.conftest import AppOf, until
from tests.tui.desk import FakeDesk, edges_of_shop, live, some
from tests.tui.test_traces_keys import SIZE, head, ids, sentence


def shop_desk() -> FakeDesk:
    desk = FakeDesk()
    desk.calls = tuple(edges_of_shop())
    return desk


async def at_map(pilot: Pilot[int]) -> MapView:
    await pilot.press("3")
    await until(pilot, lambda: isinstance(pilot.app.screen, MapScreen) and not pilot.app.screen.has_class("-empty"))
    await pilot.pause()
    return pilot.app.screen.query_one(MapView)


async def test_the_map_is_walked_with_arrows(app_of: AppOf) -> None:
    """Right goes along the calls, down to the neighbour; Enter shows the service, Esc comes back."""
    app = app_of(live(*some()), desk=shop_desk())
    async with app.run_test(size=(180, 50)) as pilot:
        view = await at_map(pilot)
        view.selected = "meshctl"
        await pilot.press("right")
        assert view.selected == "orders"
        await pilot.press("right", "down")
        assert view.selected == "inventory"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen))
        await until(pilot, lambda: app.screen.query_one(ServiceList).selected == "inventory")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MapScreen))
        assert view.selected == "inventory"


async def test_the_traces_of_a_node(app_of: AppOf) -> None:
    """``t`` works for what is no service of the project as well."""
    app = app_of(live(*some()), desk=shop_desk())
    async with app.run_test(size=(180, 50)) as pilot:
        view = await at_map(pilot)
        view.selected = "meshctl"
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen) and len(ids(pilot)) == 2)


async def test_the_logs_of_a_node(app_of: AppOf) -> None:
    """``l`` works for services of the project; Esc comes back to the node."""
    app = app_of(live(*some()), desk=shop_desk())
    async with app.run_test(size=(180, 50)) as pilot:
        view = await at_map(pilot)
        view.selected = "meshctl"
        await pilot.press("l")
        assert isinstance(app.screen, MapScreen)
        view.selected = "orders"
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen) and "logs of orders" in head(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MapScreen))
        assert view.selected == "orders"


async def test_a_click_on_the_map_selects(app_of: AppOf) -> None:
    """A second one opens."""
    app = app_of(live(*some()), desk=shop_desk())
    async with app.run_test(size=(180, 50)) as pilot:
        view = await at_map(pilot)
        assert view._map is not None
        assert view.selected != "inventory"
        box = view._map.boxes["inventory"]
        await pilot.click("#map", offset=(box.x + 2, box.y + 1))
        assert view.selected == "inventory"
        await pilot.click("#map", offset=(box.x + 2, box.y + 1))
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen))


async def test_the_map_is_read_again_while_it_is_shown(app_of: AppOf) -> None:
    """``w`` looks further back at once; behind another screen nothing is asked."""
    desk = shop_desk()
    app = app_of(live(*some()), desk=desk)
    async with app.run_test(size=(180, 50)) as pilot:
        await at_map(pilot)
        await until(pilot, lambda: len(desk.windows) > 1)
        await pilot.press("d", "d")
        await until(pilot, lambda: desk.windows[-1] == 0.0)
        await pilot.press("1")
        asked = len(desk.windows)
        await pilot.pause(1.2)
        assert len(desk.windows) == asked


async def test_a_map_without_a_collector_says_why(app_of: AppOf) -> None:
    """The error of the engine room is the sentence."""
    desk = FakeDesk()
    desk.up = False
    app = app_of(states.healthy(), desk=desk)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, MapScreen) and "No collector answers" in sentence(app))
