"""What is wrong first stands on every screen; one key mends it, another shows what speaks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from meshctl.engine.session import Ability
from meshctl.model.findings import Finding, Mend, MendKind
from meshctl.model.status import FindingKind, Health
from meshctl.present.lines import plain
from meshctl.tui.app import MeshApp
from meshctl.tui.screens.base import HelpScreen
from meshctl.tui.screens.logs import LogsScreen
from meshctl.tui.screens.map import MapScreen
from meshctl.tui.screens.services import ServiceList, ServicesScreen
from meshctl.tui.screens.traces import TracesScreen
from meshctl.tui.screens.why import FindingList, WhyScreen
from meshctl.tui.widgets.frame import ActionBar, NoticeLine
from meshctl.tui.widgets.question import QuestionLine
from tests.fakes.containers import FakeEngine
from tests.fakes.sessions import put, shown_of
from tests.tui import states
from tests.tui.conftest import AppOf, until
from tests.tui.test_keys import notices, running

SIZE = (120, 30)
HEAD = "✖ redis is stopped (by you, 2 min ago): worker and notifications fail through it · meshctl start redis (M)"


def head(app: MeshApp) -> str:
    return " ".join(plain(line) for line in app.screen.query_one(NoticeLine).lines).strip()


def footer(app: MeshApp) -> list[str]:
    return [f"{action.shown_key} {action.label}" for action in app.screen.query_one(ActionBar)._actions]


async def with_finding(app_of: AppOf, engine: FakeEngine, finding: Finding) -> MeshApp:
    """A small project that runs, in which that is found."""
    app = await running(app_of, engine)
    put(app.session, replace(shown_of(app.session.state), findings=(finding,)))
    return app


@pytest.mark.parametrize("key", ["1", "2", "3", "6"])
async def test_the_first_finding_stands_on_every_screen(key: str, app_of: AppOf) -> None:
    """At the height of the blank line that it replaces, with how many more there are."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(key)
        await pilot.pause()
        top = app.screen.query_one(NoticeLine).region
        assert head(app) == ""
        put(app.session, states.redis_stopped())
        await until(pilot, lambda: head(app).startswith(HEAD))
        assert head(app).endswith("+1 more")
        assert app.screen.query_one(NoticeLine).region == top
        assert {"M mend", "w why"} <= set(footer(app))


async def test_a_narrow_footer_keeps_the_keys_for_what_is_wrong(app_of: AppOf) -> None:
    """On a service with many verbs these go first."""
    app = app_of(states.redis_stopped())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("end")
        await until(pilot, lambda: "P pause" in footer(app))
        fitting = [action.label for action in app.screen.query_one(ActionBar)._fitting()]
        assert {"mend", "why", "help"} <= set(fitting) and "pause" not in fitting


async def test_a_notice_stands_in_its_place_while_there_is_one(app_of: AppOf) -> None:
    """A click on the finding shows why, a click on the notice forgets the notice."""
    app = app_of(states.redis_stopped())
    async with app.run_test(size=SIZE) as pilot:
        app.notify("users stopped", timeout=60)
        await until(pilot, lambda: head(app) == "· users stopped")
        await pilot.click(NoticeLine)
        await until(pilot, lambda: head(app).startswith(HEAD))
        await pilot.click(NoticeLine)
        await until(pilot, lambda: isinstance(app.screen, WhyScreen))


async def test_old_findings_are_dim_and_mend_nothing(app_of: AppOf) -> None:
    """While the engine is lost nothing can be done, and the head says no key."""
    app = app_of(replace(states.redis_stopped(), links=states.engine_lost().links))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: head(app).startswith("✖ redis is stopped"))
        assert "(M)" not in head(app)
        assert app.screen.query_one(NoticeLine).has_class("-stale")
        await pilot.press("M")
        assert not app.screen.query_one(QuestionLine).display


async def test_the_key_that_mends_asks_and_does_it(app_of: AppOf, engine: FakeEngine) -> None:
    """The default is no."""
    app = await with_finding(app_of, engine, states.stopped_redis())
    engine.die("redis-1", 0)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("M")
        assert app.screen.query_one(QuestionLine)._text == "redis is stopped: meshctl start redis?"
        await pilot.press("enter")
        assert engine.states()["redis-1"] == "exited"
        await pilot.press("M", "y")
        await until(pilot, lambda: engine.states()["redis-1"] == "running")
        await until(pilot, lambda: "redis: meshctl start redis is done" in notices(app))


async def test_a_paused_service_goes_on(app_of: AppOf, engine: FakeEngine) -> None:
    paused = Finding("redis", FindingKind.PAUSED, mend=Mend(MendKind.UNPAUSE, "redis"))
    app = await with_finding(app_of, engine, paused)
    await app.session.lifecycle.pause(("redis",), Silent())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("M", "y")
        await until(pilot, lambda: engine.states()["redis-1"] == "running")


@pytest.mark.parametrize(("kind", "said"), [(MendKind.RESTART, "is done"), (MendKind.UP, "redis was up already")])
async def test_restart_and_up_are_commands_too(kind: MendKind, said: str, app_of: AppOf, engine: FakeEngine) -> None:
    seen = Finding("redis", FindingKind.UNHEALTHY, mend=Mend(kind, "redis"))
    app = await with_finding(app_of, engine, seen)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("M", "y")
        await until(pilot, lambda: any(said in text for text in notices(app)))


async def test_what_is_asked_about_is_what_is_mended(app_of: AppOf, engine: FakeEngine) -> None:
    """Another finding that comes first while the question stands changes nothing."""
    app = await with_finding(app_of, engine, states.stopped_redis())
    engine.die("redis-1", 0)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("M")
        other = Finding("users", FindingKind.UNHEALTHY, mend=Mend(MendKind.RESTART, "users"))
        put(app.session, replace(shown_of(app.session.state), findings=(other,)))
        await pilot.press("y")
        await until(pilot, lambda: engine.states()["redis-1"] == "running")


async def test_logs_are_shown_and_a_step_by_hand_is_copied(app_of: AppOf) -> None:
    """Neither asks: nothing is done to what runs."""
    logs = Finding("echo", FindingKind.FAILED, mend=Mend(MendKind.LOGS, "echo"))
    app = app_of(replace(states.healthy(), findings=(logs,)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen))
        by_hand = replace(logs, mend=Mend(MendKind.MORE_MEMORY, "echo"))
        put(app.session, replace(states.healthy(), findings=(by_hand,)))
        await pilot.press("M")
        assert app.clipboard == notices(app)[-1] == "give echo a higher mem_limit, then meshctl up echo"


async def test_without_a_finding_the_key_means_nothing(app_of: AppOf) -> None:
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("M")
        assert not app.screen.query_one(QuestionLine).display
        assert notices(app) == []
        assert not {"M mend", "w why"} & set(footer(app))


async def test_a_session_that_cannot_says_why_not(app_of: AppOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the command that would mend it."""
    app = app_of(states.redis_stopped())
    asked: list[Ability] = []
    monkeypatch.setattr(app.session, "can", lambda ability: (asked.append(ability), "This is a recording.")[1])
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("M")
        assert asked == [Ability.START]
        assert notices(app) == ["This is a recording."]
        assert not app.screen.query_one(QuestionLine).display


@pytest.mark.parametrize(("key", "screen"), [("2", TracesScreen), ("3", MapScreen), ("6", LogsScreen)])
async def test_why_stands_over_the_screen_that_it_was_asked_from(key: str, screen: type, app_of: AppOf) -> None:
    app = app_of(states.redis_stopped())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(key, "w")
        await until(pilot, lambda: isinstance(app.screen, WhyScreen))
        await pilot.press("w", "escape")
        await until(pilot, lambda: type(app.screen) is screen)


async def test_every_finding_can_be_gone_into_and_mended(app_of: AppOf) -> None:
    """The cursor goes from finding to finding; ``M`` is about the selected one, Enter goes to its service."""
    app = app_of(states.redis_stopped())
    async with app.run_test(size=SIZE) as pilot:
        listing = await at_why(pilot)
        assert [listing.text_at(index).strip() for index in range(5)] == [
            "✖ redis is stopped (by you, 2 min ago): worker and notifications fail through it",
            "engine   redis-1: stopped: exited 0, 2 min ago",
            "meshctl  redis-1: stopped with meshctl stop redis by ada, 2 min ago",
            "traces   worker → redis: 48 calls, 100% failed",
            "→ meshctl start redis",
        ]
        await pilot.press("down", "M")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen | WhyScreen))
        listing = await at_why(pilot)
        await pilot.press("home", "enter")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen))
        await until(pilot, lambda: app.screen.query_one(ServiceList).selected == "redis")


async def test_all_of_the_selected_finding_is_in_view(app_of: AppOf) -> None:
    """In a list that is longer than the screen."""
    found = tuple(replace(states.stopped_redis(), service=f"store-{number}") for number in range(8))
    app = app_of(replace(states.healthy(), findings=found))
    async with app.run_test(size=(100, 24)) as pilot:
        listing = await at_why(pilot)
        await pilot.press("end")
        await until(pilot, lambda: listing.scroll_offset.y + listing.size.height == len(listing.keys))
        await pilot.press("home")
        await until(pilot, lambda: listing.scroll_offset.y == 0)


async def test_the_list_says_when_all_is_well_again(app_of: AppOf) -> None:
    app = app_of(states.redis_stopped())
    async with app.run_test(size=SIZE) as pilot:
        await at_why(pilot)
        put(app.session, states.healthy())
        await until(pilot, lambda: app.screen.has_class("-empty"))
        assert str(app.screen.query_one("#sentence").render()) == "All 10 services are well."  # type: ignore[attr-defined]


async def test_where_nothing_is_up_nothing_is_wrong(app_of: AppOf) -> None:
    """The head says how to bring it up, and there is nothing to mend."""
    down = tuple(replace(one, instances=(), ready=0, health=Health.STOPPED) for one in states.healthy().services)
    absent = replace(states.stopped_redis(), kind=FindingKind.NOT_CREATED)
    app = app_of(replace(states.healthy(), services=down, findings=(absent,)))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: head(app) == "○ nothing is up · meshctl up")
        await pilot.press("M")
        assert not app.screen.query_one(QuestionLine).display
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, WhyScreen) and app.screen.has_class("-empty"))


async def test_the_key_has_one_line_in_the_help(app_of: AppOf) -> None:
    app = app_of(states.redis_stopped())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        lines = [plain(line).split(maxsplit=1) for line in app.screen._lines]
        assert [what for key, what in lines if key == "M"] == ["do what mends it, or copy what does"]


async def at_why(pilot: Pilot[int]) -> FindingList:
    await pilot.press("w")
    await until(pilot, lambda: isinstance(pilot.app.screen, WhyScreen) and pilot.app.screen.is_mounted)
    listing = pilot.app.screen.query_one(FindingList)
    await until(pilot, lambda: bool(listing.keys) and bool(listing.size.height))
    return listing


class Silent:
    """Progress that nobody looks at."""

    def emit(self, event: object) -> None:
        """Drop it."""
