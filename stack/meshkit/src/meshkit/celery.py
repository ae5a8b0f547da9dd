"""Celery tasks as parts of a trace: queued by `queue`, run as a `TracedTask`, each retry a message of its own.

apply_async/send_email → run/send_email → retry/send_email → run/send_email …
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore, Reject, Retry

from . import tracing
from .tracing.context import FIELDS

_SYSTEM = {"messaging.system": "redis"}  # what carries the tasks
_ENDINGS = (Retry, Reject, Ignore)


def queue(app: Celery, name: str, kwargs: dict[str, Any], **options: Any) -> Any:
    """`app.send_task` with a producer span; raises what that raises."""
    with tracing.span(f"apply_async/{name}", tracing.SpanKind.PRODUCER, _about(name, "apply_async")):
        return app.send_task(name, kwargs=kwargs, headers=tracing.headers(), **options)


class TracedTask(Task[..., Any]):
    """Runs within the trace of whoever queued it."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        request = self.request
        about: tracing.Attributes = {
            **_about(self.name, "run"),
            "messaging.message.id": str(request.id or ""),
            "mesh.attempt": (request.retries or 0) + 1,
        }
        kind = tracing.SpanKind.CONSUMER
        with tracing.span(f"run/{self.name}", kind, about, carrier=carrier(request), ignore=_ENDINGS):
            return self.run(*args, **kwargs)

    def retry(self, *args: Any, **options: Any) -> Any:
        """Celery's `retry`; the next run follows from this one."""
        error, retries = options.get("exc"), (self.request.retries or 0) + 1
        given = options.get("max_retries")
        most = self.max_retries if given is None else given
        if self.request.called_directly or (most is not None and retries > most):
            return super().retry(*args, **options)
        tracing.event("retry", {"attempt": retries, "wait_s": _wait_s(options), "error": str(error or "")})
        if error is not None:
            tracing.failed(error)
        with tracing.span(f"retry/{self.name}", tracing.SpanKind.PRODUCER, _about(self.name, "retry"), ignore=_ENDINGS):
            own = {**(self.request.headers or {}), **(options.pop("headers", None) or {})}
            return super().retry(*args, headers={**own, **tracing.headers()}, **options)


def carrier(request: Any) -> dict[str, str]:
    """The trace headers of a Celery request, which keeps unknown headers beside its own."""
    beside = request.headers or {}
    found = {name: request.get(name) or beside.get(name) for name in FIELDS}
    return {name: str(value) for name, value in found.items() if value}


def _about(task: str, operation: str) -> dict[str, str]:
    return {
        **_SYSTEM,
        "messaging.operation.type": "process" if operation == "run" else "send",
        "messaging.operation.name": operation,
        "celery.task_name": task,
    }


def _wait_s(options: Mapping[str, Any]) -> float:
    return float(options.get("countdown") or 0)
