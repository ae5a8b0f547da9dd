"""The ways between the list of traces, a waterfall, a comparison and the services."""

from __future__ import annotations

from meshctl.engine.up import UpOptions, up
from meshctl.model.config import PortSpec
from meshctl.present.lines import plain
from meshctl.tui.app import MeshApp
from meshctl.tui.screens.compare import CompareScreen, DiffPane
from meshctl.tui.screens.map import MapScreen
from meshctl.tui.screens.services import ServiceList, ServicesScreen
from meshctl.tui.screens.traces import TracesScreen
from meshctl.tui.screens.waterfall import WaterfallScreen
from meshctl.tui.widgets.filter_line import FilterLine
from tests.builders import mesh_config, spec
from tests.fakes.containers import FakeEngine
from tests.fakes.world import RecordingSink
from tests.spans import order, summary
from tests.tui.conftest import AppOf, until
from tests.tui.desk import FakeDesk, list_of, live, some
from tests.tui.test_trace_snapshots import renamed
from tests.tui.test_traces_keys import SIZE, at_list, ids, sentence
from tests.tui.test_waterfall_keys import detail, opened, texts


def shown(app: MeshApp) -> list[str]:
    return [plain(line) for line in app.screen.query_one(DiffPane).lines]


async def test_compare_two_traces(app_of: AppOf) -> None:
    """``x`` asks for the other one; itself cannot be chosen; Esc leads back to the waterfall, then to the list."""
    other = renamed(order(), "c" * 32)
    app = app_of(live(list_of(order()), list_of(other)), desk=FakeDesk(order(), other))
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen) and app.screen.nav.view is not None)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen) and len(ids(pilot)) == 2)
        await pilot.press("enter")
        assert isinstance(app.screen, TracesScreen)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and bool(shown(app)))
        text = "\n".join(shown(app))
        assert f"before {order().trace_id}" in text
        assert "12 operations took as long as before." in text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen))


async def test_a_comparison_with_an_unknown_trace_says_which(app_of: AppOf) -> None:
    """One of both is not kept any more."""
    app = app_of(live(list_of(order()), summary(9)), desk=FakeDesk(order()))
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "x", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await until(pilot, lambda: sentence(app) == "The collector knows nothing of trace 000000000000.")


async def test_traces_of_a_service_and_back(app_of: AppOf) -> None:
    """``t`` on the services screen filters the list; Esc clears the filter, then goes back."""
    app = app_of(live(*some()), desk=FakeDesk())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("down", "t")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen) and len(ids(pilot)) == 4)
        assert app.screen.query_one(FilterLine).text == "service:orders"
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen))
        assert app.screen.query_one(ServiceList).selected == "orders"


async def test_a_waterfall_makes_way_for_the_traces_of_a_service(app_of: AppOf) -> None:
    """``t`` shows the list even when a trace was left open there."""
    app = app_of(live(*some()), desk=FakeDesk(order()))
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen) and len(ids(pilot)) == 5)


async def test_its_digit_leads_from_a_waterfall_to_the_list(app_of: AppOf) -> None:
    """Other digits keep the waterfall open behind them."""
    app = app_of(live(*some()), desk=FakeDesk(order()))
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen))
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, MapScreen))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, TracesScreen))


async def test_what_the_engine_room_gives_is_shown(app_of: AppOf, engine: FakeEngine) -> None:
    """Without a stand-in for the desk: the collector of the project is asked where it runs."""
    project = mesh_config(spec("collector", ports=(PortSpec("http", 16686),)), collector="collector")
    app = app_of(live(list_of(order())), project)
    engine.pullable |= {"collector:1"}
    report = await up(app.session.mesh, UpOptions(), RecordingSink())
    assert report.error is None
    app.session.mesh.collectors.sender("").send(order().spans)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        assert len(texts(app)) == 12
        await pilot.press("l")
        await until(pilot, lambda: "No log line carries the id of this trace." in detail(app))
        await pilot.press("p")
        await until(pilot, lambda: "is kept" in "".join(notice.text for notice in app.notices.told))
