"""Figures of the tasks; one process, whose threads do the work."""

from __future__ import annotations

import time
from typing import Any

from celery import Task, signals
from prometheus_client import Counter, Gauge, Histogram

TASKS = Counter("celery_tasks_total", "Tasks by how a run of them ended.", ["task", "state"])
SECONDS = Histogram("celery_task_seconds", "How long a run of a task took.", ["task"])
RUNNING = Gauge("celery_tasks_running", "Tasks being run.")
MAILS = Counter("mails_sent_total", "Mails sent.")

_started: dict[str, float] = {}


@signals.task_prerun.connect
def _begin(task_id: str, **_: Any) -> None:
    _started[task_id] = time.perf_counter()
    RUNNING.inc()


@signals.task_postrun.connect
def _end(task_id: str, task: Task[..., Any], state: str | None = None, **_: Any) -> None:
    RUNNING.dec()
    TASKS.labels(task.name, (state or "REJECTED").lower()).inc()
    if (begun := _started.pop(task_id, None)) is not None:
        SECONDS.labels(task.name).observe(time.perf_counter() - begun)
