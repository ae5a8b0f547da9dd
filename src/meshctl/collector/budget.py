"""How many bytes of unread requests may be in memory at once, whoever sends them."""

from __future__ import annotations

import asyncio


class ByteBudget:
    """Requests grow within ``total`` bytes. Beyond it one after the other grows, so that none waits for ever."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self.beyond = asyncio.Lock()

    def claim(self) -> Claim:
        """What one request holds; close it when the request has been dealt with."""
        return Claim(self)


class Claim:
    """The bytes of one request. ``waits`` while it has to wait for others."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._held = 0
        self._beyond = False
        self.waits = False

    async def grow(self, count: int) -> None:
        """Take ``count`` bytes more; waits while others hold too many."""
        budget = self._budget
        if budget.used + count > budget.total and not self._beyond:
            self.waits = True
            await budget.beyond.acquire()
            self.waits, self._beyond = False, True
        budget.used += count
        self._held += count

    def close(self) -> None:
        """Give everything back."""
        self._budget.used -= self._held
        self._held = 0
        if self._beyond:
            self._beyond = False
            self._budget.beyond.release()
