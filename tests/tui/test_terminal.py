"""The app as its users run it: Textual's own loop, in a terminal."""

from __future__ import annotations

import sys

from tests.terminal import Terminal

_APP = """
from tests.fakes.containers import FakeEngine
from tests.spans import order
from tests.tui.conftest import StandingClock, app_on
from tests.tui.desk import FakeDesk, list_of, live
from tests.tui.states import NOW

app = app_on(FakeEngine(StandingClock(NOW)), live(list_of(order())), desk=FakeDesk(order()))
raise SystemExit(app.run())
"""


def test_every_screen_opens_and_its_keys_are_answered() -> None:
    with Terminal([sys.executable, "-W", "error", "-c", _APP]) as terminal:
        terminal.until("1 Services", "orders healthy", "postgres healthy", "? help")
        terminal.press("?")
        terminal.until("Services: keys", "esc closes")
        terminal.press("?/ord")
        terminal.until("/ ord", "orders healthy")
        terminal.press("\x1b")
        terminal.until("users healthy")
        terminal.press("2")
        terminal.until("1 traces", "POST /orders/")
        terminal.press("\r")
        terminal.until("critical path", "inventory")
        terminal.press("3")
        terminal.until("calls in the last minute")
        terminal.press("6")
        terminal.until("logs of all services")
        terminal.press(":")
        terminal.until("Search for commands")
        terminal.press("services\r")
        terminal.until("orders healthy")
        terminal.resize(80, 24)
        terminal.until("1 Services", "orders healthy")
        terminal.press("q")
        assert terminal.ended() == 0
