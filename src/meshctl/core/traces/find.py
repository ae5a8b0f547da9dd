"""Find in a trace: which rows have a text in their names, or in their attributes once these are decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshctl.model.waterfall import Waterfall, WaterfallRow


class SpanFinder:
    """Names are searched at once; ``read`` decodes the attributes of all spans, which takes a while (a thread)."""

    def __init__(self, waterfall: Waterfall) -> None:
        self._waterfall = waterfall
        self._names: list[str] | None = None
        self._texts: list[str] | None = None

    @property
    def complete(self) -> bool:
        """Whether attributes are searched too."""
        return self._texts is not None

    def read(self) -> None:
        """Blocking, about a second for 50,000 spans of twenty attributes."""
        names = self._all_names()
        self._texts = [f"{name} {_told(row)}" for name, row in zip(names, self._waterfall.rows, strict=True)]

    def matches(self, wanted: str) -> Sequence[int]:
        """Rows that have every word, in order; none for no words."""
        words = wanted.lower().split()
        if not words:
            return []
        texts = self._texts if self._texts is not None else self._all_names()
        return [index for index, text in enumerate(texts) if all(word in text for word in words)]

    def _all_names(self) -> list[str]:
        if self._names is None:
            self._names = [
                f"{r.span.service} {r.span.name} {r.target} {r.span.instance} {r.span.span_id} "
                f"{r.span.status_message} {' '.join(r.marks)}".lower()
                for r in self._waterfall.rows
            ]
        return self._names


def _told(row: WaterfallRow) -> str:
    """Attributes of the span and of its events."""
    return " ".join(map(_text_of, (row.span.attributes, *(event.attributes for event in row.span.events)))).lower()


def _text_of(attributes: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in attributes.items())
