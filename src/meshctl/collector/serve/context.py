"""What the query API's routes share: the memory, who follows it, the threads in which it is read, how they say no."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.responses import JSONResponse, Response

from meshctl.collector.traces.changes import ChangeBroadcaster
from meshctl.collector.traces.memory import TraceMemory
from meshctl.collector.traces.settle import SettleWatch
from meshctl.threads import run_in_thread

T = TypeVar("T")

#: Reads of the memory at once; ingest goes on beside them.
READERS = 2


class QueryContext:
    """``run_in_thread`` runs work that takes long off the event loop."""

    def __init__(self, memory: TraceMemory) -> None:
        self.memory = memory
        self.changes = ChangeBroadcaster(memory)
        self.settle = SettleWatch(memory, self.run_in_thread)
        self._readers = asyncio.Semaphore(READERS)

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """The result of ``work``, run in a thread when one is free."""
        async with self._readers:
            return await run_in_thread(work)

    async def json_response(self, work: Callable[[], Any]) -> Response:
        """The result of ``work`` as JSON, both made in a thread."""
        return Response(await self.run_in_thread(lambda: compact(work())), media_type="application/json")

    def close(self) -> None:
        """End every stream and wake every waiting request."""
        self.changes.close()
        self.settle.close()


def compact(data: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def error_response(status: int, sentence: str, **more: Any) -> Response:
    """``{"error": sentence}``."""
    return JSONResponse({"error": sentence, **more}, status)
