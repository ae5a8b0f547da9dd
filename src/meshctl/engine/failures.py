"""From the error of one operation to what is reported of it."""

from __future__ import annotations

from meshctl.errors import DeadlineExceeded, ImageUnavailable, MeshError, NotFound, PortInUse, ServiceFailed
from meshctl.model.plan import Failure, Operation

_KINDS: tuple[tuple[type[MeshError], str], ...] = (
    (ServiceFailed, "not ready"),
    (PortInUse, "port in use"),
    (DeadlineExceeded, "timed out"),
    (ImageUnavailable, "no image"),
    (NotFound, "gone"),
)


def failure_of(operation: Operation, error: MeshError) -> Failure:
    """The evidence of one failed operation."""
    log: tuple[str, ...] = error.log if isinstance(error, ServiceFailed | ImageUnavailable) else ()
    died = error if isinstance(error, ServiceFailed) else None
    return Failure(
        service=operation.service,
        instance=operation.target,
        message=str(error),
        hint=error.hint,
        exit_code=died.exit_status if died else None,
        oom_killed=died is not None and died.oom_killed,
        log=log,
        kind=next((word for kind, word in _KINDS if isinstance(error, kind)), "failed"),
    )
