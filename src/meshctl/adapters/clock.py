"""The real clock."""

from __future__ import annotations

import time


class SystemClock:
    """``now`` is wall time in Unix seconds, ``monotonic`` never goes backwards."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Cancellable."""
        import asyncio

        await asyncio.sleep(seconds)
