"""A trace that is read when it has changed, without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from meshctl.tui import live_trace
from meshctl.tui.live_trace import LiveTrace, Reading
from tests.spans import TRACE, order, trace
from tests.tui.desk import FakeDesk, list_of, logs_of


class Followed:
    """A live trace, and what it has taken."""

    def __init__(self, desk: FakeDesk) -> None:
        self.taken: list[Reading] = []
        self.live = LiveTrace(desk, TRACE, self.taken.append, self.drawn)

    async def drawn(self) -> None:
        """Seen at once."""


@asynccontextmanager
async def following(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Followed]:
    monkeypatch.setattr(live_trace, "READ_EVERY_S", 0.0)
    followed = Followed(desk)
    followed.live.listed([list_of(order(), revision=1)])
    task = asyncio.create_task(followed.live.follow())
    try:
        yield followed
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - it tells nobody when it has read
            await asyncio.sleep(0)


async def test_it_is_read_again_when_its_revision_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that says the same has nothing read."""
    desk = FakeDesk(trace(*order().spans[:8]))
    async with following(desk, monkeypatch) as followed:
        await until(lambda: len(followed.taken) == 1)
        followed.live.listed([list_of(order(), revision=1)])
        desk.traces[TRACE] = order()
        followed.live.listed([list_of(order(), revision=2)])
        await until(lambda: len(followed.taken) == 2)
        rows = [reading.waterfall.rows for reading in followed.taken if reading.waterfall is not None]
        assert [len(each) for each in rows] == [8, 12]
        assert desk.reads == 2


async def test_it_is_not_read_more_often_than_is_bearable(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it changes."""
    desk = FakeDesk(order())
    async with following(desk, monkeypatch) as followed:
        monkeypatch.setattr(live_trace, "READ_EVERY_S", 3600.0)
        await until(lambda: len(followed.taken) == 1)
        for revision in range(2, 20):
            followed.live.listed([list_of(order(), revision=revision)])
            await asyncio.sleep(0)
        assert desk.reads == 1


async def test_what_could_not_be_read_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the next word of the list; what was read once stays when the collector goes away."""
    desk = FakeDesk(order())
    desk.up = False
    async with following(desk, monkeypatch) as followed:
        await until(lambda: len(followed.taken) == 1)
        assert followed.taken[0].error is not None
        desk.up = True
        followed.live.listed([list_of(order(), revision=1)])
        await until(lambda: len(followed.taken) == 2)
        desk.up = False
        followed.live.listed([list_of(order(), revision=2)])
        await until(lambda: desk.reads == 3)
        assert followed.live.reading is followed.taken[-1]
        assert followed.live.reading.view is not None


async def test_a_trace_that_the_list_has_dropped_is_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the list would tell it."""
    async with following(FakeDesk(order()), monkeypatch) as followed:
        await until(lambda: len(followed.taken) == 1)
        known = followed.live.summary
        followed.live.listed([])
        assert followed.live.summary is not None
        assert known is not None
        assert followed.live.summary.name == known.name
        assert followed.live.summary.spans == known.spans
        followed.live.forget()
        assert followed.live.summary is None


async def test_its_log_lines_or_why_not() -> None:
    desk = FakeDesk(order())
    desk.lines = logs_of()
    live = Followed(desk).live
    await live.read_logs()
    assert live.logs.lines == logs_of()
    desk.up = False
    await live.read_logs()
    assert "No collector answers" in live.logs.trouble
