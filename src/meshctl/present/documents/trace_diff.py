"""``traces diff``: two traces side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from meshctl.core.traces.diff import Change, Side, Step, TraceDiff
from meshctl.model.spans import SpanKind
from meshctl.present.documents.milliseconds import apart, to_ms, to_ns
from meshctl.present.documents.reading import Fields, text

_KINDS = ("slower", "faster", "new", "gone", "errors", "repeated")


def diff_to_data(found: TraceDiff) -> dict[str, Any]:
    """Times in ms, ``change`` in self time; a side that does not have a place is null."""
    return {
        "before": {"trace_id": found.a, "duration_ms": to_ms(found.before_ns), "spans": found.spans[0]},
        "after": {"trace_id": found.b, "duration_ms": to_ms(found.after_ns), "spans": found.spans[1]},
        "change_ms": to_ms(found.after_ns - found.before_ns),
        **{kind: [_change_to_data(change) for change in getattr(found, kind)] for kind in _KINDS},
        "unchanged": found.unchanged,
    }


def diff_from_data(data: Any) -> TraceDiff:
    """Raises DocumentError. Times are whole microseconds; of the steps above, the kinds are not in it."""
    fields = Fields(data)
    before, after = fields.read("before", Fields), fields.read("after", Fields)
    took = [to_ns(side.number("duration_ms")) for side in (before, after)]
    before_ns, after_ns = apart(took[0], took[1], to_ns(fields.number("change_ms")))
    return TraceDiff(
        a=before.text("trace_id"),
        b=after.text("trace_id"),
        before_ns=before_ns,
        after_ns=after_ns,
        spans=(before.integer("spans"), after.integer("spans")),
        **{kind: fields.each(kind, _change) for kind in _KINDS},
        unchanged=fields.integer("unchanged"),
    )


def _change_to_data(change: Change) -> dict[str, Any]:
    return {
        "service": change.step.service,
        "name": change.step.name,
        "kind": change.step.kind.value,
        "below": [f"{step.service} {step.name}" for step in change.above],
        "change_ms": to_ms(change.self_ns),
        "change_total_ms": to_ms(change.total_ns),
        "before": _side_to_data(change.before),
        "after": _side_to_data(change.after),
    }


def _side_to_data(side: Side) -> dict[str, Any] | None:
    if not side.count:
        return None
    return {
        "count": side.count,
        "self_ms": to_ms(side.self_ns),
        "total_ms": to_ms(side.total_ns),
        "errors": side.errors,
        "under_one_parent": side.run,
    }


def _change(data: Any) -> Change:
    fields = Fields(data)
    before, after = (fields.read(key, _side) if fields.has(key) else Side() for key in ("before", "after"))
    total = apart(before.total_ns, after.total_ns, to_ns(fields.number("change_total_ms")))
    own = apart(before.self_ns, after.self_ns, to_ns(fields.number("change_ms")))
    return Change(
        step=Step(fields.text("service"), fields.text("name"), fields.word("kind", SpanKind)),
        above=fields.each("below", _above),
        before=replace(before, total_ns=total[0], self_ns=own[0]),
        after=replace(after, total_ns=total[1], self_ns=own[1]),
    )


def _side(data: Any) -> Side:
    fields = Fields(data)
    return Side(
        count=fields.integer("count"),
        total_ns=to_ns(fields.number("total_ms")),
        self_ns=to_ns(fields.number("self_ms")),
        errors=fields.integer("errors"),
        run=fields.integer("under_one_parent"),
    )


def _above(data: Any) -> Step:
    service, _, name = text(data).partition(" ")
    return Step(service, name, SpanKind.UNSPECIFIED)
