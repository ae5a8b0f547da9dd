"""A plan as text."""

from __future__ import annotations

from meshctl.model.plan import Plan, Step
from meshctl.present.text import pad
from meshctl.present.units import duration


def plan_text(plan: Plan) -> str:
    """One line an operation that changes something, with its cause and what it waits for. Ends without a newline."""
    if not plan.changes:
        return "nothing to do"
    lines = []
    for operation in plan.changes:
        line = f"{pad(operation.kind.value, 14)} {operation.target}"
        line += f"  ({operation.cause})" if operation.cause else ""
        after = [name for name in operation.after if not name.startswith(("create:", "image:"))]
        lines.append(line + (f"  after {', '.join(after)}" if after else ""))
    return "\n".join([*lines, *(f"note: {note}" for note in plan.notes)])


def critical_text(steps: tuple[Step, ...]) -> str:
    """``critical path 9.9 s: start rabbitmq-1 0.4 s → wait ready rabbitmq-1 8.1 s``; steps under 10 ms are left out."""
    if not steps:
        return ""
    shown = " → ".join(f"{s.operation} {s.target} {duration(s.seconds)}" for s in steps if s.seconds >= 0.01)
    return f"critical path {duration(sum(s.seconds for s in steps))}: {shown}"
