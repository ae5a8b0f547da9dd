"""What the app shows of a project whose file is not whole."""

from __future__ import annotations

from dataclasses import replace

from meshctl.present.lines import plain
from tests.tui import states
from tests.tui.conftest import AppOf

TOLD = "no meshctl.yaml here: shop as its containers' labels tell"


async def test_it_shows_the_services_and_where_the_configuration_is_from(app_of: AppOf) -> None:
    app = app_of(states.healthy(), replace(states.config(), partial=TOLD))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        title, notices = app.screen.query_one("#title"), app.screen.query_one("#notices")
        assert "shop · as labels tell" in str(title.render_line(0).text)
        assert TOLD in " ".join(plain(line) for line in notices.lines)
        assert app.session.state.services.value.services


async def test_it_creates_nothing_and_says_why(app_of: AppOf) -> None:
    app = app_of(states.healthy(), replace(states.config(), partial=TOLD))
    async with app.run_test(size=(120, 40)) as pilot:
        app.dismiss_notices()
        await pilot.press("N")
        assert [notice.text for notice in app.notices.told] == [TOLD]


async def test_of_a_whole_file_nothing_is_said(app_of: AppOf) -> None:
    app = app_of(states.healthy())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "labels" not in str(app.screen.query_one("#title").render_line(0).text)
        assert app.notices.told == []
