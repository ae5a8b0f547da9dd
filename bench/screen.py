"""The app on a terminal that only notes when a frame is written to it: what a key takes until it is seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ClassVar

from textual.drivers.headless_driver import HeadlessDriver

from meshctl.tui.app import MeshApp

#: A key has been answered when nothing more is written for so long.
QUIET_S = 0.03


class NotedTerminal(HeadlessDriver):
    """Takes every frame, as a terminal would, and keeps when it was, once ``awaited`` holds."""

    frames: ClassVar[list[float]] = []
    awaited: ClassVar[list[Callable[[], bool]]] = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        if all(holds() for holds in self.awaited):
            self.frames.append(time.perf_counter())


@asynccontextmanager
async def shown(app: MeshApp, size: tuple[int, int]) -> AsyncIterator[None]:
    """Run the app until the block ends."""
    app.driver_class = NotedTerminal
    running = asyncio.create_task(app.run_async(size=size))
    try:
        await until(lambda: app.is_running and bool(app.screen_stack) and app.screen.is_mounted)
        yield
    finally:
        app.exit()
        await running


async def answered(app: MeshApp, key: str, holds: Callable[[], bool] | None = None) -> float:
    """Seconds from a key until the first frame at which ``holds``; returns when nothing more is drawn."""
    frames = NotedTerminal.frames
    NotedTerminal.awaited[:] = [holds] if holds is not None else []
    frames.clear()
    began = time.perf_counter()
    app.simulate_key(key)
    await until(lambda: bool(frames) and time.perf_counter() - frames[-1] >= QUIET_S)
    return frames[0] - began


async def until(holds: Callable[[], bool]) -> None:
    """Look every millisecond, at most a minute."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - the app tells nobody when it is done
            await asyncio.sleep(0.001)
