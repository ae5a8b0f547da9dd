"""Names that meshctl gives, and the nearest to one that was mistyped."""

from __future__ import annotations

import pytest

from meshctl.core.names import container_name, nearest, network_name, volume_name


def test_names_carry_their_project() -> None:
    assert container_name("shop", "orders", 1) == "shop-orders-1"
    assert network_name("shop", "default") == "shop_default"
    assert volume_name("shop", "pgdata") == "shop_pgdata"


@pytest.mark.parametrize(
    ("word", "expected"), [("user", "users"), ("Orders", "orders"), ("oders", "orders"), ("kafka", ""), ("", "")]
)
def test_the_nearest_name_is_found_or_none(word: str, expected: str) -> None:
    assert nearest(word, ("users", "orders", "inventory")) == expected
