"""A service's colour comes from its name."""

from __future__ import annotations

from meshctl.present.colours import service_colour

BUNDLED = ["users", "orders", "inventory", "notifications", "worker", "echo", "consul", "postgres", "redis", "rabbitmq"]


def test_the_bundled_services_are_told_apart() -> None:
    for dark in (True, False):
        assert len({service_colour(name, dark=dark) for name in BUNDLED}) == len(BUNDLED)


def test_the_colour_stays_and_suits_the_ground() -> None:
    assert service_colour("orders") == service_colour("orders")
    assert service_colour("orders") != service_colour("orders", dark=False)
