"""The app over a mesh all of whose text is hostile: no widget draws anything that a terminal would obey."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from meshctl.model.config import ServiceKind
from meshctl.model.status import Health, LinkState, ServiceStatus
from meshctl.tui.palette import MeshPalette
from meshctl.tui.screens.base import MeshScreen
from tests.fakes.sessions import Shown
from tests.hostile import PAYLOADS, obeyed
from tests.made import Maker
from tests.tui.conftest import AppOf, until

ALL = "".join(PAYLOADS)


def drawn(pilot: Pilot[int]) -> str:
    """The text of every widget on the screen."""
    widgets = [widget for widget in pilot.app.screen.query("*") if widget.display and widget.size]
    return "\n".join(widget.render_line(y).text for widget in widgets for y in range(widget.size.height))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("key", ["1", "2", "3", "6", "w"])
async def test_no_screen_draws_anything_that_is_obeyed(app_of: AppOf, seed: int, key: str) -> None:
    app = app_of(Maker(seed).make(Shown))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, MeshScreen) and app.screen.ready)
        app.notify(ALL, title=ALL)
        await pilot.pause()
        assert "pwned" in drawn(pilot)
        assert obeyed(drawn(pilot), newlines=True) == ""


async def test_neither_does_the_palette(app_of: AppOf) -> None:
    status = ServiceStatus(ALL, ServiceKind.APPLICATION, "running", Health.HEALTHY, 1, 1)
    app = app_of(Shown(services=(status,)))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("colon", *"restart")
        await until(pilot, lambda: isinstance(app.screen, MeshPalette) and "pwned" in drawn(pilot))
        assert obeyed(drawn(pilot), newlines=True) == ""


async def test_nor_an_empty_list(app_of: AppOf) -> None:
    app = app_of(Shown(links=(LinkState(ALL, False, 0.0, ALL, ALL),)))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        assert "pwned" in drawn(pilot)
        assert obeyed(drawn(pilot), newlines=True) == ""


async def test_nor_what_was_pasted(app_of: AppOf) -> None:
    app = app_of(Maker(0).make(Shown))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("slash")
        app.post_message(Paste("\x1b]0;pwned\x07\u202e"))
        await until(pilot, lambda: app.screen.query_one(Input).value == "␛]0;pwned␇�")
        assert obeyed(drawn(pilot), newlines=True) == ""
