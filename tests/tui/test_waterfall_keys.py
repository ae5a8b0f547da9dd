"""What keys and the mouse do in a waterfall."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollUp
from textual.pilot import Pilot

from meshctl.core.traces.waterfall import waterfall
from meshctl.model.traces import Trace
from meshctl.present.lines import plain
from meshctl.present.waterfall import printed
from meshctl.tui.app import MeshApp
from meshctl.tui.screens.services import ServiceList, ServicesScreen
from meshctl.tui.screens.waterfall import WaterfallScreen
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.line_pane import LinePane
from meshctl.tui.widgets.span_detail import SpanDetail
from tests.fakes.sessions import put
from tests.spans import order, span, trace
from tests.tui.conftest import AppOf, until
from tests.tui.desk import FakeDesk, failed_order, list_of, live, logs_of

SIZE = (120, 36)


def shown(app: MeshApp) -> WaterfallScreen:
    assert isinstance(app.screen, WaterfallScreen)
    return app.screen


def selected(app: MeshApp) -> str:
    """Service and name of the span under the cursor."""
    screen = shown(app)
    assert screen.nav.view is not None
    span = screen.nav.view.waterfall.rows[screen.rows.index].span
    return f"{span.service} {span.name}"


def texts(app: MeshApp) -> list[str]:
    rows = shown(app).rows
    return [rows.text_at(place) for place in range(len(rows.keys))]


def detail(app: MeshApp) -> str:
    return "\n".join(plain(line) for line in shown(app).query_one("#span-body", LinePane).lines)


async def opened(app: MeshApp, pilot: Pilot[int]) -> None:
    await pilot.press("2")
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, WaterfallScreen) and app.screen.nav.view is not None)
    await pilot.pause()


def app_with(app_of: AppOf, one: Trace) -> tuple[MeshApp, FakeDesk]:
    desk = FakeDesk(one)
    return app_of(live(list_of(one)), desk=desk), desk


async def test_folding_and_walking_the_tree(app_of: AppOf) -> None:
    """← folds, then goes to the parent; → unfolds, then goes to the child; Enter does both."""
    app, _ = app_with(app_of, order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("down", "down", "left")
        assert len(texts(app)) == 10
        assert "▸" in texts(app)[2]
        await pilot.press("left")
        assert selected(app) == "orders POST /orders/"
        await pilot.press("down", "right")
        assert len(texts(app)) == 12
        await pilot.press("right")
        assert selected(app) == "users GetUser"
        await pilot.press("home", "enter")
        assert len(texts(app)) == 1
        await pilot.press("enter")
        assert len(texts(app)) == 12


async def test_zoom_pan_and_whole(app_of: AppOf) -> None:
    """``+`` shows half the time around the span, shift and the arrows move it, ``0`` shows all again."""
    app, _ = app_with(app_of, order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("down", "down")
        view = shown(app).nav.view
        assert view is not None
        whole = view.window
        await pilot.press("plus", "plus", "plus")
        row = view.waterfall.rows[shown(app).rows.index]
        assert view.window.end_ns - view.window.start_ns == (whole.end_ns - whole.start_ns) // 8
        assert view.window.start_ns <= row.start_ns
        assert row.end_ns <= view.window.end_ns
        before = view.window
        await pilot.press("shift+right")
        assert view.window.start_ns > before.start_ns
        await pilot.press("shift+left")
        assert view.window == before
        await pilot.press("0")
        assert view.window == whole


async def test_errors_one_after_the_other(app_of: AppOf) -> None:
    """``e`` goes down and round, ``E`` up; a folded error is unfolded."""
    app, _ = app_with(app_of, failed_order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("enter", "e")
        assert selected(app) == "orders POST /orders/"
        await pilot.press("e", "e")
        assert shown(app).rows.index == 5
        await pilot.press("e")
        assert selected(app) == "orders POST /orders/"
        await pilot.press("E")
        assert shown(app).rows.index == 5


async def test_without_errors_the_key_means_nothing(app_of: AppOf) -> None:
    """It is not offered either."""
    app, _ = app_with(app_of, order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("e")
        assert shown(app).rows.index == 0


async def test_find_in_names_and_attributes(app_of: AppOf) -> None:
    """As one types the cursor goes to what is found; n and b go on; Esc forgets it before it goes back."""
    app, _ = app_with(app_of, failed_order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("f", *"reserve", "enter")
        await until(pilot, lambda: shown(app).nav.found == [4, 5] and shown(app).rows.index == 4)
        await pilot.press("n")
        assert shown(app).rows.index == 5
        await pilot.press("n")
        assert shown(app).rows.index == 4
        await pilot.press("b")
        assert shown(app).rows.index == 5
        await pilot.press("escape", "f", *"sku=espresso")
        await until(pilot, lambda: shown(app).nav.found == [3] and selected(app) == "users GetUser")
        await pilot.press("escape")
        assert shown(app).nav.wanted == ""
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, WaterfallScreen))


async def test_only_the_critical_path(app_of: AppOf) -> None:
    """What nobody waits for goes; looking for an error beside the path brings all back."""
    app, _ = app_with(app_of, order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("i")
        assert not [text for text in texts(app) if "worker" in text]
        await pilot.press("f", *"send_email")
        await until(pilot, lambda: "send_email" in selected(app))
        assert len(texts(app)) == 12


async def test_tabs_and_the_logs_of_the_trace(app_of: AppOf) -> None:
    """Tab goes round; the logs are read when somebody looks; ``l`` goes there at once."""
    app, desk = app_with(app_of, failed_order())
    desk.lines = logs_of()
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("end", "up")
        assert "status" in detail(app)
        await pilot.press("tab")
        assert "connection refused by inventory:8001" in detail(app)
        await pilot.press("tab")
        assert f"span {5:016x}" in detail(app)
        assert "exception" not in detail(app)
        await pilot.press("tab")
        await until(pilot, lambda: "order.created" in detail(app))
        await pilot.press("tab")
        assert shown(app).query_one(SpanDetail).tab == "attributes"
        await pilot.press("shift+tab")
        assert shown(app).query_one(SpanDetail).tab == "logs"


async def test_logs_that_cannot_be_read_say_why(app_of: AppOf) -> None:
    """In the tab; the rest of the screen stays."""
    app, desk = app_with(app_of, order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        desk.up = False
        await pilot.press("l")
        await until(pilot, lambda: "No collector answers" in detail(app))
        assert len(texts(app)) == 12


async def test_to_the_service_of_the_span_and_back(app_of: AppOf) -> None:
    """``o`` selects it on the services screen; Esc comes back to the span."""
    app, _ = app_with(app_of, order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press(*["down"] * 6, "o")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen))
        await until(pilot, lambda: app.screen.query_one(ServiceList).selected == "inventory")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen))
        assert selected(app) == "inventory POST /reserve"


async def test_a_trace_that_grows_is_read_again(app_of: AppOf) -> None:
    """The cursor stays on its span, folds stay folded."""
    whole = order()
    part = trace(*whole.spans[:8])
    app, desk = app_with(app_of, part)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("down", "down", "left", "end")
        before = selected(app)
        desk.traces[whole.trace_id] = whole
        for revision in range(1, 20):
            put(app.session, live(list_of(whole, revision=revision)))
            await pilot.pause()
        await until(pilot, lambda: len(shown(app).rows.keys) == 10)
        assert selected(app) == before
        assert "▸" in texts(app)[2]


async def test_a_collector_that_comes_back_fills_the_screen(app_of: AppOf) -> None:
    """Until then it says what is wrong; what was read once stays."""
    app, desk = app_with(app_of, order())
    desk.up = False
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("2")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WaterfallScreen) and desk.reads > 0)
        sentence = app.screen.query_one(EmptyPane).query_one("#sentence")
        await until(pilot, lambda: "No collector answers" in str(sentence.render()))
        desk.up = True
        await until(pilot, lambda: shown(app).nav.view is not None)
        assert shown(app).query_one("#body").display
        desk.up = False
        put(app.session, live(list_of(order(), revision=5), lost=True))
        await until(pilot, lambda: shown(app).rows.has_class("-stale"))
        assert len(texts(app)) == 12


async def test_the_mouse_selects_folds_and_zooms(app_of: AppOf) -> None:
    """A click selects, on the sign it folds; ctrl and the wheel zoom; a tab can be clicked."""
    app, _ = app_with(app_of, order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.click("#rows", offset=(30, 5))
        assert selected(app) == "orders POST /reserve"
        assert len(texts(app)) == 12
        await pilot.click("#rows", offset=(5, 2))
        assert len(texts(app)) == 10
        assert selected(app) == "orders GetUser"
        view = shown(app).nav.view
        assert view is not None
        whole = view.window
        await pilot._post_mouse_events([MouseScrollUp], "#rows", offset=(60, 3), control=True)
        assert view.window.end_ns - view.window.start_ns < whole.end_ns - whole.start_ns
        head = shown(app).query_one("#span-head")
        await pilot.click(head, offset=(head.size.width - 3, 0))
        assert shown(app).query_one(SpanDetail).tab == "logs"


@pytest.mark.parametrize("width", [80, 120, 159, 160, 200])
async def test_rows_and_details_fit_at_every_width(app_of: AppOf, width: int) -> None:
    """No row is wider than its pane, and the scale stands above the bars."""
    app, _ = app_with(app_of, failed_order())
    async with app.run_test(size=(width, 40)) as pilot:
        await opened(app, pilot)
        room = shown(app).rows.size.width
        assert {len(text) for text in texts(app)} == {room - 1}
        wide = shown(app).has_class("-wide")
        assert wide == (width >= 160)
        assert shown(app).query_one(SpanDetail).size.width == (57 if wide else width)


async def test_a_trace_with_odd_spans_can_be_looked_at(app_of: AppOf) -> None:
    """Two roots, the same id twice, no time at all, a time that runs backwards."""
    odd = trace(
        span(1, ms=0.0),
        span(2, ms=-5.0, at=3.0),
        span(3, 99, at=1.0),
        span(3, 1, at=2.0, name="again"),
    )
    app, _ = app_with(app_of, odd)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        for key in ("down", "down", "plus", "minus", "0", "left", "right", "i", "end", "tab"):
            await pilot.press(key)
        assert shown(app).rows.index >= 0


async def test_the_rows_are_those_that_traces_show_prints(app_of: AppOf) -> None:
    """One model, one drawing: at the same width both say the same."""
    app, _ = app_with(app_of, order())
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        header_and_ruler = 2
        told = printed(waterfall(order()), shown(app).rows.room)[header_and_ruler:]
        assert [text.rstrip() for text in texts(app)] == [plain(line).rstrip() for line in told]
