"""One picture for every state of a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.command import CommandInput, CommandList
from textual.pilot import Pilot

from meshctl.model.containers import LogLine
from meshctl.tui.screens.logs import LogsScreen
from meshctl.tui.widgets.log_view import LogView
from tests.fakes.sessions import Shown
from tests.tui import states
from tests.tui.conftest import AppOf, until

Compare = Callable[..., bool]
TYPICAL = (120, 34)

STATES = {
    "healthy": states.healthy,
    "troubled": states.troubled,
    "starting": states.starting,
    "redis_stopped": states.redis_stopped,
    "engine_lost": states.engine_lost,
    "no_engine": states.no_engine,
}


@pytest.mark.parametrize("name", STATES)
def test_services(name: str, snap_compare: Compare, app_of: AppOf) -> None:
    """The services screen tells how it goes."""
    assert snap_compare(app_of(STATES[name]()), terminal_size=TYPICAL)


def test_services_before_the_first_answer(snap_compare: Compare, app_of: AppOf) -> None:
    """An empty list says what it waits for."""
    assert snap_compare(app_of(Shown()), terminal_size=(100, 26))


def test_services_small(snap_compare: Compare, app_of: AppOf) -> None:
    """80×24 drops columns and cuts with an ellipsis."""
    assert snap_compare(app_of(states.troubled()), press=["down"], terminal_size=(80, 24))


def test_a_stopped_service_small(snap_compare: Compare, app_of: AppOf) -> None:
    """80×24 keeps the cause and what mends it in the head."""
    assert snap_compare(app_of(states.redis_stopped()), terminal_size=(80, 24))


def test_a_stopped_service_in_detail(snap_compare: Compare, app_of: AppOf) -> None:
    """The details of a cause tell when, through whom and what mends it; a question asks first."""
    assert snap_compare(app_of(states.redis_stopped()), press=["home", "M"], terminal_size=(170, 36))


@pytest.mark.parametrize("size", [(80, 24), (120, 34)], ids=["80x24", "120x34"])
def test_why(size: tuple[int, int], snap_compare: Compare, app_of: AppOf) -> None:
    """All that is wrong, cause first."""
    assert snap_compare(app_of(states.redis_stopped()), press=["w", "down"], terminal_size=size)


def test_why_light(snap_compare: Compare, app_of: AppOf) -> None:
    """The light theme is as legible."""
    app = app_of(states.redis_stopped())
    app.theme = "meshctl-light"
    assert snap_compare(app, press=["w"], terminal_size=TYPICAL)


def test_why_when_all_is_well(snap_compare: Compare, app_of: AppOf) -> None:
    """An empty list says that there is nothing to say."""
    assert snap_compare(app_of(states.healthy()), press=["w"], terminal_size=(100, 26))


def test_services_wide(snap_compare: Compare, app_of: AppOf) -> None:
    """A wide terminal gets the details beside the list."""
    assert snap_compare(app_of(states.troubled()), press=["down"], terminal_size=(170, 40))


def test_details_small(snap_compare: Compare, app_of: AppOf) -> None:
    """A narrow terminal shows the details in place of the list."""
    assert snap_compare(app_of(states.troubled()), press=["down", "enter"], terminal_size=(80, 24))


def test_filter(snap_compare: Compare, app_of: AppOf) -> None:
    """The list holds what matches."""
    assert snap_compare(app_of(states.troubled()), press=["slash", "o", "r"], terminal_size=(100, 28))


def test_filter_without_a_match(snap_compare: Compare, app_of: AppOf) -> None:
    """Nothing matches, and the way out is named."""
    assert snap_compare(app_of(states.healthy()), press=["slash", *"zzz"], terminal_size=(100, 28))


def test_question(snap_compare: Compare, app_of: AppOf) -> None:
    """Stopping asks in one line, and the default is no."""
    assert snap_compare(app_of(states.healthy()), press=["down", "S"], terminal_size=(100, 28))


def test_question_for_a_number(snap_compare: Compare, app_of: AppOf) -> None:
    """The number of instances is asked for in the same line."""
    assert snap_compare(app_of(states.healthy()), press=["down", "N", "4"], terminal_size=(100, 28))


def test_help(snap_compare: Compare, app_of: AppOf) -> None:
    """The keys of the screen."""
    assert snap_compare(app_of(states.healthy()), press=["question_mark"], terminal_size=TYPICAL)


def test_palette(snap_compare: Compare, app_of: AppOf) -> None:
    """Every command by name."""

    async def search(pilot: Pilot[int]) -> None:
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(pilot.app.focused, CommandInput))
        await pilot.press(*"stop")
        services = len(states.config().services)
        await until(pilot, lambda: pilot.app.screen.query_one(CommandList).option_count == services)
        await until(pilot, lambda: all(w.is_finished for w in pilot.app.workers if w.node is pilot.app.screen))
        await pilot.pause()

    assert snap_compare(app_of(states.healthy()), run_before=search, terminal_size=(100, 28))


def test_light_theme(snap_compare: Compare, app_of: AppOf) -> None:
    """The light theme is as legible."""
    app = app_of(states.troubled())
    app.theme = "meshctl-light"
    assert snap_compare(app, press=["down"], terminal_size=(170, 36))


def test_logs(snap_compare: Compare, app_of: AppOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Structured lines are taken apart, others stay as they are."""
    monkeypatch.setattr(LogsScreen, "follow_logs", nothing)

    async def write(pilot: Pilot[int]) -> None:
        await pilot.press("l")
        await pilot.pause()
        pilot.app.screen.query_one(LogView).append(lines())
        pilot.app.screen.draw()  # type: ignore[attr-defined]
        await pilot.pause()

    assert snap_compare(app_of(states.healthy()), run_before=write, terminal_size=(110, 24))


async def nothing(screen: LogsScreen, service: str) -> None:
    """No lines from anywhere."""


def lines() -> list[LogLine]:
    texts = [
        "Starting up",
        '{"timestamp": "x", "level": "info", "event": "order.created", "order_id": 17, "total": 12.5}',
        '{"level": "warning", "event": "inventory.low", "sku": "tea", "left": 2}',
        '{"level": "error", "message": "call failed", "target": "users", "error": "timeout after 2 s"}',
        "\x1b[31mcoloured\x1b[0m by itself",
    ]
    return [LogLine("users", f"users-{1 + n % 2}", states.NOW - 10 + n, "stdout", text) for n, text in enumerate(texts)]
