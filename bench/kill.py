"""From the kill of a container's main process to its row in the terminal app. Needs root and a stack that is up."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import docker

from bench.timing import Figure
from meshctl.adapters.config_file import load_config
from meshctl.bootstrap import open_session
from meshctl.tui.app import MeshApp
from meshctl.tui.screens.services import ServiceList

#: In turn, so that each has run long enough for the engine to restart it without a pause.
VICTIMS = ("users", "orders", "inventory", "notifications", "worker", "echo")
LIMIT_S = 0.3


def figures(rounds: int = 4) -> list[Figure]:
    """The 95th percentile over all kills."""
    delays = sorted(asyncio.run(_measure(rounds)))
    slow = delays[min(len(delays) - 1, int(len(delays) * 0.95))]
    middle = delays[len(delays) // 2]
    name = f"a kill seen in the app, 95th percentile of {len(delays)}"
    return [
        Figure(
            name, f"{slow * 1000:.0f} ms (median {middle * 1000:.0f})", f"≤ {LIMIT_S * 1000:.0f} ms", slow <= LIMIT_S
        )
    ]


async def _measure(rounds: int) -> list[float]:
    config = load_config(None, project=None, environ=os.environ, cwd=str(Path.cwd()))
    session = open_session(config)
    app = MeshApp(session)
    engine = docker.from_env()
    delays = []
    try:
        async with app.run_test(size=(120, 40)):
            for _ in range(rounds):
                for service in VICTIMS:
                    await _until(app, service, healthy=True, within=60)
                    name = f"{config.name}-{service}-1"
                    pid = (await asyncio.to_thread(engine.api.inspect_container, name))["State"]["Pid"]
                    started = time.perf_counter()
                    os.kill(pid, signal.SIGKILL)
                    await _until(app, service, healthy=False, within=10)
                    delays.append(time.perf_counter() - started)
    finally:
        engine.close()
        await session.close()
    return delays


async def _until(app: MeshApp, service: str, *, healthy: bool, within: float) -> None:
    deadline = time.monotonic() + within
    while ("● " in _row(app, service)) is not healthy:
        if time.monotonic() > deadline:
            raise SystemExit(f"{service}: not {'healthy' if healthy else 'seen dead'} within {within} s")
        await asyncio.sleep(0.002)


def _row(app: MeshApp, service: str) -> str:
    """The row as it is painted, '' while the list is not there."""
    panes = app.screen.query(ServiceList)
    if not panes or service not in panes.first().keys:
        return ""
    pane = panes.first()
    index = pane.keys.index(service) - pane.scroll_offset.y
    return "".join(segment.text for segment in pane.render_line(index))
