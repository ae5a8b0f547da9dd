"""The terminal app on the stack, opened in a real terminal."""

from __future__ import annotations

import pytest

from tests.e2e.command import Meshctl, eventually
from tests.e2e.test_stack import APPLICATION, INFRASTRUCTURE
from tests.terminal import Terminal

pytestmark = pytest.mark.e2e


def test_the_app_shows_the_services_and_answers_keys(stack: Meshctl) -> None:
    stack.call("orders", "GET", "/orders/")
    with Terminal(stack.argv()) as terminal:
        terminal.until(*(f"{service} healthy" for service in APPLICATION | INFRASTRUCTURE))
        terminal.press("?")
        terminal.until("Services: keys")
        terminal.press("?2")
        terminal.until("GET /orders/", f"up {stack.project}")
        terminal.press("\r")
        terminal.until("critical path")
        terminal.press("3")
        terminal.until("calls in the last minute")
        terminal.press("6")
        terminal.until("logs of all services", "registry.registered")
        terminal.resize(80, 24)
        terminal.until("1 Services", "logs of all services")
        terminal.press(":services\r")
        terminal.until("orders healthy")
        terminal.press("q")
        assert terminal.ended() == 0


def test_the_head_says_what_is_wrong_and_its_key_mends_it(stack: Meshctl) -> None:
    """On whichever screen: the cause, who fails through it, and what starts it again after a yes."""
    stack("stop", "redis")
    try:
        with Terminal(stack.argv()) as terminal:
            terminal.until("redis is stopped (by you", "fail through it · meshctl start redis (M)")
            terminal.until("unhealthy · redis is stopped")
            terminal.press("6")
            terminal.until("logs of all services", "meshctl start redis (M)")
            terminal.press("w")
            terminal.until("what is wrong, cause first", "stop redis by ", "→ meshctl start redis")
            terminal.press("M")
            terminal.until("redis is stopped: meshctl start redis?")
            terminal.press("y")
            terminal.until("redis: meshctl start redis is done")
            terminal.press("q")
            assert terminal.ended() == 0
    finally:
        stack("start", "redis")
    eventually(lambda: stack("why", "--json").json == [], within=60, what="nothing is wrong any more")
