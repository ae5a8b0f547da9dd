"""``/v1/changes``: what the memory has changed, line by line, for live views."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from meshctl.adapters.collector.forms import changes_data
from meshctl.collector.broadcaster import Batch
from meshctl.collector.query_context import QueryContext, compact
from meshctl.model.traces import TraceChanges

#: Seconds between two lines: at least while much changes, at most while nothing does.
PACE_S = 0.1
HEARTBEAT_S = 5.0

_NOTHING = Batch((), (), False)


async def changes(desk: QueryContext, request: Request) -> Response:
    """NDJSON of ``TraceChanges``, the first with the status only, until the client or the collector ends."""
    with desk.hub.stream():
        pass
    return StreamingResponse(_lines(desk), media_type="application/x-ndjson", headers={"cache-control": "no-store"})


async def _lines(desk: QueryContext) -> AsyncIterator[bytes]:
    with desk.hub.stream() as pending:
        yield _line(desk, _NOTHING)
        while not desk.hub.closing.is_set():
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await pending.event.wait()
            except TimeoutError:
                yield _line(desk, _NOTHING)
                continue
            if not desk.hub.closing.is_set():
                yield _line(desk, pending.drain())
                await _rest(desk)


def _line(desk: QueryContext, batch: Batch) -> bytes:
    """Summaries of at most 500 traces: short enough for the event loop."""
    summaries = (desk.memory.summary(trace_id) for trace_id in batch.changed)
    told = TraceChanges(
        changed=tuple(summary for summary in summaries if summary is not None),
        removed=batch.removed,
        status=desk.memory.status(),
        reset=batch.reset,
    )
    return compact(changes_data(told)) + b"\n"


async def _rest(desk: QueryContext) -> None:
    try:
        async with asyncio.timeout(PACE_S):
            await desk.hub.closing.wait()
    except TimeoutError:
        return
