"""Where both receivers hand over what they got: the memory, and whoever else wants the bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from meshctl.adapters.otlp.decode import BadPayload
from meshctl.collector.receive.responses import unreadable
from meshctl.collector.traces.memory import Ingested, TraceMemory

#: Messages of full size that may be in memory at once.
MESSAGES = 4


class IngestPipeline:
    """One ``ExportTraceServiceRequest`` after the other; ``forward(body, spans)`` gets those that were understood."""

    def __init__(
        self, memory: TraceMemory, max_message: int, forward: Callable[[bytes, int], None] | None = None
    ) -> None:
        self.max_message = max_message
        self.budget = ByteBudget(MESSAGES * max_message)
        self._memory = memory
        self._forward = forward

    def ingest(self, body: bytes) -> Ingested:
        """Keep the spans. Raises RequestRejected when this is no such request."""
        try:
            ingested = self._memory.ingest(body)
        except BadPayload as error:
            raise unreadable(str(error)) from error
        if self._forward is not None:
            self._forward(body, ingested.accepted + ingested.rejected)
        return ingested


class ByteBudget:
    """Bytes of unread requests in memory. Beyond ``total`` one after the other grows, so that none waits for ever."""

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
