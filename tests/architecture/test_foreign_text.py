"""Foreign text has one gate and two writers; its width is counted in cells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "meshctl"
ROOMS = ("present", "tui", "cli")
GATE = "present/text.py"
#: The lines that are built of what has passed, and the writers that let nothing else out.
BUILDERS = {GATE, "present/lines.py", "cli/output.py"}
WRITERS = {"cli/output.py", "cli/diagnostics.py"}
#: Widgets of Textual's own draw text that has passed no line.
WIDGETS = {"tui/app.py", "tui/palette.py", "tui/widgets/empty_pane.py", "tui/widgets/filter_line.py"}
#: They count characters, of which a wide one takes two cells.
BY_CHARACTERS = ("ljust", "rjust", "center")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            yield str(path.relative_to(SOURCE)), ast.parse(path.read_text())


MODULES = dict(modules())


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", ""))


def aligned(tree: ast.AST) -> Iterator[str]:
    """Format specifications such as ``<14``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = ast.unparse(node.format_spec)
            if any(sign in spec for sign in "<>^"):
                yield spec


@pytest.mark.parametrize("name", MODULES)
def test_no_text_is_filled_up_by_characters(name: str) -> None:
    assert [call for call in calls(MODULES[name]) if call in BY_CHARACTERS] == []
    assert list(aligned(MODULES[name])) == []


@pytest.mark.parametrize("name", sorted(set(MODULES) - BUILDERS - WIDGETS))
def test_nobody_cleans_by_hand(name: str) -> None:
    assert not {"clean", "SafeText"} & set(calls(MODULES[name]))


@pytest.mark.parametrize("name", sorted(set(MODULES) - WRITERS - {GATE}))
def test_only_the_writers_speak_to_a_terminal(name: str) -> None:
    strings = [node.value for node in ast.walk(MODULES[name]) if isinstance(node, ast.Constant)]
    assert [text for text in strings if isinstance(text, str) and "\x1b" in text] == []
