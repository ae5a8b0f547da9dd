"""No module reaches itself by its imports, lazy ones and those for types alone included."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(f"stack.services.{main.parts[-3]}.app" for main in ROOT.glob("stack/services/*/app/__init__.py"))


def circles(graph: grimp.ImportGraph) -> set[frozenset[str]]:
    """Sets of modules each of which reaches all others of its set."""
    found = (graph.find_upstream_modules(one) & graph.find_downstream_modules(one) | {one} for one in graph.modules)
    return {frozenset(circle) for circle in found if len(circle) > 1}


def drawn(graph: grimp.ImportGraph, circle: frozenset[str]) -> str:
    """A line for each module: what of its circle it imports."""
    lines = (
        f"  {one} -> {', '.join(sorted(graph.find_modules_directly_imported_by(one) & circle))}"
        for one in sorted(circle)
    )
    return "\n".join([f"a circle of {len(circle)} modules:", *lines])


@pytest.mark.parametrize("package", ["meshctl", "meshkit", *SERVICES])
def test_no_module_is_in_a_circle(package: str) -> None:
    graph = grimp.build_graph(package, cache_dir=None)
    new = [drawn(graph, circle) for circle in circles(graph)]
    assert not new, "\n".join(new)


def test_a_circle_is_found_and_drawn() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")):
        graph.add_import(importer=importer, imported=imported)
    (circle,) = circles(graph)
    assert drawn(graph, circle) == "a circle of 3 modules:\n  a -> b\n  b -> c\n  c -> a"
