"""What ``call --trace`` adds to a ``call``, on the stack that is up."""

from __future__ import annotations

from bench.commands import MESHCTL
from bench.timing import Figure, alternate

LIMIT_S = 0.6
_ORDER = '{"user_id": 1, "items": [{"sku": "espresso", "quantity": 1}]}'
_CALLS = {
    "GET /users/1": ["users", "GET", "/users/1"],
    "POST /orders/": ["orders", "POST", "/orders/", "-d", _ORDER],
}


def figures(runs: int = 15) -> list[Figure]:
    """Whole processes in turns; a settled trace has been quiet for 300 ms of that."""
    found = []
    for name, words in _CALLS.items():
        plain = [MESHCTL, "call", *words]
        seconds = alternate({"plain": plain, "traced": [*plain, "--trace"]}, runs)
        added = seconds["traced"] - seconds["plain"]
        limit = f"< {LIMIT_S * 1000:.0f} ms"
        found.append(Figure(f"`call --trace` of {name} adds", f"{added * 1000:.0f} ms", limit, added < LIMIT_S))
    return found
