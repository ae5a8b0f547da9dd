"""What can be done with one trace, in the list or where it is open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from meshctl.engine.session import Ability
from meshctl.errors import MeshError
from meshctl.model.traces import TraceSummary
from meshctl.present.trace_rows import ID_SHOWN
from meshctl.tui.actions import Action, Context


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext(Context):
    """``trace`` is the one that is selected, or that is open; ``compare_with`` waits to be compared with it."""

    trace: TraceSummary | None
    compare_with: str = ""

    @property
    def trace_id(self) -> str:
        return self.trace.trace_id if self.trace is not None else ""

    @property
    def pinned(self) -> bool:
        return self.trace is not None and self.trace.pinned


async def _pin(c: TraceContext, pinned: bool) -> None:
    short = c.trace_id[:ID_SHOWN]
    try:
        known = await c.host.session.traces.pin(c.trace_id, pinned)
    except MeshError as error:
        c.host.notify(str(error), title=error.hint, severity="error", timeout=8)
        return
    if known:
        c.host.notify(f"{short} {'is kept' if pinned else 'may be dropped again'}", timeout=4)
    else:
        c.host.notify(f"{short} is not kept any more", severity="warning", timeout=4)


def _toggle(c: TraceContext) -> None:
    c.screen.start(partial(_pin, c, not c.pinned), f"pin {c.trace_id}")


def _can_pin(c: TraceContext) -> bool:
    return c.trace is not None and not c.pinned and not c.compare_with


def _can_unpin(c: TraceContext) -> bool:
    return c.pinned and not c.compare_with


#: They act on the collector's memory alone, so nothing is asked.
PIN: tuple[Action[TraceContext], ...] = (
    Action("pin", "p", "pin", "keep it whatever the limits say", _toggle, _can_pin, None, "pin/unpin", Ability.PIN),
    Action("unpin", "p", "unpin", "let it go", _toggle, _can_unpin, None, "pin/unpin", Ability.PIN),
)
