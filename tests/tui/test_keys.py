"""What keys and the mouse do, on an engine in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.command import CommandInput, CommandList
from textual.pilot import Pilot

from meshctl.core.plan.request import container_request
from meshctl.engine.run_memory import RunMemory
from meshctl.engine.up import UpOptions, up
from meshctl.engine.watch.event_log import EventLog
from meshctl.engine.watch.inventory import Inventory
from meshctl.engine.watch.services import ServicesWriter
from meshctl.errors import OperationFailed
from meshctl.model.config import MeshConfig, Mount
from meshctl.model.containers import ContainerState
from meshctl.model.status import Health, Reason, ReasonKind
from meshctl.present.lines import plain
from meshctl.tui.app import MeshApp
from meshctl.tui.screens.base import HelpScreen
from meshctl.tui.screens.services import ServiceList, ServicesScreen
from meshctl.tui.widgets.frame import ActionBar
from meshctl.tui.widgets.log_view import LogView
from meshctl.tui.widgets.question import QuestionLine
from tests.builders import application, mesh_config, spec
from tests.fakes.containers import FakeEngine
from tests.fakes.sessions import Shown, put
from tests.fakes.world import RecordingSink
from tests.tui import states
from tests.tui.conftest import AppOf, until

SIZE = (110, 30)


def project() -> MeshConfig:
    return mesh_config(application("orders"), application("users"), spec("redis"))


async def running(app_of: AppOf, engine: FakeEngine) -> MeshApp:
    """The app over a small project that is up, with the store told once."""
    app = app_of(Shown(), project())
    engine.pullable |= {"redis:1"}
    report = await up(app.session.mesh, UpOptions(), RecordingSink())
    assert report.error is None
    await told(app, engine)
    return app


async def told(app: MeshApp, engine: FakeEngine) -> None:
    """The store learns what the engine holds now."""
    state = app.session.state
    memory = RunMemory(app.session.mesh.journal, engine.clock)
    services = ServicesWriter(Inventory(app.session.config, engine.clock), state, EventLog(state.events), memory)
    services.runtime_up(await engine.info())
    services.observed(await engine.observe("shop"))


def listing(pilot: Pilot[int]) -> ServiceList:
    return pilot.app.screen_stack[0].query_one(ServiceList)


def notices(app: MeshApp) -> list[str]:
    return [notice.text for notice in app.notices.told]


async def test_stop_asks_and_the_default_is_no(app_of: AppOf, engine: FakeEngine) -> None:
    """Enter after ``S`` stops nothing, ``y`` does."""
    app = await running(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("S")
        assert app.screen.query_one(QuestionLine).display
        await pilot.press("enter")
        assert not app.screen.query_one(QuestionLine).display
        assert engine.states()["orders-1"] == "running"
        await pilot.press("S", "y")
        await until(pilot, lambda: engine.states()["orders-1"] == "exited")
        await until(pilot, lambda: "orders stopped" in notices(app))


async def test_the_keyboard_is_back_after_a_question(app_of: AppOf, engine: FakeEngine) -> None:
    """After the answer the arrows move in the list again."""
    app = await running(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("S", "n", "down")
        assert listing(pilot).selected == "users"


async def test_start_asks_too(app_of: AppOf, engine: FakeEngine) -> None:
    """What acts asks, harmless or not; another key than ``y`` leaves it as it is."""
    app = await running(app_of, engine)
    await app.session.lifecycle.stop(("orders",), RecordingSink())
    await told(app, engine)
    async with app.run_test(size=SIZE) as pilot:
        listing(pilot).select("orders")
        await pilot.press("S", "enter")
        assert engine.states()["orders-1"] == "exited"
        await pilot.press("S", "y")
        await until(pilot, lambda: engine.states()["orders-1"] == "running")
        await until(pilot, lambda: "orders started" in notices(app))


async def test_restart_and_pause(app_of: AppOf, engine: FakeEngine) -> None:
    """``R`` restarts, ``P`` pauses and, once paused, lets it go on; each asks."""
    app = await running(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("down", "R", "y")
        await until(pilot, lambda: "users restarted" in notices(app))
        assert "stop users-1" in engine.calls
        await pilot.press("P", "y")
        await until(pilot, lambda: engine.states()["users-1"] == "paused")
        await until(pilot, lambda: not app.pending)
        await told(app, engine)
        await until(pilot, lambda: app.session.state.services.value.services[1].health is Health.PAUSED)
        await pilot.press("P", "n")
        assert engine.states()["users-1"] == "paused"
        await pilot.press("P", "y")
        await until(pilot, lambda: engine.states()["users-1"] == "running")


async def test_another_number_of_instances(app_of: AppOf, engine: FakeEngine) -> None:
    """``N`` asks for it in one line; Enter does it."""
    app = await running(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("N", "3", "backspace", "2", "enter")
        await until(pilot, lambda: "orders scaled 1 → 2" in notices(app))
        await told(app, engine)
        await until(pilot, lambda: len(app.session.state.services.value.services[0].instances) == 2)
        await pilot.press("N", "1", "enter")
        await until(pilot, lambda: "orders-2" not in engine.states())
        await until(pilot, lambda: not app.pending)
        await told(app, engine)
        await pilot.press("N", "0", "enter")
        await until(pilot, lambda: "orders-1" not in engine.states())


@pytest.mark.parametrize("answer", [("enter",), ("1", "enter"), ("2", "escape"), ("2", "y"), ("2", "down")])
async def test_a_number_that_is_not_given_changes_nothing(
    app_of: AppOf, engine: FakeEngine, answer: tuple[str, ...]
) -> None:
    """No number, the number it is, or a key that is none."""
    app = await running(app_of, engine)
    calls = len(engine.calls)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("N", *answer)
        assert not app.screen.query_one(QuestionLine).display
        assert app.focused is listing(pilot)
        await pilot.pause()
        assert engine.calls[calls:] == []


async def with_volume(app_of: AppOf, engine: FakeEngine) -> MeshApp:
    """A database whose instances would write to one directory."""
    held = mesh_config(spec("db", mounts=(Mount("volume", "data", "/data"),)), volumes={"data": ""})
    app = app_of(Shown(), held)
    engine.pullable |= {"db:1"}
    assert (await up(app.session.mesh, UpOptions(), RecordingSink())).error is None
    await told(app, engine)
    return app


async def test_instances_that_would_share_a_volume_are_asked_about_once_more(app_of: AppOf, engine: FakeEngine) -> None:
    """The reason stands in a notice; ``y`` does it."""
    app = await with_volume(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("N", "2", "enter")
        question = app.screen.query_one(QuestionLine)
        assert question.display and "Let 2 instances of db share it?" in question.render_line(0).text
        assert any("two servers on one data directory corrupt it" in message for message in notices(app))
        assert "db-2" not in engine.states()
        await pilot.press("y")
        await until(pilot, lambda: "db scaled 1 → 2" in notices(app))
        assert engine.states()["db-2"] == "running"


@pytest.mark.parametrize("answer", ["n", "enter", "escape"])
async def test_instances_do_not_share_a_volume_unless_told_to(app_of: AppOf, engine: FakeEngine, answer: str) -> None:
    """Every other key leaves it, and the list has the keyboard again."""
    app = await with_volume(app_of, engine)
    calls = len(engine.calls)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("N", "2", "enter", answer)
        assert not app.screen.query_one(QuestionLine).display
        assert app.focused is listing(pilot)
        await pilot.pause()
        assert engine.calls[calls:] == []


async def test_an_error_is_a_notice_with_its_hint(app_of: AppOf, engine: FakeEngine) -> None:
    """What the engine refuses is said, and the app goes on."""
    app = await running(app_of, engine)
    engine.fail["stop", "orders-1"] = OperationFailed("the disk is full", hint="Make room.")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("S", "y")
        await until(pilot, lambda: any("the disk is full" in message for message in notices(app)))
        assert "Make room." in [notice.hint for notice in app.notices.told]
        assert not app.pending


async def test_what_is_under_way_stands_in_the_row(app_of: AppOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a verb runs its word replaces the health, and another verb has to wait."""
    done = asyncio.Event()

    async def slow(*_: object) -> None:
        await done.wait()

    app = app_of(states.healthy())
    monkeypatch.setattr(app.session.lifecycle, "stop", slow)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("S", "y")
        await until(pilot, lambda: "stopping…" in plain(listing(pilot).lines[1]))
        await pilot.press("R")
        assert not app.screen.query_one(QuestionLine).display
        await until(pilot, lambda: "users is stopping already" in notices(app))
        done.set()
        await until(pilot, lambda: "healthy" in plain(listing(pilot).lines[1]))


async def test_filter_as_one_types(app_of: AppOf) -> None:
    """Every letter narrows the list; Esc brings all back and the cursor stays."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("slash", *"red")
        await until(pilot, lambda: [k for k in listing(pilot).keys if k] == ["redis"])
        await pilot.press("escape")
        await until(pilot, lambda: len([k for k in listing(pilot).keys if k]) == 10)
        assert listing(pilot).selected == "redis"
        assert app.focused is listing(pilot)


async def test_letters_typed_right_after_the_slash_are_text(app_of: AppOf, engine: FakeEngine) -> None:
    """``/r`` never restarts anything."""
    app = await running(app_of, engine)
    calls = len(engine.calls)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("slash", "r", "s")
        await until(pilot, lambda: [k for k in listing(pilot).keys if k] == ["orders", "users"])
        assert engine.calls[calls:] == []


async def test_the_selection_stays_on_its_service(app_of: AppOf) -> None:
    """Rows change places by health; the cursor goes with its service."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("down", "down", "down")
        assert listing(pilot).selected == "notifications"
        put(app.session, states.troubled())
        await until(pilot, lambda: listing(pilot).keys[1] == "worker")
        assert listing(pilot).selected == "notifications"


async def test_only_lines_that_changed_are_drawn_again(app_of: AppOf) -> None:
    """One service's trouble redraws its line, not the list."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        drawn: list[int] = []
        pane = listing(pilot)
        pane.refresh_line = drawn.append  # type: ignore[method-assign]
        changed = states.service("users", Health.DEGRADED, states.probe_fails("slow"))
        put(app.session, states.with_services(states.healthy(), changed))
        await until(pilot, lambda: bool(drawn))
        assert set(drawn) == {pane.keys.index("users")}


async def test_details_and_back(app_of: AppOf) -> None:
    """Enter goes in, Esc comes back to the same row."""
    app = app_of(states.healthy())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter")
        assert app.screen.has_class("-detail")
        await pilot.press("escape")
        assert not app.screen.has_class("-detail")
        assert listing(pilot).selected == "orders"
        assert app.focused is listing(pilot)


async def test_digits_switch_and_the_place_is_kept(app_of: AppOf) -> None:
    """``6`` shows the logs, ``1`` the services as they were left."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("end", "6")
        await until(pilot, lambda: app.current_mode == "logs")
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "services")
        assert listing(pilot).selected == "rabbitmq"


async def test_logs_of_the_selected_service(app_of: AppOf, engine: FakeEngine) -> None:
    """``l`` follows the service's lines; space holds them, ``/`` filters them, Esc goes back."""
    app = await running(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("down", "l")
        await until(pilot, lambda: app.current_mode == "logs")
        engine.write("users-1", "one", '{"event": "user.created", "user_id": 7}')
        engine.write("orders-1", "of somebody else")
        view = app.screen.query_one(LogView)
        await until(pilot, lambda: view.line_count == 2)
        await pilot.press("space")
        assert not view.following
        await pilot.press("space", "slash", *"created")
        await until(pilot, lambda: view.line_count == 1)
        await pilot.press("escape")
        await until(pilot, lambda: view.line_count == 2)
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "services")


async def test_the_palette_stops_a_service_by_name(app_of: AppOf, engine: FakeEngine) -> None:
    """A verb of the palette asks as the key does."""
    app = await running(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.focused, CommandInput))
        await pilot.press(*"stop redis")
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count == 1)
        await pilot.press("enter")
        await until(
            pilot, lambda: isinstance(app.screen, ServicesScreen) and app.screen.query_one(QuestionLine).display
        )
        await pilot.press("y")
        await until(pilot, lambda: engine.states()["redis-1"] == "exited")


async def test_help_opens_and_closes(app_of: AppOf) -> None:
    """``?`` shows the keys; ``q`` there closes the help, not the app."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("q")
        assert isinstance(app.screen, ServicesScreen)


async def test_the_mouse_does_it_too(app_of: AppOf) -> None:
    """A click selects, a second opens; labels and tabs can be clicked."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.click("#list", offset=(5, 3))
        assert listing(pilot).selected == "inventory"
        await pilot.click("#list", offset=(5, 3))
        assert app.screen.has_class("-detail")
        await pilot.press("escape")
        bar = app.screen.query_one(ActionBar)
        await pilot.click(bar, offset=(10, 0))
        assert app.screen.query_one(QuestionLine).display
        await pilot.press("n")
        await pilot.click("#tabs", offset=(32, 0))
        await until(pilot, lambda: app.current_mode == "logs")


async def test_without_an_engine_nothing_is_offered(app_of: AppOf) -> None:
    """A lost engine takes the verbs out of the footer and off the keys."""
    app = app_of(states.engine_lost())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("S")
        assert not app.screen.query_one(QuestionLine).display
        put(app.session, states.healthy())
        await until(pilot, lambda: not app.screen.has_class("-stale"))
        await pilot.press("S")
        assert app.screen.query_one(QuestionLine).display


async def test_up_starts_what_is_not_there(app_of: AppOf, engine: FakeEngine) -> None:
    """``U`` brings the project up, once it was asked."""
    app = app_of(Shown(), project())
    engine.pullable |= {"redis:1"}
    await told(app, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("U", "y")
        await until(pilot, lambda: set(engine.states().values()) == {"running"} and len(engine.states()) == 3)
        await until(pilot, lambda: not app.pending)


async def test_up_tells_what_it_leaves_alone(app_of: AppOf, engine: FakeEngine) -> None:
    """Containers of a service that has left the file are somebody's all the same."""
    app = app_of(Shown(), project())
    engine.pullable |= {"redis:1"}
    engine.seed(container_request(mesh_config(spec("old")), spec("old"), 1))
    await told(app, engine)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("U", "y")
        await until(pilot, lambda: any("old (1 container)" in message for message in notices(app)))
        assert engine.states()["old-1"] == "running"


async def test_up_is_offered_for_what_has_died(app_of: AppOf) -> None:
    """It is not well rather than stopped; work that is done needs no other run."""
    dead = states.service("users", Health.UNHEALTHY, Reason(ReasonKind.EXITED, exit_code=137))
    died = tuple(replace(one, state=ContainerState.EXITED) for one in dead.instances)
    app = app_of(states.with_services(states.healthy(), replace(dead, instances=died)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("U")
        assert app.screen.query_one(QuestionLine).display
        await pilot.press("escape")
        put(app.session, states.with_services(states.healthy(), replace(dead, health=Health.DONE, instances=died)))
        await pilot.press("U")
        assert not app.screen.query_one(QuestionLine).display


async def test_quit(app_of: AppOf) -> None:
    """``q`` leaves with 0."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("q")
    assert app.return_value == 0
