"""Names that meshctl gives, and the nearest to one that was mistyped."""

from __future__ import annotations

import pytest

from meshctl.core.names import container_name, nearest, network_name, no_such, not_created, volume_name


def test_names_carry_their_project() -> None:
    assert container_name("shop", "orders", 1) == "shop-orders-1"
    assert network_name("shop", "default") == "shop_default"
    assert volume_name("shop", "pgdata") == "shop_pgdata"


@pytest.mark.parametrize(
    ("word", "expected"), [("user", "users"), ("Orders", "orders"), ("oders", "orders"), ("kafka", ""), ("", "")]
)
def test_the_nearest_name_is_found_or_none(word: str, expected: str) -> None:
    assert nearest(word, ("users", "orders", "inventory")) == expected


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("user", ("users", "orders"), "Did you mean users?"),
        ("users-9", ("users-2", "users-1"), "Did you mean users-1 or users-2?"),
        ("users-9", ("users-1", "users-2", "users-3", "users-4"), "There are: users-1, users-2, users-3, users-4."),
        ("Gret", ("Greet", "Garble"), "Did you mean Greet?"),
        ("kafka", ("users", "orders"), "There are: orders, users."),
        ("kafka", (), "There is none."),
        ("x", [f"service-{n:02}" for n in range(14)], "service-10, service-11 and 2 more."),
    ],
)
def test_what_there_is_not_is_told_with_the_nearest_else_all(word: str, known: tuple[str, ...], hint: str) -> None:
    error = no_such("service", word, known, where="in shop.yaml")
    assert (str(error), error.exit_code) == (f"no service '{word}' in shop.yaml", 2)
    assert error.hint.endswith(hint)


def test_a_hint_of_its_own_stands_where_no_name_is_near() -> None:
    assert no_such("command", "zzz", ("up", "down"), hint="meshctl --help").hint == "meshctl --help"
    assert no_such("command", "dwon", ("up", "down"), hint="meshctl --help").hint == "Did you mean down?"


def test_what_is_not_created_says_what_creates_it() -> None:
    error = not_created("redis")
    assert (str(error), error.hint, error.exit_code) == ("redis is not created", "Create it: meshctl up redis", 2)
