"""A plan as lines."""

from __future__ import annotations

from meshctl.model.plan import Plan, Step
from meshctl.present.lines import Line, Segment
from meshctl.present.text import pad
from meshctl.present.units import duration


def plan_lines(plan: Plan) -> list[Line]:
    """One line an operation that changes something, with its cause and what it waits for."""
    lines = [] if plan.changes else ["nothing to do"]
    for operation in plan.changes:
        line = f"{pad(operation.kind.value, 14)} {operation.target}"
        line += f"  ({operation.cause})" if operation.cause else ""
        after = [name for name in operation.after if not name.startswith(("create:", "image:"))]
        lines.append(line + (f"  after {', '.join(after)}" if after else ""))
    return [(Segment(line),) for line in (*lines, *(f"note: {note}" for note in plan.notes))]


def critical_text(steps: tuple[Step, ...]) -> str:
    """``critical path 9.9 s: start rabbitmq-1 0.4 s → wait ready rabbitmq-1 8.1 s``; steps under 10 ms are left out."""
    if not steps:
        return ""
    shown = " → ".join(f"{s.operation} {s.target} {duration(s.seconds)}" for s in steps if s.seconds >= 0.01)
    return f"critical path {duration(sum(s.seconds for s in steps))}: {shown}"
