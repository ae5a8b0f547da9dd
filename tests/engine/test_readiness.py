"""When a start is ready, when it has failed, and what is said then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from meshctl.engine.up import UpOptions, up
from meshctl.errors import DeadlineExceeded, ServiceFailed
from meshctl.model.config import CheckKind, Condition, DependsOn, HealthCheck, MeshConfig, RestartPolicy, ServiceSpec
from meshctl.model.containers import Container
from meshctl.model.journal import Deed
from meshctl.model.plan import UpReport
from meshctl.model.status import Health, ProbeProblem, ProbeResult
from tests.builders import mesh_config, spec
from tests.fakes.containers import Behaviour, Death
from tests.fakes.stage import Stage, stage

#: Two failures a second apart decide.
TEST = HealthCheck(CheckKind.TEST, test=("/bin/sh", "-c", "exit 1"), interval_s=1.0, timeout_s=1.0, retries=2)
NEVER = Behaviour(ready_after_s=None, detail="exit 1", lines=("listening on 80",))
LOOP = Behaviour(deaths=(Death(0.3, 3),), always=True, lines=("boom",))


def plain(name: str, **changes: Any) -> ServiceSpec:
    """A service that nobody asks how it is."""
    return spec(name, ports=(), healthcheck=HealthCheck(), **changes)


def kept(name: str, **changes: Any) -> ServiceSpec:
    """The same, and the engine starts it again whenever it dies."""
    return plain(name, **{"restart": RestartPolicy.ALWAYS} | changes)


async def run(on: Stage, **options: Any) -> UpReport:
    return await up(on.mesh, UpOptions(**options), on.sink)


def health(report: UpReport) -> dict[str, Health]:
    assert report.survey is not None
    return {status.service: status.health for status in report.survey.services}


def answers(on: Stage, answer: Callable[[Container], Awaitable[ProbeResult]]) -> None:
    """``answer`` in place of the world's own, cut off at the time that the check was given."""

    async def probe(spec: ServiceSpec, check: HealthCheck, container: Container) -> ProbeResult:
        asked = asyncio.ensure_future(answer(container))
        late = asyncio.ensure_future(on.clock.sleep(check.timeout_s))
        await asyncio.wait((asked, late), return_when=asyncio.FIRST_COMPLETED)
        late.cancel()
        if asked.done():
            return asked.result()
        asked.cancel()
        cut = check.timeout_s < spec.healthcheck.timeout_s
        return ProbeResult(False, f"no answer within {check.timeout_s:g} s", cut=cut)

    on.prober.probe = probe  # type: ignore[method-assign]


# -- patience


async def test_a_check_that_fails_is_decided_after_its_retries_and_not_at_the_timeout() -> None:
    on = stage(mesh_config(spec("sick", healthcheck=TEST), spec("after", "sick")), sick=NEVER)
    report = await run(on)
    (failure,) = report.failures
    assert 2000 <= report.elapsed_ms < 2300
    assert not report.ready and not report.timed_out
    assert failure.kind == "not ready"
    assert failure.message.startswith("sick-1 did not get ready in 2.")
    assert ": its check (exit 1) failed " in failure.message and failure.message.endswith("at last with: exit 1")
    assert failure.log == ("listening on 80",)
    assert "start_period or retries" in failure.hint
    assert report.skipped == ("after-1",)
    assert health(report) == {"sick": Health.FAILED, "after": Health.WAITING}


async def test_a_wait_that_failed_is_on_the_critical_path() -> None:
    on = stage(mesh_config(spec("sick", healthcheck=TEST), spec("well")), sick=NEVER)
    last = (await run(on)).critical_path[-1]
    assert (last.operation, last.target) == ("wait ready", "sick-1")
    assert 2.0 <= last.seconds < 2.3


@pytest.mark.parametrize(
    ("check", "budget"),
    [
        (replace(TEST, start_period_s=5.0), 7.0),
        (replace(TEST, interval_s=None), 60.0),
        (replace(TEST, interval_s=None, retries=3), 90.0),
    ],
)
async def test_a_start_gets_its_start_period_and_what_compose_gives(check: HealthCheck, budget: float) -> None:
    config = mesh_config(spec("db", healthcheck=check))
    assert (await run(stage(config, db=Behaviour(ready_after_s=budget - 0.5)))).ready
    report = await run(stage(config, db=NEVER))
    assert budget <= report.elapsed_ms / 1000 < budget + 0.3


async def test_a_check_that_hangs_must_fail_as_often_as_one_that_answers() -> None:
    on = stage(mesh_config(spec("deaf", healthcheck=replace(TEST, timeout_s=5.0))))

    async def hang(_: Container) -> ProbeResult:
        await on.clock.sleep(1000.0)
        raise AssertionError

    answers(on, hang)
    (failure,) = (await run(on)).failures
    assert failure.message.startswith("deaf-1 did not get ready in 10")
    assert failure.message.endswith("failed 2 times, at last with: no answer within 5 s")


async def test_a_check_may_take_its_time_and_is_not_asked_again_for_the_survey() -> None:
    on = stage(mesh_config(spec("slow", healthcheck=replace(TEST, interval_s=None, timeout_s=30.0))))

    async def slow(_: Container) -> ProbeResult:
        await on.clock.sleep(4.0)
        return ProbeResult(True)

    answers(on, slow)
    report = await run(on)
    assert report.ready
    assert 4000 <= report.elapsed_ms < 4100


async def test_what_ran_before_has_its_time_from_when_its_dependencies_are_ready() -> None:
    config = mesh_config(spec("db"), spec("web", "db", healthcheck=TEST))
    on = stage(config, db=Behaviour(ready_after_s=20.0))
    on.seed_all()
    on.engine.behaviours["web"] = Behaviour(ready_after_s=21.5)
    report = await run(on)
    assert report.ready
    assert on.sink.done("wait ready") == ["db-1", "web-1"]


async def test_a_dependency_that_fails_takes_nobody_elses_time() -> None:
    on = stage(
        mesh_config(spec("db", healthcheck=TEST), spec("web", "db")), db=NEVER, web=Behaviour(ready_after_s=None)
    )
    on.seed_all()
    report = await run(on)
    assert [failure.instance for failure in report.failures] == ["db-1"]
    assert report.skipped == ("web-1",)
    assert report.elapsed_ms < 2300


# -- evidence


async def test_the_evidence_is_the_last_answer_and_not_the_own_deadline() -> None:
    on = stage(mesh_config(spec("web")))
    said = [ProbeResult(False, "503: no database")]

    async def then_hang(_: Container) -> ProbeResult:
        if not said:
            await on.clock.sleep(1000.0)
        return said.pop()

    answers(on, then_hang)
    report = await run(on, timeout_s=5.0)
    assert [failure.message for failure in report.failures] == ["web-1 is not ready: 503: no database"]
    assert isinstance(report.error, DeadlineExceeded)


async def test_a_check_that_could_not_be_ended_hides_no_cause() -> None:
    check = replace(TEST, retries=3)
    on = stage(mesh_config(spec("bare", healthcheck=check)))
    said = [ProbeResult(False, "`sleep 9` did not end within 1 s", problem=ProbeProblem.SILENT)]
    left = ProbeResult(False, "an earlier `sleep 9` still runs", problem=ProbeProblem.LEFT)

    async def answer(_: Container) -> ProbeResult:
        return said.pop() if said else left

    answers(on, answer)
    report = await run(on)
    assert report.failures[0].message.endswith("at last with: `sleep 9` did not end within 1 s")


async def test_one_that_never_answers_says_how_long_it_was_waited_for() -> None:
    on = stage(mesh_config(spec("web")))

    async def hang(_: Container) -> ProbeResult:
        await on.clock.sleep(1000.0)
        raise AssertionError

    answers(on, hang)
    (failure,) = (await run(on, timeout_s=5.0)).failures
    assert failure.message == "web-1 is not ready: still not answered after 5 s (its timeout is 30 s)"


async def test_secrets_of_a_check_are_hidden() -> None:
    check = replace(TEST, test=("redis-cli", "-a", "swordfish", "ping"))
    on = stage(mesh_config(spec("redis", healthcheck=check), secrets=("swordfish",)), redis=NEVER)
    (failure,) = (await run(on)).failures
    assert "(redis-cli -a *** ping)" in failure.message


# -- crash loops


@pytest.mark.parametrize("life", [0.0, 0.3, 0.45])
async def test_a_loop_without_a_check_fails_with_its_exit_code_and_last_lines(life: float) -> None:
    on = stage(mesh_config(kept("loop")), loop=replace(LOOP, deaths=(Death(life, 3),)))
    report = await run(on)
    (failure,) = report.failures
    assert (failure.exit_code, failure.log[-1]) == (3, "boom")
    assert failure.message == "loop-1 is in a crash loop: it died 3 times (exited 3)"
    assert health(report) == {"loop": Health.CRASH_LOOP}
    assert report.elapsed_ms < 5000
    again = await run(on)
    assert (again.ready, again.changed) == (False, False)
    assert (again.failures[0].exit_code, again.failures[0].log[-1]) == (3, "boom")
    await on.mesh.close()


async def test_a_second_up_is_not_content_with_a_loop_that_runs_just_now() -> None:
    """Whenever it comes: its check may even pass between two crashes."""
    for moment in range(40):
        config = mesh_config(kept("loop"), spec("checked", restart=RestartPolicy.ALWAYS))
        on = stage(config, loop=LOOP, checked=LOOP)
        on.seed_all()
        await on.clock.sleep(5.0 + moment * 0.1)
        report = await run(on)
        assert not report.ready, moment
        assert {failure.exit_code for failure in report.failures} == {3}
        await on.mesh.close()


async def test_one_that_lives_a_second_between_its_deaths_is_found_out_while_others_start() -> None:
    on = stage(
        mesh_config(kept("loop"), spec("db")),
        loop=replace(LOOP, deaths=(Death(1.0, 3),)),
        db=Behaviour(ready_after_s=2.5),
    )
    report = await run(on)
    (failure,) = report.failures
    assert (failure.instance, failure.exit_code, failure.log[-1]) == ("loop-1", 3, "boom")
    assert "loop-1" in on.sink.done("wait ready")
    await on.mesh.close()


async def test_after_a_restart_one_without_a_check_must_live_ten_seconds() -> None:
    on = stage(mesh_config(kept("web")), web=Behaviour(deaths=(Death(0.3, 1),)))
    report = await run(on)
    assert report.ready
    assert 10_000 <= report.elapsed_ms < 11_000
    assert (await run(on)).elapsed_ms == 0


async def test_restarts_that_are_used_up_are_a_failure() -> None:
    config = mesh_config(plain("web", restart=RestartPolicy.ON_FAILURE, restart_max=2))
    report = await run(stage(config, web=LOOP))
    assert [(f.message, f.exit_code) for f in report.failures] == [("web-1 exited 3", 3)]
    assert health(report) == {"web": Health.FAILED}


@pytest.mark.parametrize("verb", ["start", "restart", "scale"])
async def test_every_verb_that_starts_tells_a_loop(verb: str) -> None:
    on = stage(mesh_config(kept("loop")), loop=LOOP)
    on.seed_all()
    if verb != "scale":
        await on.engine.instances.stop(on.engine.get("loop-1").id, 1.0)
    verbs: dict[str, Callable[[], Awaitable[object]]] = {
        "start": lambda: on.lifecycle.start(("loop",), on.sink),
        "restart": lambda: on.lifecycle.restart(("loop",), on.sink),
        "scale": lambda: on.lifecycle.scale({"loop": 2}, on.sink),
    }
    with pytest.raises(ServiceFailed, match="crash loop") as caught:
        await verbs[verb]()
    assert (caught.value.exit_status, caught.value.log[-1]) == (3, "boom")
    await on.mesh.close()


@pytest.mark.parametrize("verb", ["start", "restart"])
async def test_every_verb_that_starts_looks_again_at_the_end(verb: str) -> None:
    slow = spec("slow", healthcheck=replace(TEST, retries=20))
    dying = Behaviour(deaths=(Death(3.0, 9),) * 2, lines=("dying",))
    on = stage(mesh_config(plain("web"), slow), web=dying, slow=Behaviour(ready_after_s=6.0))
    on.seed_all()
    verbs = {"start": on.lifecycle.start, "restart": on.lifecycle.restart}
    await on.lifecycle.stop((), on.sink)
    with pytest.raises(ServiceFailed, match="web-1 exited 9") as caught:
        await verbs[verb]((), on.sink)
    assert (caught.value.exit_status, caught.value.log[-1]) == (9, "dying")


# -- finished jobs


@pytest.mark.parametrize("restart", [RestartPolicy.NO, RestartPolicy.ON_FAILURE])
async def test_one_that_ends_with_0_and_that_nobody_needs_is_done(restart: RestartPolicy) -> None:
    on = stage(mesh_config(plain("job", restart=restart)), job=Behaviour(deaths=(Death(0.1, 0),)))
    report = await run(on)
    assert report.ready and health(report) == {"job": Health.DONE}
    again = await run(on)
    assert again.ready and not again.changed


async def test_one_that_was_stopped_is_not_done() -> None:
    on = stage(mesh_config(plain("web")), web=Behaviour(deaths=(Death(5.0, 0),)))
    await run(on)
    await on.clock.sleep(10.0)
    web = on.engine.get("web-1")
    assert web.exit_code == 0
    on.mesh.journal.note(Deed.STOPPED, "web", "web-1", web.id)
    report = await run(on)
    assert report.changed and on.engine.states() == {"web-1": "running"}


def needed(edge: DependsOn) -> MeshConfig:
    return mesh_config(plain("one"), plain("two", depends_on=(edge,)))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (mesh_config(spec("one")), "one-1 exited 0"),
        (needed(DependsOn("one", Condition.HEALTHY)), "one-1 exited 0"),
        (mesh_config(kept("one")), "one-1 is in a crash loop: it died 3 times (exited 0)"),
    ],
)
async def test_an_end_with_0_of_what_is_asked_needed_or_kept_is_a_failure(config: MeshConfig, message: str) -> None:
    on = stage(config, one=Behaviour(ready_after_s=None, deaths=(Death(0.2, 0),), always=True))
    report = await run(on)
    assert report.failures[0].message == message
    await on.mesh.close()


# -- the last survey


async def test_what_dies_after_its_wait_is_told_before_up_is_over() -> None:
    on = stage(
        mesh_config(spec("web"), spec("db")),
        web=Behaviour(deaths=(Death(2.0, 7),), lines=("no route",)),
        db=Behaviour(ready_after_s=4.0),
    )
    report = await run(on)
    assert "web-1" in on.sink.done("wait ready")
    assert [(f.message, f.exit_code, f.log) for f in report.failures] == [("web-1 exited 7", 7, ("no route",))]
    assert health(report) == {"web": Health.UNHEALTHY, "db": Health.HEALTHY}


async def test_what_is_restarted_after_its_wait_is_waited_for_again() -> None:
    on = stage(
        mesh_config(spec("web", restart=RestartPolicy.ALWAYS), spec("db")),
        web=Behaviour(ready_after_s=3.0, deaths=(Death(4.0, 7),)),
        db=Behaviour(ready_after_s=5.0),
    )
    report = await run(on)
    assert report.ready and health(report) == {"web": Health.HEALTHY, "db": Health.HEALTHY}
    assert on.sink.done("wait ready") == ["web-1", "db-1", "web-1"]


async def test_what_is_removed_after_its_wait_is_no_success() -> None:
    on = stage(mesh_config(spec("web"), spec("db")), db=Behaviour(ready_after_s=4.0))
    running = asyncio.create_task(run(on))
    await on.clock.sleep(2.0)
    await on.engine.instances.remove(on.engine.get("web-1").id)
    report = await running
    assert [failure.message for failure in report.failures] == ["web-1 was removed while it was waited for"]


async def test_what_is_paused_meanwhile_says_so_at_once() -> None:
    on = stage(mesh_config(spec("db")), db=Behaviour(ready_after_s=50.0))
    running = asyncio.create_task(run(on))
    await on.clock.sleep(2.0)
    on.engine.pause("db-1")
    report = await running
    assert [(f.message, f.hint) for f in report.failures] == [
        ("db-1 was paused while it was waited for", "meshctl unpause db")
    ]
    assert report.elapsed_ms < 2500


async def test_a_check_that_flaps_is_ready_once_a_survey_finds_it_so() -> None:
    on = stage(mesh_config(spec("web"), spec("db")))
    turns: list[bool] = []

    async def flap(container: Container) -> ProbeResult:
        if container.service == "db":
            return ProbeResult(on.clock.monotonic() > 3.0, "starting")
        turns.append(len(turns) % 2 == 0)
        return ProbeResult(turns[-1], "busy")

    answers(on, flap)
    report = await run(on)
    assert report.ready and health(report)["web"] is Health.HEALTHY
    assert False in turns


async def test_what_got_ready_after_it_was_given_up_is_ready() -> None:
    on = stage(
        mesh_config(spec("late", healthcheck=TEST), spec("db")),
        late=Behaviour(ready_after_s=3.0),
        db=Behaviour(ready_after_s=5.0),
    )
    report = await run(on)
    assert report.ready and report.failures == () and report.error is None


async def test_what_gets_ready_between_the_two_questions_of_the_survey_is_ready() -> None:
    on = stage(mesh_config(spec("late", healthcheck=TEST)))
    after: list[bool] = []

    async def answer(_: Container) -> ProbeResult:
        if any(entry.deed is Deed.FAILED for entry in on.mesh.journal.read()):
            after.append(bool(after))
        return ProbeResult(after[-1:] == [True], "exit 1")

    answers(on, answer)
    report = await run(on)
    assert report.ready and health(report) == {"late": Health.HEALTHY}
    assert after == [False, True]


async def test_a_survey_that_has_no_time_for_the_check_knows_what_it_answered_the_wait() -> None:
    slow = replace(TEST, timeout_s=8.0)
    on = stage(mesh_config(spec("sick", healthcheck=slow)))

    async def fail(_: Container) -> ProbeResult:
        await on.clock.sleep(7.0)
        return ProbeResult(False, "exit 1")

    answers(on, fail)
    report = await run(on)
    assert [failure.kind for failure in report.failures] == ["not ready"]
    assert health(report) == {"sick": Health.FAILED}


async def test_what_was_held_back_is_not_forgiven() -> None:
    on = stage(
        mesh_config(spec("late", healthcheck=TEST), spec("after", "late"), spec("db")),
        late=Behaviour(ready_after_s=3.0),
        db=Behaviour(ready_after_s=5.0),
    )
    report = await run(on)
    assert not report.ready and report.skipped == ("after-1",)


# -- what is remembered


async def test_each_run_that_was_ready_is_noted_once() -> None:
    on = stage(mesh_config(spec("db"), spec("web", "db")))
    for _ in range(3):
        await run(on)
    noted = [(entry.deed, entry.instance) for entry in on.mesh.journal.read() if entry.deed is Deed.READY]
    assert noted == [(Deed.READY, "db-1"), (Deed.READY, "web-1")]


async def test_what_was_given_up_is_noted_with_why() -> None:
    on = stage(mesh_config(spec("sick", healthcheck=TEST)), sick=NEVER)
    await run(on)
    await run(on)
    noted = [entry for entry in on.mesh.journal.read() if entry.deed is Deed.FAILED]
    assert [(entry.instance, entry.container_id) for entry in noted] == [("sick-1", on.engine.get("sick-1").id)]
    assert "failed" in noted[0].cause


async def test_what_was_not_asked_for_is_not_waited_for_long() -> None:
    on = stage(mesh_config(spec("web"), spec("deaf")))
    on.seed_all()
    on.clock.advance(600.0)

    async def hang(container: Container) -> ProbeResult:
        await on.clock.sleep(1000.0 if container.service == "deaf" else 0.0)
        return ProbeResult(True)

    answers(on, hang)
    report = await run(on, services=("web",))
    assert report.ready
    assert report.elapsed_ms < 2500


async def test_an_engine_that_goes_away_is_told_once() -> None:
    on = stage(mesh_config(spec("db")), db=Behaviour(ready_after_s=None))
    running = asyncio.create_task(run(on))
    await on.clock.sleep(3.0)
    on.engine.go_away()
    report = await running
    assert (report.ready, report.survey) == (False, None)
    assert [failure.message for failure in report.failures] == ["no container engine answers"]
