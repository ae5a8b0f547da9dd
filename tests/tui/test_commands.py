"""What is said of a command while it runs and when it is done, without a screen."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from meshctl.engine.session import Lifecycle
from meshctl.errors import OperationFailed
from meshctl.model.progress import TURN, Phase, ProgressEvent
from meshctl.ports.world import ProgressSink
from meshctl.tui.commands import Command, Commands


class Told:
    """Keeps every sentence and every state of what is pending."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, bool]] = []
        self.drawn: list[dict[str, str]] = []
        lifecycle = cast("Lifecycle", None)
        self.commands = Commands(lifecycle, lambda *sentence: self.said.append(sentence), self._redraw)

    def _redraw(self) -> None:
        self.drawn.append(dict(self.commands.pending))

    async def run(self, run: Any, service: str = "users") -> None:
        await self.commands.carry_out(Command("stopping", run, service))


async def test_what_is_under_way_is_pending_and_what_was_done_is_said() -> None:
    async def stop(lifecycle: Lifecycle, sink: ProgressSink) -> str:
        sink.emit(ProgressEvent("start", "orders-1", Phase.STARTED, "orders"))
        sink.emit(ProgressEvent("start", "orders-1", Phase.DONE, "orders"))
        return "users stopped"

    told = Told()
    await told.run(stop)
    assert told.drawn[:2] == [{"users": "stopping"}, {"users": "stopping", "orders": "starting"}]
    assert told.drawn[-1] == {}
    assert told.said == [("users stopped", "", True)]


async def test_whom_it_waits_for_is_pending_or_said_where_it_is_about_all_services() -> None:
    async def wait(lifecycle: Lifecycle, sink: ProgressSink) -> str:
        sink.emit(ProgressEvent(TURN, "shop", Phase.STARTED, message="waiting for `meshctl up`"))
        sink.emit(ProgressEvent(TURN, "shop", Phase.DONE))
        return "done"

    told = Told()
    await told.run(wait)
    states = ["stopping", "waiting for `meshctl up`", "stopping"]
    assert told.drawn == [*({"users": state} for state in states), {}]
    await told.run(wait, "")
    assert told.said == [("done", "", True), ("waiting for `meshctl up`", "", True), ("done", "", True)]
    assert told.commands.pending == {}


async def test_what_goes_wrong_is_said_with_its_hint() -> None:
    """A bug too: the app goes on."""

    async def fails(*_: object) -> str:
        raise OperationFailed("the disk is full", hint="Make room.")

    async def breaks(*_: object) -> str:
        raise KeyError("users")

    told = Told()
    await told.run(fails)
    await told.run(breaks)
    assert told.said == [("the disk is full", "Make room.", False), ("stopping users: 'users'", "", False)]
    assert told.commands.pending == {}


async def test_one_command_at_a_time_for_each_service() -> None:
    """Others go on beside it."""
    done = asyncio.Event()

    async def slow(*_: object) -> str:
        await done.wait()
        return "done"

    told = Told()
    async with asyncio.TaskGroup() as group:
        group.create_task(told.run(slow))
        await asyncio.sleep(0)
        await told.run(slow)
        assert told.said == [("users is stopping already", "", True)]
        group.create_task(told.run(slow, "orders"))
        await asyncio.sleep(0)
        assert set(told.commands.pending) == {"users", "orders"}
        done.set()
    assert told.commands.pending == {}
