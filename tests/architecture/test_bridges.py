"""Threads and the event loop meet in one module."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "meshctl"
BRIDGES = {"to_thread", "run_in_executor", "call_soon_threadsafe", "run_coroutine_threadsafe", "wrap_future"}


def bridged(path: Path) -> set[str]:
    return {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)} & BRIDGES


def test_no_other_module_bridges_threads_and_the_loop() -> None:
    places = (path for path in SOURCE.rglob("*.py") if path != SOURCE / "threads.py")
    found = {str(path.relative_to(SOURCE)): names for path in places if (names := bridged(path))}
    assert found == {}
    assert bridged(SOURCE / "threads.py") == {"call_soon_threadsafe"}
