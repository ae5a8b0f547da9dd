"""What holds for all actions of all screens: one meaning a key, and what acts is a capital letter and asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from meshctl.engine.session import Ability
from meshctl.tui.actions import Action
from meshctl.tui.app import MeshApp
from meshctl.tui.intents import ChooseOther, Compare, OpenTrace, ShowTab, ShowWhy
from meshctl.tui.navigation import SCREENS
from meshctl.tui.screens.base import MeshScreen
from meshctl.tui.screens.logs import LogsScreen
from meshctl.tui.screens.services import ServicesScreen
from meshctl.tui.screens.waterfall import WaterfallScreen
from meshctl.tui.screens.why import WhyScreen
from meshctl.tui.widgets.question import QuestionLine
from tests.fakes.sessions import Shown
from tests.spans import order
from tests.tui import states
from tests.tui.conftest import AppOf, until
from tests.tui.desk import FakeDesk, edges_of_shop, failed_order, list_of, live
from tests.tui.test_trace_snapshots import renamed

SIZE = (160, 40)
OTHER = renamed(failed_order(), "b" * 32)
each_screen = pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.heading)


def acts(action: Action[Any]) -> bool:
    """On what runs; a pin is kept by the collector alone."""
    return action.needs is not None and action.needs is not Ability.PIN


class Untouched:
    """A lifecycle that nobody may call."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        async def call(*_: object) -> None:
            self.calls.append(verb)

        return call


def mended() -> Shown:
    """Services in every state, of which the first finding is mended by a command."""
    return replace(states.troubled(), findings=(states.stopped_redis(),))


def app_with(app_of: AppOf) -> tuple[MeshApp, Untouched]:
    """Services in every state, two traces, a map."""
    desk = FakeDesk(order(), OTHER)
    desk.calls = tuple(edges_of_shop())
    app = app_of(live(list_of(order()), list_of(OTHER), base=mended()), desk=desk)
    untouched = Untouched()
    app._commands._lifecycle = untouched  # type: ignore[assignment]
    return app, untouched


async def shown(app: MeshApp, pilot: Pilot[int], screen: type[MeshScreen[Any]]) -> MeshScreen[Any]:
    """Bring a screen to the front, as full as it gets."""
    app.go(ShowTab(screen.mode))
    if screen is WaterfallScreen:
        app.go(OpenTrace(OTHER.trace_id))
    elif screen is WhyScreen:
        app.go(ShowWhy())
    elif screen.heading == "Compare":
        app.go(ChooseOther(order().trace_id))
        app.go(Compare(order().trace_id, OTHER.trace_id))
    await until(pilot, lambda: type(app.screen) is screen and bool(app.screen.is_mounted))
    found = app.screen
    assert isinstance(found, MeshScreen)
    if isinstance(found, WaterfallScreen):
        await until(pilot, lambda: isinstance(found, WaterfallScreen) and found.nav.view is not None)
    await until(pilot, lambda: found.ready)
    return found


def test_a_key_means_the_same_on_every_screen() -> None:
    """Toggles name both words."""
    meanings: dict[str, set[str]] = defaultdict(set)
    for screen in SCREENS:
        for action in screen.actions:
            for key in action.keys.split():
                meanings[key].add(action.meaning or action.label or action.name)
    assert {key: words for key, words in meanings.items() if len(words) > 1} == {}


@each_screen
def test_what_acts_is_a_capital_letter_and_asks(screen: type[MeshScreen[Any]]) -> None:
    """And nothing else asks."""
    for action in screen.actions:
        assert acts(action) == (action.asks is not None), action.name
        if acts(action):
            assert len(action.keys) == 1 and action.keys.isupper(), action.name


@each_screen
def test_names_lead_to_one_action(screen: type[MeshScreen[Any]]) -> None:
    """The palette searches them; help says something of each key."""
    names = [action.name for action in screen.actions]
    assert len(names) == len(set(names))
    assert all(action.help for action in screen.actions)


@each_screen
async def test_no_small_letter_acts(screen: type[MeshScreen[Any]], app_of: AppOf) -> None:
    """Whatever is pressed and answered with yes: only what acts reaches the session."""
    app, lifecycle = app_with(app_of)
    acting = {action.keys for one in SCREENS for action in one.actions if acts(action)} | {"q"}
    harmless = {key for one in SCREENS for a in one.actions for key in a.keys.split()} - acting
    async with app.run_test(size=SIZE) as pilot:
        for key in sorted(harmless):
            await shown(app, pilot, screen)
            await pilot.press(key)
            if app._exit:
                pytest.fail(f"{key} leaves")
            await pilot.press("y", "escape")
            app.go(ShowTab(screen.mode))
            app.go(ShowTab(screen.mode))
        assert lifecycle.calls == []


@each_screen
async def test_what_acts_does_nothing_by_default(screen: type[MeshScreen[Any]], app_of: AppOf) -> None:
    """Enter is no, on every service; on screens where the letter is not bound it means nothing."""
    app, lifecycle = app_with(app_of)
    capitals = sorted({action.keys for one in SCREENS for action in one.actions if acts(action)})
    async with app.run_test(size=SIZE) as pilot:
        await shown(app, pilot, screen)
        for key in capitals:
            await pilot.press(key, "enter")
            await shown(app, pilot, screen)
        assert lifecycle.calls == []
        assert not app.screen.query_one(QuestionLine).display


async def test_a_session_that_cannot_act_says_why(app_of: AppOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked and nothing done."""
    app, lifecycle = app_with(app_of)
    monkeypatch.setattr(app.session, "can", lambda ability: f"A recording cannot {ability}.")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("R")
        assert not app.screen.query_one(QuestionLine).display
        assert [notice.text for notice in app.notices.told] == ["A recording cannot restart."]
        await pilot.press("y")
        assert lifecycle.calls == []


async def test_a_key_press_looks_once_at_what_it_would_act_on(app_of: AppOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The footer is another look, at what is selected afterwards."""
    app, _ = app_with(app_of)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        screen, looked = app.screen, []
        assert isinstance(screen, ServicesScreen)
        context = screen.context
        monkeypatch.setattr(screen, "context", lambda: (looked.append(1), context())[1])
        await pilot.press("6")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen))
        assert len(looked) == 1
