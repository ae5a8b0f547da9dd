"""The cause comes before its symptoms: who is to blame, who suffers, what shows it, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from meshctl.core.health.blame import who_needs_what_is_down
from meshctl.core.health.facts import Facts
from meshctl.core.health.findings import blamed, findings
from meshctl.model.config import Condition, DependsOn, MeshConfig, RestartPolicy, ServiceSpec
from meshctl.model.containers import Container, ContainerState, LogLine, Room, RuntimeEvent, WritableMount
from meshctl.model.findings import EvidenceKind, Finding, Mend, MendKind
from meshctl.model.journal import Deed, JournalEntry
from meshctl.model.registry import Check, CheckStatus, RegistryCheckKind
from meshctl.model.status import (
    FindingKind,
    Health,
    InstanceStatus,
    ProbeProblem,
    ProbeResult,
    Reason,
    ReasonKind,
    ServiceStatus,
)
from meshctl.model.traces import ServiceEdge
from tests.builders import application, container, mesh_config, spec

NOW = 10_000.0
FAILS = Reason(ReasonKind.PROBE_FAILS, detail="503: redis: Error -2")
SILENT = Reason(ReasonKind.REGISTRY_SILENT, source="consul", detail="it is not running")
ABSENT = Reason(ReasonKind.NOT_REGISTERED, source="consul")
MIB = 2**20


def check(kind: RegistryCheckKind, check_id: str) -> Reason:
    """Consul's word against an instance whose own probe passes."""
    made = Check(kind, check_id, "maintenance", CheckStatus.CRITICAL, "work", since=NOW - 30)
    return Reason(ReasonKind.CHECK_FAILS, source="consul", check=made, alone=True)


def edge(caller: str, target: str, *, errors: int = 0, kind: str = "call") -> ServiceEdge:
    return ServiceEdge(caller, target, 10, errors, 1.0, errors / 10, 1, 1, 1, kind)


@dataclass
class Project:
    """Services that are well until a test says otherwise."""

    config: MeshConfig
    statuses: dict[str, ServiceStatus] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    facts: Facts = field(default_factory=lambda: Facts(user="ada"))

    def __post_init__(self) -> None:
        for name in self.config.services:
            self.set(name, Health.HEALTHY)

    def set(self, name: str, health: Health, *reasons: Reason, **changes: Any) -> None:
        """One instance that is so; ``changes`` are its container's."""
        self.put(name, self.instance(name, 1, health, *reasons, **changes))

    def instance(self, name: str, number: int, health: Health, *reasons: Reason, **changes: Any) -> InstanceStatus:
        seen = container(self.config, name, number, started_at=NOW - 60, **changes)
        self.containers[seen.id] = seen
        registered = changes.get("registry", CheckStatus.PASSING if seen.register else None)
        return InstanceStatus(
            seen.instance_id, seen.name, seen.id, seen.state, health, reasons, registry=registered, started_at=NOW - 60
        )

    def put(self, name: str, *instances: InstanceStatus, health: Health | None = None) -> None:
        ready = sum(one.health in (Health.HEALTHY, Health.DONE) for one in instances)
        worst = health or (Health.DEGRADED if 0 < ready < len(instances) else instances[0].health)
        kind = self.config.services[name].kind
        reasons = tuple(reason for one in instances for reason in one.reasons)
        self.statuses[name] = ServiceStatus(
            name, kind, "", worst, ready, len(instances), reasons=reasons, instances=instances
        )

    def stop(self, name: str, **changes: Any) -> None:
        self.set(name, Health.STOPPED, state=ContainerState.EXITED, exit_code=0, finished_at=NOW - 120, **changes)

    def fail(self, *names: str, health: Health = Health.UNHEALTHY) -> None:
        for name in names:
            self.set(name, health, FAILS)

    def missing(self, name: str, health: Health = Health.STOPPED, *reasons: Reason) -> None:
        self.statuses[name] = ServiceStatus(name, self.config.services[name].kind, "", health, 0, 1, reasons=reasons)

    def know(self, **facts: Any) -> None:
        self.facts = replace(self.facts, **facts)

    def services(self) -> list[ServiceStatus]:
        return [self.statuses[name] for name in self.config.services]

    def find(self) -> tuple[Finding, ...]:
        facts = replace(self.facts, containers=tuple(self.containers.values()))
        return findings(self.config, self.services(), facts, NOW)

    def outline(self) -> list[str]:
        """``redis stopped < worker notifications``: a line each, its victims last."""
        return [" ".join([f.service, f.kind, *(["<", *f.victims] if f.victims else [])]) for f in self.find()]

    def reasons(self, name: str) -> Sequence[Reason]:
        return next(one for one in blamed(self.services(), self.find()) if one.service == name).reasons


def project(*services: ServiceSpec) -> Project:
    return Project(mesh_config(*services))


@pytest.fixture
def shop() -> Project:
    return project(
        application("orders", "consul", "postgres"),
        application("notifications", "consul", "redis"),
        application("worker", "consul", "redis"),
        spec("consul"),
        spec("postgres"),
        spec("redis"),
    )


def caused(source: str, kind: FindingKind) -> Reason:
    return Reason(ReasonKind.CAUSED, source=source, cause=kind)


# -- who is to blame


def test_a_project_that_is_well_has_no_findings(shop: Project) -> None:
    shop.set("worker", Health.DONE)
    shop.know(edges=(edge("orders", "redis"),), journal=(JournalEntry(1, Deed.STOPPED, "redis", "redis-1"),))
    assert shop.find() == ()
    assert list(blamed(shop.services(), ())) == shop.services()


def test_what_is_stopped_is_the_cause_and_those_who_need_it_are_its_victims(shop: Project) -> None:
    shop.stop("redis")
    shop.fail("worker", "notifications")
    assert shop.outline() == ["redis stopped < notifications worker"]
    assert shop.reasons("worker") == (caused("redis", FindingKind.STOPPED), FAILS)
    assert shop.reasons("redis") == ()


def test_who_is_well_is_no_victim(shop: Project) -> None:
    shop.stop("redis")
    shop.fail("worker")
    assert shop.outline() == ["redis stopped < worker"]


def test_who_does_not_need_the_cause_stands_for_itself(shop: Project) -> None:
    shop.stop("redis")
    shop.fail("worker", "orders")
    assert shop.outline() == ["redis stopped < worker", "orders unhealthy"]


def test_calls_that_were_seen_count_like_needs_of_the_file(shop: Project) -> None:
    shop.set("postgres", Health.PAUSED, state=ContainerState.PAUSED)
    shop.fail("orders", "worker")
    shop.know(edges=(edge("worker", "orders", errors=4), edge("orders", "postgres", errors=7)))
    assert shop.outline() == ["postgres paused < orders worker"]
    found = shop.find()[0]
    assert [fact.edge for fact in found.evidence if fact.edge] == [edge("orders", "postgres", errors=7)]


def test_a_message_needs_its_broker_but_not_whoever_takes_it(shop: Project) -> None:
    shop.stop("redis")
    shop.stop("worker")
    shop.fail("orders")
    shop.know(edges=(edge("orders", "worker", kind="message"),))
    assert shop.outline() == ["orders unhealthy", "worker stopped", "redis stopped"]
    shop.know(edges=(edge("orders", "worker", kind="message"), edge("orders", "redis", kind="message")))
    assert shop.outline() == ["redis stopped < orders", "worker stopped"]


def test_callers_are_known_by_their_name_in_the_registry() -> None:
    mesh = project(
        application("web", mesh=replace(application("web").mesh, register="frontend")), application("api"), spec("db")
    )
    mesh.stop("api")
    mesh.fail("web")
    mesh.know(edges=(edge("frontend", "api"),))
    assert mesh.outline() == ["api stopped < web"]


def test_a_chain_of_victims_has_one_cause() -> None:
    mesh = project(application("a", "b"), application("b", "c"), application("c", "d"), spec("d"))
    mesh.stop("d")
    mesh.fail("a", "b", "c")
    assert mesh.outline() == ["d stopped < c b a"]


def test_a_chain_ends_at_who_is_well() -> None:
    mesh = project(application("a", "b"), application("b", "c"), spec("c"))
    mesh.stop("c")
    mesh.fail("a")
    assert mesh.outline() == ["a unhealthy", "c stopped"]


def test_a_circle_ends_and_the_gravest_of_it_is_the_cause() -> None:
    mesh = project(application("a", "b"), application("b", "c"), application("c", "a"))
    mesh.fail("a", "c")
    mesh.fail("b", health=Health.CRASH_LOOP)
    assert mesh.outline() == ["b crash_loop < a c"]


def test_two_causes_are_both_told_and_whoever_takes_more_down_comes_first(shop: Project) -> None:
    shop.stop("postgres")
    shop.set("redis", Health.PAUSED, state=ContainerState.PAUSED)
    shop.fail("worker", "notifications", "orders")
    assert shop.outline() == ["redis paused < notifications worker", "postgres stopped < orders"]
    shop.know(edges=(edge("orders", "redis"),))
    both = (caused("redis", FindingKind.PAUSED), caused("postgres", FindingKind.STOPPED), FAILS)
    assert shop.reasons("orders") == both


def test_a_victim_with_a_reason_of_its_own_is_a_finding_too(shop: Project) -> None:
    ended = Reason(ReasonKind.EXITED, exit_code=137, oom=True)
    shop.stop("redis")
    shop.fail("notifications")
    shop.set("worker", Health.UNHEALTHY, ended, state=ContainerState.EXITED, exit_code=137, oom_killed=True)
    assert shop.outline() == ["redis stopped < notifications", "worker out_of_memory"]


def test_instances_of_one_service_may_differ(shop: Project) -> None:
    ended = Reason(ReasonKind.EXITED, exit_code=137, oom=True)
    shop.stop("redis")
    dead = shop.instance("worker", 2, Health.UNHEALTHY, ended, state=ContainerState.EXITED, oom_killed=True)
    shop.put("worker", shop.instance("worker", 1, Health.UNHEALTHY, FAILS), dead)
    assert shop.outline() == ["redis stopped < worker", "worker out_of_memory"]
    assert shop.find()[1].instance == "worker-2"


def test_what_leaves_a_part_at_work_explains_no_more_than_a_part(shop: Project) -> None:
    shop.put("redis", shop.instance("redis", 1, Health.HEALTHY), shop.instance("redis", 2, Health.UNHEALTHY, FAILS))
    shop.fail("worker")
    shop.fail("notifications", health=Health.DEGRADED)
    assert shop.outline() == ["redis unhealthy < notifications", "worker unhealthy"]
    assert shop.find()[0].instance == "redis-2"


def test_what_only_waits_is_nobodys_cause() -> None:
    mesh = project(application("a", "b"), spec("b"))
    waits = Reason(ReasonKind.WAITS, source="b")
    mesh.set("b", Health.STARTING, FAILS)
    mesh.missing("a", Health.WAITING, waits)
    assert mesh.outline() == ["b starting < a"]
    assert mesh.reasons("a") == (replace(waits, cause=FindingKind.STARTING),), "it says so itself"
    mesh.set("b", Health.PAUSED, state=ContainerState.PAUSED)
    assert mesh.reasons("a") == (replace(waits, cause=FindingKind.PAUSED),)
    mesh.set("b", Health.HEALTHY)
    assert mesh.find() == ()


def test_a_check_without_an_answer_is_a_finding_where_nothing_else_explains_it(shop: Project) -> None:
    silent = Reason(ReasonKind.NOT_PROBED, detail="still not answered after 2 s")
    shop.set("orders", Health.UNKNOWN, silent)
    assert shop.outline() == ["orders silent"]
    assert shop.find()[0].mend == Mend(MendKind.RESTART, "orders")
    shop.set("postgres", Health.PAUSED, state=ContainerState.PAUSED)
    assert shop.outline() == ["postgres paused < orders"]
    assert shop.reasons("orders") == (caused("postgres", FindingKind.PAUSED), silent)
    shop.set("orders", Health.UNKNOWN, Reason(ReasonKind.NOT_PROBED))
    assert shop.outline() == ["postgres paused"]


def test_who_needs_what_is_down() -> None:
    seeded = DependsOn("seed", Condition.COMPLETED)
    config = mesh_config(
        application("web", "api"), application("api", "redis", seeded), application("other", seeded), spec("redis"),
        spec("seed"), spec("keeper", restart=RestartPolicy.ALWAYS), application("last", "keeper"),
    )  # fmt: skip

    def needing(**states: ContainerState) -> set[str]:
        seen = [container(config, name, state=state, exit_code=0) for name, state in states.items()]
        return who_needs_what_is_down(config, seen)

    paused, ended, runs = ContainerState.PAUSED, ContainerState.EXITED, ContainerState.RUNNING
    assert needing(redis=runs, seed=runs, keeper=runs) == set()
    assert needing(redis=paused, seed=runs) == {"api", "web"}
    assert needing(seed=ended, redis=runs) == set(), "it is done"
    assert needing(keeper=ended) == {"last"}
    one_of_two = [container(config, "redis", 1, state=paused), container(config, "redis", 2)]
    assert who_needs_what_is_down(config, one_of_two) == set()


def test_what_was_never_made_waits_for_what_was_never_made_either(shop: Project) -> None:
    for name in shop.config.services:
        shop.missing(name)
    assert shop.outline() == [
        "consul not_created < orders notifications worker",
        "redis not_created < notifications worker",
        "postgres not_created < orders",
    ]
    assert {finding.mend for finding in shop.find()} == {
        Mend(MendKind.UP, name) for name in ("consul", "redis", "postgres")
    }


def test_optional_needs_and_unknown_services_do_no_harm() -> None:
    mesh = project(application("a", DependsOn("gone", Condition.STARTED, required=False)))
    mesh.fail("a")
    mesh.know(edges=(edge("a", "somewhere.example"), edge("stranger", "a")))
    assert mesh.outline() == ["a unhealthy"]


# -- the registry


def test_a_registry_that_is_gone_is_to_blame_for_all_that_it_does_not_say(shop: Project) -> None:
    shop.stop("consul")
    for name in ("orders", "notifications", "worker"):
        shop.set(name, Health.DEGRADED, SILENT)
    assert shop.outline() == ["consul stopped < orders notifications worker"]


def test_what_a_silent_registry_says_is_nobody_elses_fault(shop: Project) -> None:
    shop.stop("consul")
    shop.stop("redis")
    shop.set("worker", Health.DEGRADED, SILENT)
    shop.set("notifications", Health.UNHEALTHY, FAILS, SILENT)
    assert shop.outline() == ["consul stopped < notifications worker", "redis stopped < notifications"]


def test_a_registry_that_runs_and_does_not_answer(shop: Project) -> None:
    shop.set("worker", Health.DEGRADED, SILENT)
    assert shop.outline() == ["consul registry_silent < worker"]
    assert shop.reasons("worker") == (SILENT,)


def test_a_registry_that_has_forgotten_all_is_the_cause_not_each_of_them(shop: Project) -> None:
    for name in ("orders", "notifications", "worker"):
        shop.set(name, Health.DEGRADED, ABSENT)
        lost = replace(shop.statuses[name].instances[0], registry=CheckStatus.ABSENT)
        shop.put(name, lost)
    assert shop.outline() == ["consul registry_empty < orders notifications worker"]
    shop.set("orders", Health.HEALTHY)
    assert shop.outline() == ["notifications not_registered", "worker not_registered"]


def test_an_instance_in_maintenance(shop: Project) -> None:
    out = check(RegistryCheckKind.MAINTENANCE, "_service_maintenance:orders-1")
    shop.set("orders", Health.DEGRADED, out)
    shop.fail("notifications")
    shop.know(edges=(edge("notifications", "orders"),))
    (found,) = shop.find()
    assert (found.service, found.kind, found.victims) == ("orders", FindingKind.MAINTENANCE, ("notifications",))
    assert (found.since, found.mend) == (NOW - 30, Mend(MendKind.END_MAINTENANCE, "orders", "orders-1"))
    assert [(fact.kind, fact.reason) for fact in found.evidence] == [(EvidenceKind.REGISTRY, out)]


def test_a_node_in_maintenance_is_one_cause_for_all_on_it(shop: Project) -> None:
    for name in ("orders", "notifications"):
        shop.set(name, Health.DEGRADED, check(RegistryCheckKind.MAINTENANCE, "_node_maintenance"))
    assert shop.outline() == ["consul maintenance < orders notifications"]


# -- how it happened


@pytest.mark.parametrize(("user", "after_s", "by"), [("ada", 0.1, "you"), ("bob", 0.1, "bob"), ("ada", 40.0, "")])
def test_who_stopped_it_is_told_only_by_meshctls_own_record(shop: Project, user: str, after_s: float, by: str) -> None:
    shop.stop("redis")
    stopped = JournalEntry(NOW - 120 + after_s, Deed.STOPPED, "redis", "redis-1", "id-redis-1", "", "stop redis", user)
    shop.know(journal=(stopped,))
    (found,) = shop.find()
    assert (found.since, found.by, found.mend) == (NOW - 120, by, Mend(MendKind.START, "redis"))
    assert [fact.entry for fact in found.evidence if fact.entry] == ([stopped] if by else [])


def test_what_meshctl_started_again_was_stopped_by_somebody_else(shop: Project) -> None:
    shop.stop("redis")
    times = {Deed.STOPPED: NOW - 122, Deed.STARTED: NOW - 121}
    shop.know(
        journal=[JournalEntry(at, deed, "redis", "redis-1", "id-redis-1", user="ada") for deed, at in times.items()]
    )
    assert [found.by for found in shop.find()] == [""]


def test_a_stop_that_became_a_kill_says_so(shop: Project) -> None:
    killed = Reason(ReasonKind.EXITED, exit_code=137)
    shop.set("redis", Health.STOPPED, killed, state=ContainerState.EXITED, exit_code=137, finished_at=NOW - 5)
    (found,) = shop.find()
    assert (found.kind, found.reason) == (FindingKind.STOPPED, killed)
    assert [(fact.event is None, fact.reason) for fact in found.evidence] == [(False, None)], "not twice"


def test_a_pause_is_known_by_the_runtimes_event_or_by_the_journal(shop: Project) -> None:
    shop.set("redis", Health.PAUSED, state=ContainerState.PAUSED)
    ours = JournalEntry(NOW - 50, Deed.PAUSED, "redis", "redis-1", "id-redis-1", user="ada")
    event = RuntimeEvent(NOW - 50.2, "pause", "id-redis-1", "redis", 1)
    seen = []
    for journal, events in (((ours,), ()), ((ours,), (event,)), ((), (event,)), ((), ())):
        shop.know(journal=journal, events=events)
        seen.append((shop.find()[0].since, shop.find()[0].by))
    assert seen == [(NOW - 50, "you"), (NOW - 50.2, "you"), (NOW - 50.2, ""), (None, "")]


def test_what_was_removed_and_by_whom(shop: Project) -> None:
    shop.missing("redis")
    shop.know(journal=(JournalEntry(NOW - 9, Deed.REMOVED, "redis", "redis-1", "x", user="ada"),))
    assert [(f.since, f.by) for f in shop.find()] == [(NOW - 9, "you")]


def test_what_you_stopped_and_nobody_needs_comes_last(shop: Project) -> None:
    shop.stop("redis")
    shop.set("orders", Health.STARTING, FAILS)
    assert shop.outline() == ["redis stopped", "orders starting"]
    shop.know(journal=(JournalEntry(NOW - 120, Deed.STOPPED, "redis", "redis-1", "id-redis-1", user="ada"),))
    assert shop.outline() == ["orders starting", "redis stopped"]


@pytest.mark.parametrize("restarting", [False, True])
def test_out_of_memory_by_the_engines_event_though_it_runs_again(shop: Project, restarting: bool) -> None:
    loop = Reason(ReasonKind.CRASH_LOOP, count=4)
    state = ContainerState.RESTARTING if restarting else ContainerState.RUNNING
    shop.set("worker", Health.CRASH_LOOP, loop, state=state, restarts=4)
    starved = RuntimeEvent(NOW - 2, "oom", "id-worker-1", "worker", 1)
    died = RuntimeEvent(NOW - 1.9, "die", "id-worker-1", "worker", 1, 137)
    shop.know(events=(starved, died))
    (found,) = shop.find()
    assert (found.kind, found.since, found.mend) == (
        FindingKind.OUT_OF_MEMORY,
        NOW - 2,
        Mend(MendKind.MORE_MEMORY, "worker"),
    )
    (told,) = [fact.event for fact in found.evidence if fact.event]
    assert (told.exit_code, told.oom) == (137, True)


def test_a_process_that_died_of_memory_in_an_instance_that_runs_on(shop: Project) -> None:
    shop.set("worker", Health.HEALTHY)
    starved = RuntimeEvent(NOW - 2, "oom", "id-worker-1", "worker", 1)
    shop.know(events=(starved,))
    (found,) = shop.find()
    assert (found.kind, found.since, found.mend) == (
        FindingKind.OUT_OF_MEMORY,
        NOW - 2,
        Mend(MendKind.MORE_MEMORY, "worker"),
    )
    assert [(fact.time, fact.reason) for fact in found.evidence] == [(NOW - 2, Reason(ReasonKind.STARVED))]
    died = RuntimeEvent(NOW - 1.9, "die", "id-worker-1", "worker", 1, 137)
    for events in ((starved, died), (replace(starved, time=NOW - 600),), (replace(starved, time=NOW - 61),)):
        shop.know(events=events)
        assert shop.find() == (), "it was itself, long ago, or in the run before"


def test_what_is_on_no_network_is_the_cause_though_its_own_check_passes(shop: Project) -> None:
    shop.set("redis", Health.HEALTHY, networks=())
    shop.fail("worker")
    assert shop.outline() == ["redis cut_off < worker"]
    assert shop.find()[0].mend == Mend(MendKind.UP, "redis")
    assert [fact.reason for fact in shop.find()[0].evidence] == [Reason(ReasonKind.CUT_OFF)]
    shop.set("redis", Health.HEALTHY, networks=("shop_default",))
    shop.set("worker", Health.HEALTHY)
    assert shop.outline() == []


def test_a_crash_loop_began_with_its_first_death(shop: Project) -> None:
    shop.set("worker", Health.CRASH_LOOP, Reason(ReasonKind.CRASH_LOOP, count=4), restarts=4, finished_at=NOW - 2)
    for times, since in (((900, 40, 20, 2), NOW - 40), ((2,), None), ((), None)):
        shop.know(events=tuple(RuntimeEvent(NOW - ago, "die", "id-worker-1", "worker", 1, 1) for ago in times))
        assert [found.since for found in shop.find()] == [since]


def test_killed_at_a_limit_of_memory_is_out_of_memory_unless_somebody_asked_for_it() -> None:
    mesh = project(application("a", mem_limit=64 * MIB), application("b"))
    for name in ("a", "b"):
        ended = Reason(ReasonKind.EXITED, exit_code=137)
        mesh.set(name, Health.UNHEALTHY, ended, state=ContainerState.EXITED, exit_code=137, finished_at=NOW - 3)
    assert mesh.outline() == ["a out_of_memory", "b exited"]
    mesh.know(
        events=(RuntimeEvent(NOW - 4, "kill", "id-a-1", "a", 1), RuntimeEvent(NOW - 3, "die", "id-a-1", "a", 1, 137))
    )
    assert mesh.outline() == ["a exited", "b exited"]


@pytest.mark.parametrize(
    ("error", "taken", "mend"),
    [
        ("port 8080 of 127.0.0.1 was taken by another program", True, MendKind.OTHER_PORT),
        ("exec: no such file", False, MendKind.UP),
    ],
)
def test_what_could_not_start(shop: Project, error: str, taken: bool, mend: MendKind) -> None:
    reason = Reason(ReasonKind.COULD_NOT_START, detail="driver failed programming …")
    shop.set("redis", Health.UNHEALTHY, reason, state=ContainerState.CREATED, error=error, port_taken=taken)
    shop.fail("worker")
    (found,) = shop.find()
    assert (found.kind, found.reason, found.victims) == (FindingKind.COULD_NOT_START, reason, ("worker",))
    assert found.mend == Mend(mend, "redis")


def test_a_change_just_before_is_evidence_but_not_that_it_was_made_at_all(shop: Project) -> None:
    shop.fail("orders")
    made = JournalEntry(NOW - 70, Deed.CREATED, "orders", "orders-1", "id-orders-1", "image changed", "up", "ada")
    gone = replace(made, deed=Deed.REMOVED, container_id="id-before")
    first, early = replace(made, cause="not created"), replace(made, time=NOW - 7200)
    for entry, told in ((made, [made]), (early, []), (first, [])):
        shop.know(journal=(gone, entry))
        assert [fact.entry for fact in shop.find()[0].evidence if fact.entry] == told


def test_the_last_errors_of_the_time_in_which_it_ended(shop: Project) -> None:
    ended = Reason(ReasonKind.EXITED, exit_code=1)
    shop.set("orders", Health.UNHEALTHY, ended, state=ContainerState.EXITED, exit_code=1, finished_at=NOW - 900)
    said = [(NOW - 9000, "ERROR of yesterday"), (NOW - 901, "INFO ready"), (NOW - 900.5, "ValueError: no port")]
    shop.know(lines={"orders-1": [LogLine("orders", "orders-1", time, "stdout", text) for time, text in said]})
    (found,) = shop.find()
    assert (found.kind, found.since) == (FindingKind.EXITED, NOW - 900)
    assert [(fact.text, fact.time) for fact in found.evidence if fact.text] == [("ValueError: no port", NOW - 900.5)]


@pytest.mark.parametrize(("health", "mend"), [(Health.UNHEALTHY, MendKind.START), (Health.FAILED, MendKind.LOGS)])
def test_a_start_mends_only_what_ran_well_before(shop: Project, health: Health, mend: MendKind) -> None:
    ended = Reason(ReasonKind.EXITED, exit_code=1)
    shop.set("orders", health, ended, state=ContainerState.EXITED, exit_code=1, finished_at=NOW - 9)
    (found,) = shop.find()
    assert (found.kind, found.mend) == (FindingKind.EXITED, Mend(mend, "orders"))


def test_what_was_done_from_outside_is_not_in_the_log(shop: Project) -> None:
    shop.set("redis", Health.PAUSED, state=ContainerState.PAUSED)
    shop.know(lines={"redis-1": [LogLine("redis", "redis-1", NOW - 1, "stderr", "ERROR odd")]})
    assert [fact for fact in shop.find()[0].evidence if fact.kind is EvidenceKind.LOG] == []


@pytest.mark.parametrize(
    ("health", "problem", "mend"),
    [
        (Health.FAILED, ProbeProblem.OTHER_PORT, MendKind.CHECKED_PORT),
        (Health.UNHEALTHY, ProbeProblem.OTHER_PORT, MendKind.CHECKED_PORT),
        (Health.STARTING, ProbeProblem.OTHER_PORT, None),
        (Health.STARTING, ProbeProblem.LOCAL_ONLY, MendKind.LISTEN_EVERYWHERE),
        (Health.FAILED, ProbeProblem.REFUSED, MendKind.LOGS),
    ],
)
def test_where_it_listens_tells_what_mends_it(
    shop: Project, health: Health, problem: ProbeProblem, mend: MendKind | None
) -> None:
    probe = ProbeResult(False, "it listens on 127.0.0.1:8000", problem=problem)
    shop.put("redis", replace(shop.instance("redis", 1, health, FAILS), probe=probe))
    (found,) = shop.find()
    assert found.mend == (Mend(mend, "redis") if mend is not None else None)


def test_what_listens_only_inside_is_nobody_elses_fault(shop: Project) -> None:
    shop.stop("redis")
    probe = ProbeResult(False, "it listens on 127.0.0.1:8000", problem=ProbeProblem.LOCAL_ONLY)
    shop.put("worker", replace(shop.instance("worker", 1, Health.FAILED, FAILS), probe=probe))
    assert shop.outline() == ["worker failed", "redis stopped"]


def test_since_when_it_is_given_up(shop: Project) -> None:
    shop.set("redis", Health.FAILED, FAILS)
    shop.know(journal=(JournalEntry(NOW - 7, Deed.FAILED, "redis", "redis-1", "id-redis-1"),))
    assert shop.find()[0].since == NOW - 7


# -- a full disk


def room(free: int, total: int = 64 * MIB, files: int | None = None) -> Room:
    return Room("/data", "pgdata", free, total, files)


@pytest.mark.parametrize(
    ("left", "full"),
    [
        (room(0), True),
        (room(MIB - 1), True),
        (room(5 * MIB), False),
        (room(10 * 2**30, files=0), True),
        (room(900_000, total=2 * MIB), False),
    ],
)
def test_a_full_volume_is_found_though_all_checks_pass(shop: Project, left: Room, full: bool) -> None:
    shop.know(rooms={"postgres-1": (left,)})
    assert shop.outline() == (["postgres disk_full"] if full else [])
    if full:
        (found,) = shop.find()
        assert [(fact.kind, fact.room) for fact in found.evidence] == [(EvidenceKind.VOLUME, left)]
        shop.fail("orders")
        assert shop.outline() == ["postgres disk_full < orders"]


def test_a_full_disk_under_several_is_told_once_and_of_each_that_fails(shop: Project) -> None:
    shared = replace(room(0), filesystem="8:1")
    shop.know(rooms=dict.fromkeys(("consul-1", "postgres-1", "redis-1"), (shared,)))
    assert shop.outline() == ["consul disk_full"]
    shop.fail("redis", "postgres")
    assert shop.outline() == ["postgres disk_full", "redis disk_full"]
    shop.know(rooms={**shop.facts.rooms, "consul-1": (replace(shared, filesystem="8:2"),)})
    assert "consul disk_full" in shop.outline()


def test_a_line_about_a_full_disk_counts_where_the_room_does_not_speak_against_it(shop: Project) -> None:
    def says(age_s: float, service: str = "postgres") -> None:
        text = 'PANIC:  could not write to file "pg_wal/x": No space left on device'
        line = LogLine(service, f"{service}-1", NOW - age_s, "stderr", text)
        shop.know(lines={f"{service}-1": [line]})

    says(5)
    assert shop.outline() == ["postgres disk_full"]
    assert shop.find()[0].since == NOW - 5
    says(5, "orders")
    assert shop.outline() == [], "it has no store of its own: it repeats what another one told it"
    shop.set("orders", Health.HEALTHY, mounts=(WritableMount("/data", "own", "/x"),))
    assert shop.outline() == ["orders disk_full"]
    says(3000)
    assert shop.outline() == []
    says(5)
    shop.know(rooms={"postgres-1": (room(40 * 2**30, 2**40),)})
    assert shop.outline() == [], "there is room again"
