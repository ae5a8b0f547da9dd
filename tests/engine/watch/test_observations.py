"""What is remembered of a container's runs: deaths that nobody asked for."""

from __future__ import annotations

from meshctl.engine.watch.observations import Observations
from meshctl.model.containers import RuntimeEvent
from tests.builders import application, container, mesh_config

NOW = 1_000_000.0


def deaths_after(*actions: tuple[str, int | None]) -> int:
    seen = Observations(mesh_config(application("orders")))
    orders = container(seen.config, "orders")
    for second, (action, code) in enumerate(actions):
        seen.note_event(RuntimeEvent(NOW + second, action, orders.id, "orders", 1, code))
    return seen.recent_deaths(orders, NOW + len(actions))


def test_a_stop_that_was_asked_for_ends_the_count_of_deaths() -> None:
    """Who is stopped soon after a crash is stopped, and not still crashing."""
    killed = (("kill", None), ("die", 137), ("start", None))
    assert deaths_after(*killed) == 1
    assert deaths_after(("die", 1), ("start", None), *killed) == 2
    assert deaths_after(*killed, ("kill", None), ("die", 0), ("stop", None)) == 0
