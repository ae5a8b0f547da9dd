"""Start: registered and observable first, then the Celery worker in threads of this process."""

from __future__ import annotations

import sys

from redis import Redis

from meshkit import log
from meshkit.logs import capture_stdlib
from meshkit.worker import register_worker

from .celery_app import app, config
from .health import Health
from .tasks import redis


def main() -> int:
    capture_stdlib()
    broker = Redis.from_url(config.broker_url, socket_timeout=1.0, socket_connect_timeout=1.0)
    health = Health(broker)
    with register_worker(ready=health.check):
        worker = app.Worker(
            pool="threads",
            concurrency=config.concurrency,
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        log.info("worker.starting", concurrency=config.concurrency)
        worker.start()
    redis.close()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
