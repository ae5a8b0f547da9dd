"""Changes of one project take turns; who waits says for whom, and gives up in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from meshctl.core.plan.request import container_request
from meshctl.engine.up import UpOptions
from meshctl.errors import DeadlineExceeded, MeshError, NotFound, UsageError
from meshctl.model.config import Mount
from meshctl.model.journal import Deed
from meshctl.model.plan import OperationKind
from meshctl.model.progress import TURN, Phase, ProgressEvent
from meshctl.ports.turns import Holder
from tests.builders import mesh_config, spec
from tests.fakes.containers import Behaviour
from tests.fakes.stage import Stage, stage

VERBS: dict[str, Callable[[Stage], Awaitable[object]]] = {
    "up db": lambda on: on.lifecycle.up(UpOptions(("db",)), on.sink),
    "scale db=2": lambda on: on.lifecycle.scale({"db": 2}, on.sink),
    "stop db": lambda on: on.lifecycle.stop(("db",), on.sink),
    "start": lambda on: on.lifecycle.start((), on.sink),
    "restart db": lambda on: on.lifecycle.restart(("db",), on.sink),
    "pause db web": lambda on: on.lifecycle.pause(("db", "web"), on.sink),
    "unpause": lambda on: on.lifecycle.unpause((), on.sink),
    "down": lambda on: on.lifecycle.down(volumes=False, timeout_s=60.0, sink=on.sink),
    "down -v": lambda on: on.lifecycle.down(volumes=True, timeout_s=60.0, sink=on.sink),
}


def running() -> Stage:
    on = stage(mesh_config(spec("db"), spec("web", "db")))
    on.seed_all()
    return on


def waits(on: Stage) -> list[tuple[Phase, str]]:
    return [(event.phase, event.message) for event in on.sink.events if event.operation == TURN]


async def after(on: Stage, seconds: float, holder: Holder | None) -> None:
    await on.clock.sleep(seconds)
    on.turns.holder = holder


@pytest.mark.parametrize("command", VERBS)
async def test_every_change_takes_a_turn_in_its_own_name(command: str) -> None:
    on = running()
    seen: list[Holder | None] = []
    on.sink.react = lambda _: seen.append(on.turns.holder)
    await VERBS[command](on)
    assert on.turns.taken == [command]
    assert on.turns.holder is None
    assert all(holder is not None and holder.command == command for holder in seen)


async def test_what_only_looks_waits_for_nobody() -> None:
    on = running()
    on.turns.holder = Holder("up", 4711, on.clock.now())
    assert (await on.lifecycle.plan_up(UpOptions())).changes == ()
    assert await on.lifecycle.exec_attached("db", ("true",)) == 0


async def test_the_second_says_for_whom_it_waits_and_looks_only_then() -> None:
    on = running()
    await on.lifecycle.stop(("db",), on.sink)
    on.turns.holder = Holder("up", 4711, on.clock.now() - 3.0)
    other = asyncio.ensure_future(after(on, 2.0, None))
    before = len(on.engine.calls)
    start = asyncio.ensure_future(on.lifecycle.start(("db",), on.sink))
    await other
    assert on.engine.calls[before:] == []
    await start
    assert waits(on) == [(Phase.STARTED, "waiting for `meshctl up` (pid 4711, since 3 s)"), (Phase.DONE, "")]
    assert on.engine.states()["db-1"] == "running"


async def test_each_of_several_holders_is_named_once() -> None:
    on = running()
    on.turns.holder = Holder()
    others = (Holder("up", 1, on.clock.now()), Holder(), Holder("down", 2, on.clock.now()), None)
    soon = [asyncio.ensure_future(after(on, number + 1.0, holder)) for number, holder in enumerate(others)]
    await on.lifecycle.stop((), on.sink)
    await asyncio.gather(*soon)
    assert waits(on) == [
        (Phase.STARTED, "waiting for another meshctl"),
        (Phase.PROGRESS, "waiting for `meshctl up` (pid 1, since 1 s)"),
        (Phase.PROGRESS, "waiting for `meshctl down` (pid 2, since 3 s)"),
        (Phase.DONE, ""),
    ]


async def test_waiting_is_part_of_the_time_that_is_given() -> None:
    on = stage(mesh_config(spec("db")), db=Behaviour(ready_after_s=8.0))
    on.turns.holder = Holder("up", 4711, on.clock.now())
    other = asyncio.ensure_future(after(on, 5.0, None))
    report = await on.lifecycle.up(UpOptions(timeout_s=10.0), on.sink)
    await other
    assert report.timed_out
    assert 10.0 <= on.clock.monotonic() < 10.2


async def test_out_of_time_names_who_had_the_turn_and_changes_nothing() -> None:
    on = running()
    on.turns.holder = Holder("up", 4711, on.clock.now())
    words = r"shop is still being changed by `meshctl up` \(pid 4711, since 20 s\)"
    with pytest.raises(DeadlineExceeded, match=words) as caught:
        await on.lifecycle.down(volumes=True, timeout_s=20.0, sink=on.sink)
    assert (caught.value.exit_code, caught.value.hint) == (4, "Give more time: --timeout")
    assert waits(on)[-1][0] is Phase.FAILED
    assert on.engine.calls == []
    assert on.turns.taken == []


async def test_waiting_can_be_given_up() -> None:
    on = running()
    on.turns.holder = Holder("up", 4711, on.clock.now())
    begun = asyncio.Event()
    on.sink.react = lambda _: begun.set()
    waiting = asyncio.ensure_future(on.lifecycle.stop((), on.sink))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert on.turns.holder == Holder("up", 4711, 1_700_000_000.0)


async def test_a_wrong_name_is_told_without_waiting() -> None:
    on = running()
    on.turns.holder = Holder("up", 4711, on.clock.now())
    with pytest.raises(UsageError):
        await on.lifecycle.up(UpOptions(("nosuch",)), on.sink)
    assert waits(on) == []


async def test_the_turn_is_given_back_whatever_goes_wrong() -> None:
    on = running()
    with pytest.raises(UsageError):
        await on.lifecycle.stop(("nosuch",), on.sink)
    on.engine.go_away()
    with pytest.raises(MeshError):
        await on.lifecycle.up(UpOptions(), on.sink)
    assert on.turns.holder is None


async def test_two_at_once_do_one_after_the_other_and_the_second_finds_nothing_to_do() -> None:
    on = stage(
        mesh_config(spec("db", mounts=(Mount("volume", "data", "/data"),)), spec("web", "db"), volumes={"data": ""})
    )
    first, second = await asyncio.gather(*(on.lifecycle.up(UpOptions(), on.sink) for _ in range(2)))
    assert (first.ready, first.changed, second.ready, second.changed) == (True, True, True, False)
    assert on.engine.count()["create"] == 2


async def test_what_is_done_is_noted_with_its_cause() -> None:
    on = running()
    db = on.engine.get("db-1").id
    await on.lifecycle.stop(("db",), on.sink)
    await on.lifecycle.start(("db",), on.sink)
    await on.lifecycle.pause(("db",), on.sink)
    await on.lifecycle.unpause(("db",), on.sink)
    noted = [
        (e.deed, e.service, e.instance, e.container_id, e.cause) for e in on.journal.entries if e.deed is not Deed.READY
    ]
    deeds = (Deed.STOPPED, Deed.STARTED, Deed.PAUSED, Deed.UNPAUSED)
    assert noted == [(deed, "db", "db-1", db, "asked for") for deed in deeds]


async def test_what_is_made_and_removed_is_noted_with_its_container() -> None:
    on = stage(mesh_config(spec("db")))
    await on.lifecycle.up(UpOptions(), on.sink)
    db = on.engine.get("db-1").id
    await on.lifecycle.down(volumes=True, timeout_s=60.0, sink=on.sink)
    made = [
        (Deed.CREATED, "not created"),
        (Deed.STARTED, "not created"),
        (Deed.STOPPED, "down"),
        (Deed.REMOVED, "down"),
    ]
    entries = [e for e in on.journal.entries if e.deed not in (Deed.READY, Deed.FAILED)]
    assert [(e.deed, e.cause) for e in entries] == made
    assert {e.container_id for e in entries} == {db}


@pytest.mark.parametrize("command", ["up db", "start", "restart db", "scale db=2"])
async def test_networks_of_one_name_are_made_one_before_anything_is_started(command: str) -> None:
    on = running()
    await on.lifecycle.stop((), on.sink)
    assert on.engine.networks is not None
    on.engine.networks.doubled.add("shop_default")
    await VERBS[command](on)
    assert on.engine.states()["db-1"] == "running"
    assert on.sink.done("merge network") == ["shop_default"]
    assert (await on.engine.observe("shop")).networks == ("shop_default",)


async def test_an_up_with_nothing_else_to_do_makes_them_one_too() -> None:
    on = running()
    assert on.engine.networks is not None
    on.engine.networks.doubled.add("shop_default")
    (merge,) = (await on.lifecycle.plan_up(UpOptions())).changes
    assert (merge.kind, merge.cause) == (OperationKind.MERGE_NETWORK, "there are 2 of this name")
    assert (await on.lifecycle.up(UpOptions(), on.sink)).changed
    assert not (await on.lifecycle.up(UpOptions(), on.sink)).changed


async def test_what_another_machine_makes_in_the_same_moment_is_adopted() -> None:
    on = stage(mesh_config(spec("db"), spec("web", "db")))
    request = container_request(on.mesh.config, on.mesh.config.services["db"], 1)

    def look(event: ProgressEvent) -> None:
        if (event.operation, event.target, event.phase) == ("create", "db-1", Phase.STARTED):
            on.engine.seed(request)

    on.sink.react = look
    report = await on.lifecycle.up(UpOptions(), on.sink)
    assert (report.ready, report.failures) == (True, ())
    assert on.engine.states() == {"db-1": "running", "web-1": "running"}


async def test_what_fails_is_not_noted() -> None:
    on = running()
    on.engine.fail["stop", "db-1"] = MeshError("no")
    with pytest.raises(MeshError):
        await on.lifecycle.stop(("db",), on.sink)
    assert on.journal.entries == []


async def test_a_start_of_what_somebody_else_removes_meanwhile_says_so() -> None:
    on = running()
    on.engine.pause("web-1")
    await on.engine.instances.stop(on.engine.get("db-1").id, 1.0)
    gone = NotFound("No such container: 0a1b")
    on.engine.fail |= {("start", "db-1"): gone, ("pause", "db-1"): gone, ("unpause", "web-1"): gone}
    for verb, instance in ((on.lifecycle.start, "db-1"), (on.lifecycle.unpause, "web-1"), (on.lifecycle.pause, "db-1")):
        with pytest.raises(NotFound, match=f"{instance} was removed by somebody else meanwhile") as caught:
            await verb((), on.sink)
        assert (caught.value.exit_code, caught.value.hint) == (1, "Run the command again.")
        del on.engine.fail[verb.__name__, instance]
        await on.engine.instances.start(on.engine.get("db-1").id)
