"""Threads and the event loop meet in one module."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "meshctl"
BRIDGES = {"to_thread", "run_in_executor", "call_soon_threadsafe", "run_coroutine_threadsafe", "wrap_future"}

#: What still has a bridge of its own. A room may only go.
KNOWN = {"tui", "cli/trace_logs.py"}


def bridged(path: Path) -> set[str]:
    return {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)} & BRIDGES


def test_no_other_module_bridges_threads_and_the_loop() -> None:
    places = (path for path in SOURCE.rglob("*.py") if path != SOURCE / "threads.py")
    found = {str(path.relative_to(SOURCE)): names for path in places if (names := bridged(path))}
    known = {place for place in found for room in KNOWN if place == room or place.startswith(f"{room}/")}
    assert {place: names for place, names in found.items() if place not in known} == {}
    assert bridged(SOURCE / "threads.py") == {"call_soon_threadsafe"}
