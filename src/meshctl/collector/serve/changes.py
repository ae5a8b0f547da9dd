"""``/v1/changes``: what the memory has changed, line by line, for live views."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from meshctl.adapters.collector.forms import changes_data
from meshctl.collector.serve.context import QueryContext, compact
from meshctl.collector.traces.changes import Batch
from meshctl.model.traces import TraceChanges

#: Seconds between two lines: at least while much changes, at most while nothing does.
PACE_S = 0.1
HEARTBEAT_S = 5.0


async def changes(context: QueryContext, request: Request) -> Response:
    """NDJSON of ``TraceChanges``, the first with the status only, until the client or the collector ends."""
    with context.changes.subscribed():
        pass  # too many are refused before the stream begins
    return StreamingResponse(lines(context), media_type="application/x-ndjson", headers={"cache-control": "no-store"})


async def lines(context: QueryContext) -> AsyncGenerator[bytes]:
    """The lines of one stream."""
    closing = context.changes.closing
    with context.changes.subscribed() as subscriber:
        yield _line(context, Batch())
        while not closing.is_set():
            if not await _set_within(subscriber.event, HEARTBEAT_S):
                yield _line(context, Batch())
            elif not closing.is_set():
                yield _line(context, subscriber.drain())
                await _set_within(closing, PACE_S)


def _line(context: QueryContext, batch: Batch) -> bytes:
    """Summaries of at most 500 traces: short enough for the event loop."""
    memory = context.memory
    summaries = (memory.summary(trace_id) for trace_id in batch.changed)
    message = TraceChanges(
        changed=tuple(summary for summary in summaries if summary is not None),
        removed=batch.removed,
        status=memory.status(),
        reset=batch.reset,
    )
    return compact(changes_data(message)) + b"\n"


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
