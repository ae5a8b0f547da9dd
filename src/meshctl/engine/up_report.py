"""What an ``up`` came to."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.errors import MeshError
from meshctl.model.plan import Failure, Ran, Step


@dataclass(frozen=True, slots=True)
class UpReport:
    """What came of it. ``changed`` False: there was nothing to do. ``error`` is the first one, for its exit code.

    ``failures`` has the first cause first; ``skipped`` are instances, images or the like not begun because of them.
    ``began`` is Unix seconds; ``trace_id`` is '' when nothing was done or no collector took the trace.
    """

    project: str
    ready: bool
    elapsed_ms: float
    changed: bool
    timed_out: bool = False
    failures: tuple[Failure, ...] = ()
    critical_path: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    error: MeshError | None = None
    skipped: tuple[str, ...] = ()
    began: float = 0.0
    ran: tuple[Ran, ...] = ()
    trace_id: str = ""
