"""The chain of operations that decided how long a run took."""

from __future__ import annotations

from collections.abc import Mapping

from meshctl.model.plan import Operation, Plan, Step


def critical_path(plan: Plan, seconds: Mapping[str, float]) -> tuple[Step, ...]:
    """The longest chain by measured seconds, first operation first; waiting for a free slot is nobody's time."""
    operations = {operation.id: operation for operation in plan.operations if operation.id in seconds}
    total: dict[str, float] = {}
    came_from: dict[str, str] = {}
    for operation in operations.values():
        before = [name for name in (*operation.after, *operation.follows) if name in total]
        last = max(before, key=lambda name: total[name], default="")
        total[operation.id] = seconds[operation.id] + (total[last] if last else 0.0)
        came_from[operation.id] = last
    if not total:
        return ()
    chain: list[Operation] = []
    name = max(total, key=lambda key: total[key])
    while name:
        chain.append(operations[name])
        name = came_from[name]
    return tuple(Step(o.kind.value, o.target, seconds[o.id]) for o in reversed(chain))
