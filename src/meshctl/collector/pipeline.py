"""Where both receivers hand over what they got: the memory, and whoever else wants the bytes."""

from __future__ import annotations

from collections.abc import Callable

from meshctl.collector.budget import ByteBudget
from meshctl.collector.memory import BadPayload, Ingested, TraceMemory
from meshctl.collector.rejected import unreadable

#: Messages of full size that may be in memory at once.
MESSAGES = 4


class IngestPipeline:
    """One ``ExportTraceServiceRequest`` after the other; ``pass_on(body, spans)`` gets those that were understood."""

    def __init__(
        self, memory: TraceMemory, max_message: int, pass_on: Callable[[bytes, int], None] | None = None
    ) -> None:
        self.max_message = max_message
        self.budget = ByteBudget(MESSAGES * max_message)
        self._memory = memory
        self._pass_on = pass_on

    def take(self, body: bytes) -> Ingested:
        """Keep the spans. Raises RequestRejected when this is no such request."""
        try:
            taken = self._memory.take(body)
        except BadPayload as error:
            raise unreadable(str(error)) from error
        if self._pass_on is not None:
            self._pass_on(body, taken.accepted + taken.rejected)
        return taken
