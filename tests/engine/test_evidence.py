"""What a survey gathers to explain what is not well, and that it gathers nothing while all is well."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from meshctl.engine.evidence import LONGEST
from meshctl.engine.survey import take_survey
from meshctl.errors import RuntimeUnavailable
from meshctl.model.containers import EVERY_CAPABILITY, Capability, Room, WritableMount
from meshctl.model.findings import EvidenceKind, Finding, Survey
from meshctl.model.journal import Deed
from meshctl.model.status import FindingKind
from meshctl.model.traces import ServiceEdge
from tests.builders import application, mesh_config, spec
from tests.fakes.groups import FakeVolumes
from tests.fakes.machine import Behaviour
from tests.fakes.stage import Stage, stage

SICK = Behaviour(ready_after_s=None, detail="503: redis: Error -2")
FULL = Room("/data", "pgdata", 0, 64 * 2**20)
STORE = (WritableMount("/data", "pgdata", "/v/pgdata"),)


def world(*, can: frozenset[Capability] = EVERY_CAPABILITY, **behaviours: Behaviour) -> Stage:
    """Services that have run for an hour."""
    config = mesh_config(
        application("orders", "postgres"), application("worker", "redis"), spec("postgres"), spec("redis"),
        spec("collector"), collector="collector",
    )  # fmt: skip
    made = stage(config, can=can, **behaviours)
    made.seed_all()
    made.clock.advance(3600)
    return made


async def survey(made: Stage) -> Survey:
    return await take_survey(made.mesh)


async def only(made: Stage) -> Finding:
    (found,) = (await survey(made)).findings
    return found


async def stop(made: Stage, service: str) -> None:
    """As meshctl does it: the deed, then the note."""
    container = made.engine.get(f"{service}-1")
    await made.engine.instances.stop(container.id, 1.0)
    made.mesh.journal.note(Deed.STOPPED, service, f"{service}-1", container.id)


async def test_while_all_is_well_nothing_is_gathered() -> None:
    made = world()
    assert (await survey(made)).findings == ()
    assert set(made.engine.count()) == {"observe"}
    assert made.collector.addresses == []


async def test_where_memory_is_limited_what_was_killed_for_it_is_found_though_all_is_well() -> None:
    made = stage(mesh_config(application("pool", mem_limit=64 * 2**20), application("other")))
    made.seed_all()
    pool = made.engine.get("pool-1")
    made.clock.advance(60)
    assert (await survey(made)).findings == ()
    made.engine.publish(made.engine.machines[pool.id], "oom")
    found = await only(made)
    assert (found.service, found.kind) == ("pool", FindingKind.OUT_OF_MEMORY)


async def test_what_is_stopped_and_by_whom() -> None:
    made = world(worker=SICK)
    await stop(made, "redis")
    found = await only(made)
    assert (found.service, found.kind, found.by, found.victims) == ("redis", FindingKind.STOPPED, "you", ("worker",))
    assert EvidenceKind.JOURNAL in [fact.kind for fact in found.evidence]


async def test_what_was_made_again_was_not_removed_by_whoever_removed_the_one_before() -> None:
    made = world(worker=SICK)
    container = made.engine.get("redis-1")
    made.mesh.journal.note(Deed.REMOVED, "redis", "redis-1", "earlier")
    made.mesh.journal.note(Deed.CREATED, "redis", "redis-1", container.id)
    await made.engine.instances.remove(container.id)
    found = await only(made)
    assert (found.service, found.by, found.since) == ("redis", "", None)
    made.mesh.journal.note(Deed.REMOVED, "redis", "redis-1", container.id)
    assert (await only(made)).by == "you"


async def test_calls_seen_in_traces_lead_to_the_cause() -> None:
    made = world(orders=SICK)
    made.collector.edges_seen = (ServiceEdge("orders", "redis", 9, 9, 1.0, 1.0, 1, 1, 1),)
    await stop(made, "redis")
    found = await only(made)
    assert (found.service, found.victims) == ("redis", ("orders",))
    assert made.collector.edges_seen[0] in [fact.edge for fact in found.evidence]


async def test_logs_are_read_of_who_is_not_well_and_of_the_stores_it_needs() -> None:
    made = world(orders=SICK)
    made.engine.write("orders-1", "ERROR no answer", "fine")
    found = await only(made)
    read = [call for call in made.engine.calls if call.startswith("last_lines")]
    assert read == ["last_lines orders-1", "last_lines postgres-1"]
    assert [fact.text for fact in found.evidence if fact.kind is EvidenceKind.LOG] == ["ERROR no answer"]


async def test_of_an_endless_line_the_beginning_is_kept() -> None:
    made = world(orders=SICK)
    made.engine.write("orders-1", "ERROR " + "x" * 100_000)
    (line,) = [fact.text for fact in (await only(made)).evidence if fact.kind is EvidenceKind.LOG]
    assert line.startswith("ERROR x") and len(line) == LONGEST


async def test_what_does_not_answer_is_left_out() -> None:
    made = world(worker=SICK)
    made.collector.away = True

    async def away(*asked: object) -> NoReturn:
        raise RuntimeUnavailable("no container engine answers")

    made.engine.past_events = away  # type: ignore[method-assign]
    made.engine.last_lines = away  # type: ignore[method-assign]
    await stop(made, "redis")
    assert (await only(made)).victims == ("worker",)


async def test_a_full_volume_is_found_while_all_checks_pass() -> None:
    made = world()
    assert isinstance(made.engine.volumes, FakeVolumes)
    made.engine.volumes.rooms["postgres-1"] = (FULL,)
    found = await only(made)
    assert (found.service, found.kind) == ("postgres", FindingKind.DISK_FULL)
    assert [fact.room for fact in found.evidence] == [FULL]


async def test_room_is_asked_for_inside_only_where_something_is_not_well() -> None:
    made = world(orders=SICK)
    assert isinstance(made.engine.volumes, FakeVolumes)
    await survey(made)
    assert made.engine.volumes.asked == ["orders-1", "postgres-1"]


async def test_a_store_whose_volume_cannot_be_seen_is_known_by_its_log() -> None:
    made = world()
    machine = made.engine.machines[made.engine.get("postgres-1").id]
    machine.container = replace(machine.container, mounts=STORE)
    machine.write(["PANIC:  could not write: No space left on device"], "stderr")
    found = await only(made)
    assert (found.service, found.kind) == ("postgres", FindingKind.DISK_FULL)


async def test_a_runtime_without_volumes_has_no_room_to_tell_of() -> None:
    made = world(can=EVERY_CAPABILITY - {Capability.VOLUMES}, worker=SICK)
    assert (await only(made)).service == "worker"
