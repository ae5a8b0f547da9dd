"""The commands of README's tour run as they are written."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.e2e.command import ROOT, Meshctl

pytestmark = pytest.mark.e2e


def tour() -> list[str]:
    """Every ``$ meshctl …`` line of README's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = "\n".join(blocks).splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ meshctl ")]


@pytest.mark.parametrize("line", tour())
def test_a_command_of_the_tour(stack: Meshctl, line: str) -> None:
    answer = stack(*shlex.split(line)[1:])
    assert answer.out or "scale" in line
    if "scale" in line:
        stack("scale", "users=1")


def test_the_tour_has_eight_commands() -> None:
    assert len(tour()) == 8
