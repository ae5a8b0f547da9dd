"""The lines of several instances as one stream, which survives what happens to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from meshctl.core.plan.request import container_request
from meshctl.engine.logs import stream_logs
from meshctl.errors import OperationFailed, RuntimeUnavailable, UsageError
from meshctl.model.config import RestartPolicy
from meshctl.model.containers import LogLine
from tests.builders import application, mesh_config, spec
from tests.fakes.containers import Behaviour, Death
from tests.fakes.stage import Stage, stage


def running(**behaviours: Behaviour) -> Stage:
    config = mesh_config(spec("db", restart=RestartPolicy.ALWAYS), application("users", replicas=2))
    on = stage(config, **behaviours)
    on.seed_all()
    return on


async def texts(on: Stage, *services: str, **options: Any) -> list[str]:
    lines = stream_logs(on.mesh, services, follow=False, **options)
    return [f"{line.instance_id} {line.text}" async for line in lines]


@asynccontextmanager
async def following(on: Stage, *services: str, **options: Any) -> AsyncIterator[Callable[[], list[str]]]:
    """Gives what was read so far; tells that the reader came to rest by letting fake time pass."""
    got: list[str] = []
    stream = stream_logs(on.mesh, services, follow=True, **options)

    async def read() -> None:
        async for line in stream:
            got.append(f"{line.instance_id} {line.text}")

    task = asyncio.create_task(read())
    await on.clock.sleep(5.0)
    try:
        yield lambda: got
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await stream.aclose()
        await on.mesh.close()


async def test_lines_of_several_instances_come_by_time() -> None:
    on = running()
    on.engine.write("users-1", "one")
    on.engine.write("db-1", "two")
    on.engine.write("users-2", "three", stream="stderr")
    on.engine.write("users-1", "four")
    assert await texts(on) == ["users-1 one", "db-1 two", "users-2 three", "users-1 four"]
    assert await texts(on, "users") == ["users-1 one", "users-2 three", "users-1 four"]
    assert await texts(on, tail=1) == ["db-1 two", "users-2 three", "users-1 four"]


async def test_since_grep_and_trace_choose_lines() -> None:
    on = running()
    on.engine.write("users-1", "GET /a trace_id=abc", "GET /b trace_id=def", "POST /a trace_id=abc")
    await on.clock.sleep(10.0)
    later = on.clock.now()
    on.engine.write("users-1", "GET /late")
    assert await texts(on, grep="^GET") == [
        "users-1 GET /a trace_id=abc",
        "users-1 GET /b trace_id=def",
        "users-1 GET /late",
    ]
    assert await texts(on, trace="abc", grep="POST") == ["users-1 POST /a trace_id=abc"]
    assert await texts(on, since=later) == ["users-1 GET /late"]


async def test_what_cannot_be_asked_for_is_refused() -> None:
    on = running()
    with pytest.raises(UsageError, match="not a regular expression"):
        await texts(on, grep="(")
    with pytest.raises(UsageError, match="no service 'user'"):
        await texts(on, "user")


async def test_a_follower_gets_what_was_there_and_what_comes() -> None:
    on = running()
    on.engine.write("db-1", "old")
    async with following(on) as got:
        on.engine.write("users-1", "new")
        on.engine.write("db-1", "newer")
        await on.clock.sleep(1.0)
        assert got() == ["db-1 old", "users-1 new", "db-1 newer"]


async def test_with_a_tail_of_none_only_new_lines_come() -> None:
    on = running()
    on.engine.write("db-1", "old")
    async with following(on, tail=0) as got:
        on.engine.write("db-1", "new")
        await on.clock.sleep(1.0)
        assert got() == ["db-1 new"]


async def test_lines_before_the_tail_do_not_come_back() -> None:
    on = running()
    on.engine.write("db-1", "one", "two", "three")
    async with following(on, "db", tail=1) as got:
        on.engine.write("db-1", "four")
        await on.clock.sleep(1.0)
        assert got() == ["db-1 three", "db-1 four"]


async def test_it_survives_a_restart_without_a_line_twice() -> None:
    on = running(db=Behaviour(lines=("hello",)))
    async with following(on, "db") as got:
        on.engine.write("db-1", "work")
        await on.engine.instances.stop(on.engine.get("db-1").id, 1.0)
        await on.engine.instances.start(on.engine.get("db-1").id)
        await on.clock.sleep(5.0)
        on.engine.write("db-1", "more")
        await on.clock.sleep(1.0)
        assert got() == ["db-1 hello", "db-1 work", "db-1 hello", "db-1 more"]


async def test_it_reads_a_crash_loop_although_nothing_runs_when_it_looks() -> None:
    on = running(db=Behaviour(lines=("hello", "bye"), deaths=(Death(0.01, 1),), always=True))
    async with following(on, "db") as got:
        await on.clock.sleep(10.0)
        starts = on.engine.get("db-1").restarts
        assert starts > 3
        assert len(got()) >= 2 * starts
        assert got()[:4] == ["db-1 hello", "db-1 bye"] * 2


async def test_a_new_instance_and_a_recreated_one_are_followed_from_their_start() -> None:
    on = running(users=Behaviour(lines=("up",)))
    async with following(on, "users", tail=0) as got:
        users = on.mesh.config.services["users"]
        on.engine.seed(container_request(on.mesh.config, users, 3))
        await on.engine.instances.remove(on.engine.get("users-1").id)
        on.engine.seed(container_request(on.mesh.config, users, 1))
        await on.clock.sleep(5.0)
        assert sorted(got()) == ["users-1 up", "users-3 up"]


async def test_an_engine_that_comes_back_is_read_on() -> None:
    on = running()
    async with following(on, "db") as got:
        on.engine.write("db-1", "before")
        await on.clock.sleep(1.0)
        on.engine.go_away()
        await on.clock.sleep(10.0)
        on.engine.up = True
        on.engine.write("db-1", "after")
        await on.clock.sleep(10.0)
        assert got() == ["db-1 before", "db-1 after"]


async def test_without_an_engine_it_says_so_at_once() -> None:
    on = running()
    on.engine.go_away()
    with pytest.raises(RuntimeUnavailable):
        await texts(on)


async def test_a_container_that_cannot_be_read_is_not_asked_again_and_again() -> None:
    on = running()
    original = on.engine.logs

    def unreadable(container: Any, **options: Any) -> AsyncIterator[LogLine]:
        if options["follow"] and container.service == "db":
            return _refuse(on)
        return original(container, **options)

    on.engine.logs = unreadable  # type: ignore[method-assign]
    async with following(on) as got:
        await on.clock.sleep(60.0)
        on.engine.write("users-1", "works")
        await on.clock.sleep(1.0)
        assert got() == ["users-1 works"]
        assert on.engine.count()["refused"] == 1


async def _refuse(on: Stage) -> AsyncIterator[LogLine]:
    on.engine.calls.append("refused")
    raise OperationFailed("configured logging driver does not support reading")
    yield


async def test_leaving_early_closes_every_stream() -> None:
    on = running()
    on.engine.write("db-1", "one", "two")
    before = asyncio.all_tasks()
    for follow in (False, True):
        stream = stream_logs(on.mesh, (), follow=follow)
        assert (await anext(stream)).text == "one"
        await stream.aclose()
    assert asyncio.all_tasks() == before
