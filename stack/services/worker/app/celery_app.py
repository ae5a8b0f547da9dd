"""Celery on Redis, and what all tasks share."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_shutting_down

from .config import read_config

config = read_config()
stopping = threading.Event()

# Longer than the longest task and the longest wait for a retry, or a task would be run twice.
VISIBILITY_S = 120

app = Celery("worker", broker=config.broker_url)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": VISIBILITY_S, "socket_keepalive": True},
)


@setup_logging.connect
def _keep_logging(**_: Any) -> None:
    """Somebody listens, so Celery leaves the JSON log alone. Its lines about each task are too many."""
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    stopping.set()
