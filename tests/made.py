"""Values of any type that an annotation names, with text in them that nobody should trust."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from enum import Enum
from random import Random
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from meshctl.core.traces.diff import TraceDiff, diff
from meshctl.core.traces.listing import ShownTraces
from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.navigation import WaterfallNavigation
from meshctl.core.traces.waterfall.view import WaterfallView
from meshctl.errors import ConfigError, MeshError
from meshctl.model.containers import LogLine
from meshctl.model.events import MeshEvent
from meshctl.model.registry import Check
from meshctl.model.spans import Span
from meshctl.model.status import Health, Reason
from meshctl.model.traces import Trace, TraceSummary
from meshctl.model.waterfall import Waterfall, WaterfallRow, Window
from meshctl.present.lines import Segment
from tests.hostile import hostile

#: Names of numbers of cells, and of places among the few things that there are.
_SIZES = ("width", "columns", "room", "height")
_PLACES = ("index", "place")
#: Text that is a word of ours, by the name of its field.
_WORDS = {"severity": ("error", "warning", "information"), "kind": ("call", "message")}
#: 2026-11-23 12:00:00 UTC.
_NOW = 1_795_435_200


#: What some modules import for their annotations alone.
_NAMED = {kind.__name__: kind for kind in (LogLine, Trace, Waterfall)}


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function)
    except NameError:
        return get_type_hints(function, localns=_NAMED)


class Maker:
    """``make(annotation)``; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._special: dict[Any, Callable[[], Any]] = {
            Trace: self.trace,
            Waterfall: self.waterfall,
            WaterfallRow: lambda: self.random.choice(self.waterfall().rows),
            Window: lambda: Window(0, self.random.choice((1, 1000, 10**9, 2**63))),
            WaterfallNavigation: self.navigation,
            ShownTraces: self.shown_traces,
            TraceDiff: lambda: diff(self.waterfall(), self.waterfall()),
            Segment: lambda: Segment(self.text()),
            MeshError: lambda: MeshError(self.text(), hint=self.text()),
            ConfigError: lambda: ConfigError(self.text(), file=self.text(), line=3, path=self.text()),
            Reason: lambda: dataclasses.replace(self._object(Reason), check=self.make(Check)),
            MeshEvent: lambda: dataclasses.replace(self._object(MeshEvent), after=self.make(Health)),
        }

    def text(self) -> str:
        return hostile(self.random)

    def arguments(self, function: Callable[..., Any]) -> dict[str, Any]:
        """One value for every parameter that has an annotation."""
        hints = {name: hint for name, hint in _hints(function).items() if name != "return"}
        return {name: self.make(hint, name) for name, hint in hints.items()}

    def make(self, kind: Any, name: str = "") -> Any:
        """A value of the type ``kind``, for the parameter or field ``name``. Raises TypeError when it cannot."""
        origin = get_origin(kind) or kind
        if kind in self._special:
            return self._special[kind]()
        if origin in (Union, types.UnionType, Literal):
            choice = self.random.choice(get_args(kind))
            return choice if origin is Literal else self.make(choice, name)
        if isinstance(origin, type) and issubclass(origin, Enum):
            return self.random.choice(list(origin))
        if dataclasses.is_dataclass(origin):
            return self._object(origin)
        if hasattr(origin, "_fields"):
            return origin(*(self.make(hint, field) for field, hint in get_type_hints(origin).items()))
        return self._plain(kind, origin, name)

    def _plain(self, kind: Any, origin: Any, name: str) -> Any:
        if origin is tuple:
            return self._tuple(get_args(kind), name)
        if origin in (list, Sequence, Iterable):
            return self._many(get_args(kind)[0], name)
        if origin in (set, frozenset, Set):
            return frozenset(self._many(get_args(kind)[0], name))
        if origin in (dict, Mapping):
            key, value = get_args(kind)
            return {self.make(key): self.make(value, name) for _ in range(self.random.randint(0, 4))}
        if origin is Callable:
            result = self.make(get_args(kind)[1])
            return lambda *arguments: result
        simple = {
            str: lambda: self.random.choice(_WORDS[name]) if name in _WORDS else self.text(),
            int: lambda: self._int(name),
            float: lambda: self.random.choice((0.0, 0.004, 0.31, 1.0, 98.7, 4e5, float(_NOW))),
            bool: lambda: self.random.random() < 0.5,
            bytes: lambda: self.text().encode("utf-8", "surrogatepass"),
            type(None): lambda: None,
            Any: lambda: self.make(self.random.choice((str, int, float, bool, bytes, list[str], dict[str, str]))),
            object: self.text,
        }
        if origin not in simple:
            raise TypeError(f"tests.made does not know how to make {kind!r} for '{name}'")
        return simple[origin]()

    def trace(self) -> Trace:
        """Some spans, one below the other or side by side."""
        trace_id, spans = f"{self.random.getrandbits(128):032x}", list[Span]()
        for number in range(self.random.randint(3, 9)):
            parent = self.random.choice(spans).span_id if spans else ""
            start = _NOW * 10**9 + self.random.randrange(10**9)
            made = self.make(Span)
            identity = {"trace_id": trace_id, "span_id": f"{number + 1:016x}", "parent_id": parent}
            times = {"start_ns": start, "duration_ns": self.random.randrange(10**10)}
            spans.append(dataclasses.replace(made, **identity, **times))
        return Trace(trace_id, tuple(spans), waits_for=self.text())

    def waterfall(self) -> Waterfall:
        return waterfall(self.trace())

    def navigation(self) -> WaterfallNavigation:
        """Somewhere in a waterfall, something searched for."""
        nav = WaterfallNavigation(lambda change: None)
        nav.show(WaterfallView(self.waterfall()))
        nav.find(self.random.choice(("", "a", self.text())))
        if self.random.random() < 0.5:
            nav.toggle_critical()
        return nav

    def shown_traces(self) -> ShownTraces:
        """Live, held, searched or found."""
        shown = ShownTraces()
        shown.take(self.make(tuple[TraceSummary, ...]))
        shown.hold(self.random.random() < 0.3)
        shown.only_errors = self.random.random() < 0.3
        if shown.narrow(self.random.choice(("", "sku=tea", self.text())), None) and self.random.random() < 0.7:
            shown.answered(
                shown.filter, self.make(tuple[TraceSummary, ...]), self.random.choice(("", self.text())), 0.0
            )
        return shown

    def _object(self, kind: Any) -> Any:
        hints = get_type_hints(kind)
        fields = [field for field in dataclasses.fields(kind) if field.init]
        return kind(**{field.name: self.make(hints[field.name], field.name) for field in fields})

    def _many(self, kind: Any, name: str) -> list[Any]:
        return [self.make(kind, name) for _ in range(self.random.randint(0, 5))]

    def _tuple(self, kinds: tuple[Any, ...], name: str) -> tuple[Any, ...]:
        if len(kinds) == 2 and kinds[1] is Ellipsis:
            return tuple(self._many(kinds[0], name))
        return tuple(self.make(kind, name) for kind in kinds)

    def _int(self, name: str) -> int:
        if name in _SIZES:
            return self.random.choice((20, 40, 79, 80, 120, 160, 240))
        if name in _PLACES:
            return self.random.randrange(3)
        if name == "indent":
            return self.random.randrange(4)
        if name.endswith("_ns"):
            return self.random.choice((0, 1, 640_000, 38_200_000, _NOW * 10**9, 2**63 - 1))
        return self.random.choice((0, 1, 2, 7, 1234))
