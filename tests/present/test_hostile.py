"""Every presenter, found by walking the room, is given text that nobody should trust."""

from __future__ import annotations

import dataclasses
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib import import_module
from typing import Any

import pytest
from rich.cells import cell_len as terminal_cells

import meshctl.present
from meshctl.cli.output import json_text
from meshctl.present.lines import Segment, line_cells, plain
from meshctl.present.text import SafeText
from tests.hostile import obeyed
from tests.made import Maker

ROUNDS = 40
#: Where things stand, which is no text.
_GEOMETRY = ("map_graph", "map_layout")
#: What everything is built of has tests of its own.
_BUILDERS = ("text", "lines")
#: They are as wide as what they hold: a command's table, which a terminal may wrap.
_UNBOUND = {"trace_table", "header_cells"}


def presenters() -> Iterator[tuple[str, Callable[..., Any]]]:
    """``module.function`` of every public function, and ``module.Class.method`` of every public class."""
    for found in pkgutil.walk_packages(meshctl.present.__path__, f"{meshctl.present.__name__}."):
        module = import_module(found.name)
        short = found.name.removeprefix(f"{meshctl.present.__name__}.")
        if short in (*_GEOMETRY, *_BUILDERS):
            continue
        for name, one in vars(module).items():
            if name.startswith("_") or getattr(one, "__module__", "") != found.name:
                continue
            if short.startswith("documents.") and not name.endswith("_to_data"):
                continue  # what reads data draws nothing
            if inspect.isfunction(one):
                yield f"{short}.{name}", one
            elif inspect.isclass(one):
                yield from _methods(f"{short}.{name}", one)


def _methods(name: str, kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each makes an object of its own, and asks it."""
    for member, one in vars(kind).items():
        if member.startswith("_"):
            continue
        if inspect.isfunction(one):
            yield f"{name}.{member}", _Asked(kind, one)
        elif isinstance(one, property | cached_property):
            yield f"{name}.{member}", _Asked(kind, one.fget if isinstance(one, property) else one.func)


@dataclasses.dataclass(frozen=True)
class _Asked:
    kind: type
    method: Any

    def __call__(self, make: Maker) -> Any:
        made = make.make(self.kind) if dataclasses.is_dataclass(self.kind) else self.kind(**make.arguments(self.kind))
        return self.method(made, **make.arguments(self.method))


PRESENTERS = dict(presenters())


def segments(shown: Any) -> Iterator[Segment]:
    """All that is drawn of an answer, whatever it is wrapped in."""
    if isinstance(shown, Segment):
        yield shown
    elif isinstance(shown, dict):
        yield from segments([*shown, *shown.values()])
    elif isinstance(shown, list | tuple):
        for part in shown:
            yield from segments(part)
    elif dataclasses.is_dataclass(shown):
        yield from segments([getattr(shown, field.name) for field in dataclasses.fields(shown)])


def lines(shown: Any) -> Iterator[tuple[Segment, ...]]:
    if isinstance(shown, list | tuple) and shown and all(isinstance(part, Segment) for part in shown):
        yield tuple(shown)
    elif isinstance(shown, list | tuple):
        for part in shown:
            yield from lines(part)


def test_the_room_was_found() -> None:
    assert {"waterfall.row_line", "services_table.services_table", "map_canvas.Canvas.lines"} <= set(PRESENTERS)


@pytest.mark.parametrize("name", PRESENTERS)
def test_nothing_that_a_presenter_makes_is_obeyed(name: str) -> None:
    presenter = PRESENTERS[name]
    for seed in range(ROUNDS):
        make = Maker(seed)
        given = {} if isinstance(presenter, _Asked) else make.arguments(presenter)
        shown = presenter(make) if isinstance(presenter, _Asked) else presenter(**given)
        for segment in segments(shown):
            assert isinstance(segment.text, SafeText)
            assert obeyed(segment.text) == ""
        for line in lines(shown):
            assert line_cells(line) == terminal_cells(plain(line))
            if isinstance(given.get("width"), int) and name.rpartition(".")[2] not in _UNBOUND:
                assert line_cells(line) <= given["width"], plain(line)
        if isinstance(shown, dict):
            assert obeyed(json_text(shown), newlines=True) == ""
            assert json.loads(json_text(shown)) == json.loads(json.dumps(shown, default=str))
