"""The terminal app on the stack, opened in a real terminal."""

from __future__ import annotations

import pytest

from tests.e2e.command import Meshctl
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
