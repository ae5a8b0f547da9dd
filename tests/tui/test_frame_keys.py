"""What every screen has: the palette for fast hands, notices that cover nothing, two themes."""

from __future__ import annotations

from textual.command import CommandList
from textual.events import Key

from meshctl.present.lines import plain
from meshctl.tui.widgets.frame import NoticeLine
from meshctl.tui.widgets.question import QuestionLine
from tests.fakes.containers import FakeEngine
from tests.tui import states
from tests.tui.conftest import AppOf, until
from tests.tui.test_keys import SIZE, listing, running


async def test_letters_typed_right_after_the_colon_are_text(app_of: AppOf, engine: FakeEngine) -> None:
    """No key is lost before the palette is there, none means what it means on the screen, and Enter waits."""
    app = await running(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        keys = [Key("colon", ":"), *(Key(letter, letter) for letter in "pause"), Key("space", " ")]
        for key in [*keys, *(Key(letter, letter) for letter in "users"), Key("enter", None)]:
            app.post_message(key)
        await until(pilot, lambda: isinstance(app.focused, QuestionLine))
        await pilot.press("y")
        await until(pilot, lambda: engine.states()["users-1"] == "paused")
        assert engine.states()["orders-1"] == "running"


async def test_a_move_and_an_action_typed_in_one_go_keep_their_order(app_of: AppOf, engine: FakeEngine) -> None:
    """The action is for the row that the cursor was moved to, be it typed before the list has drawn it."""
    app = await running(app_of, engine)
    async with app.run_test(size=SIZE) as pilot:
        names = list(listing(pilot).keys)
        last = [name for name in names if name][-1]
        for key in (Key("end", None), Key("S", "S"), Key("y", "y")):
            app.post_message(key)
        await until(pilot, lambda: engine.states()[f"{last}-1"] == "exited")
        assert [name for name, state in engine.states().items() if state == "exited"] == [f"{last}-1"]


async def test_a_page_of_commands_that_have_no_room_yet(app_of: AppOf) -> None:
    """Between the first commands that were found and their place on the screen a key may come."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("colon")
        commands = app.screen.query_one(CommandList)
        await until(pilot, lambda: commands.option_count > 0)
        options = list(commands.options)
        commands.display = False
        await until(pilot, lambda: not commands.scrollable_content_region)
        commands.clear_options().add_options(options)
        commands.highlighted = 0
        await pilot.press("pagedown")
        assert commands.highlighted == 0


async def test_a_notice_makes_room_for_itself_and_goes_with_a_click(app_of: AppOf) -> None:
    """Nothing is covered: what is below moves down by the lines that are needed."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        top = app.screen.query_one("#head").region.y
        app.notify("users stopped", timeout=60)
        await pilot.pause()
        line = app.screen.query_one(NoticeLine)
        assert [plain(text).strip() for text in line.lines] == ["· users stopped"]
        assert app.screen.query_one("#head").region.y == top
        app.notify("the disk is full", title="Make room.", severity="error", timeout=60)
        await pilot.pause()
        await until(pilot, lambda: app.screen.query_one("#head").region.y == top + 1)
        await pilot.click(line)
        await until(pilot, lambda: app.screen.query_one("#head").region.y == top)
        assert line.lines == []


async def test_a_notice_goes_by_itself(app_of: AppOf) -> None:
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        app.notify("users stopped", timeout=0.05)
        await until(pilot, lambda: bool(app.screen.query_one(NoticeLine).lines))
        await until(pilot, lambda: not app.screen.query_one(NoticeLine).lines)


async def test_the_theme_changes_every_colour(app_of: AppOf) -> None:
    """Colours that were worked out for one theme are not used in the other."""
    app = app_of(states.healthy())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        before = listing(pilot).tone_style("service:orders"), listing(pilot).tone_style("muted")
        app.switch_theme()
        await until(pilot, lambda: not app.current_theme.dark)
        await until(pilot, lambda: listing(pilot).tone_style("muted") != before[1])
        assert listing(pilot).tone_style("service:orders") != before[0]


async def test_a_long_question_leaves_room_for_its_answers(app_of: AppOf) -> None:
    app = app_of(states.healthy())
    async with app.run_test(size=(80, 24)) as pilot:
        question = app.screen.query_one(QuestionLine)
        question.ask(f"{'a-long-name-' * 8}: meshctl start?", None, lambda _: None, lambda: None)
        await until(pilot, lambda: bool(question.size.width))
        text = question.render_line(0).text.rstrip()
        assert text.endswith("…  y yes  N no (default)") and len(text) <= 80
