"""Three truths about an instance, one verdict, and the words for where they disagree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meshctl.core.health.service import fold_service
from meshctl.core.health.verdict import History, RegistryView, fold
from meshctl.model.config import CheckKind, HealthCheck, RestartPolicy, ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import Check, CheckStatus, Registration, RegistryCheckKind
from meshctl.model.status import Health, InstanceStatus, ProbeResult, Reason, ReasonKind
from tests.builders import registration

NOW = 1000.0
#: A start may take 10 s: the start period, then three failures.
CHECK = HealthCheck(CheckKind.HTTP, path="/health", port="http", interval_s=3.0, retries=3, start_period_s=1.0)
ORDERS = ServiceSpec("orders", kind=ServiceKind.APPLICATION, healthcheck=CHECK, restart=RestartPolicy.UNLESS_STOPPED)
JOB = ServiceSpec("migrate", kind=ServiceKind.JOB)
ONCE = ServiceSpec("once", restart=RestartPolicy.NO)

OK = ProbeResult(True)
REFUSED = ProbeResult(False, "connection refused")
WAITS = Reason(ReasonKind.WAITS, source="rabbitmq", since=NOW - 3)
LOOP = Reason(ReasonKind.CRASH_LOOP, count=4)


def container(state: ContainerState = ContainerState.RUNNING, **changes: Any) -> Container:
    values: dict[str, Any] = {"started_at": NOW - 60, "ports": {"http": "127.0.0.1:1"}} | changes
    return Container("c1", "shop-orders-1", "orders", 1, state, **values)


def registered(status: CheckStatus = CheckStatus.PASSING, output: str = "") -> Registration:
    return registration("orders-1", status, output)


def view(registration: Registration | None = None, *, expected: bool | None = None, error: str = "") -> RegistryView:
    """What the registry ``reg`` says."""
    return RegistryView("reg", registration, registration is not None if expected is None else expected, error)


def verdict(
    seen: Container,
    probe: ProbeResult | None = OK,
    registration: Registration | None = None,
    spec: ServiceSpec = ORDERS,
    waits: Reason | None = None,
    **history: Any,
) -> tuple[Health, tuple[Reason, ...]]:
    status = fold(seen, spec, probe, view(registration), now=NOW, history=History(**history), waits=waits)
    return status.health, status.reasons


def failing(registration: Registration, *, alone: bool) -> Reason:
    """The reason that a registration's only check is."""
    return Reason(ReasonKind.CHECK_FAILS, source="reg", check=registration.checks[0], alone=alone)


def exited(code: int | None, *, oom: bool = False) -> Reason:
    return Reason(ReasonKind.EXITED, exit_code=code, oom=oom)


def probe_fails(**more: Any) -> Reason:
    return Reason(ReasonKind.PROBE_FAILS, detail="connection refused", **more)


def test_all_three_agree() -> None:
    status = fold(container(), ORDERS, OK, view(registered()), now=NOW)
    assert (status.id, status.container, status.state) == ("orders-1", "shop-orders-1", ContainerState.RUNNING)
    assert (status.health, status.reasons, status.registry) == (Health.HEALTHY, (), CheckStatus.PASSING)
    assert status.ports == {"http": "127.0.0.1:1"}
    assert status.probe == OK


def test_a_service_outside_the_registry_is_not_missed_there() -> None:
    status = fold(container(), ORDERS, OK, view(), now=NOW)
    assert (status.health, status.registry) == (Health.HEALTHY, None)


@pytest.mark.parametrize(
    ("probe", "registration", "health", "reason"),
    [
        (
            OK,
            registered(CheckStatus.CRITICAL, "Get /health:\n  i/o timeout"),
            Health.DEGRADED,
            failing(registered(CheckStatus.CRITICAL, "Get /health: i/o timeout"), alone=True),
        ),
        (
            OK,
            registered(CheckStatus.WARNING),
            Health.DEGRADED,
            failing(registered(CheckStatus.WARNING), alone=True),
        ),
        (
            REFUSED,
            registered(),
            Health.UNHEALTHY,
            probe_fails(source="reg", alone=True),
        ),
    ],
)
def test_a_disagreement_is_named(
    probe: ProbeResult, registration: Registration, health: Health, reason: Reason
) -> None:
    assert verdict(container(), probe, registration) == (health, (reason,))


def test_both_against_it_are_both_named() -> None:
    assert verdict(container(), REFUSED, registered(CheckStatus.CRITICAL, "timeout")) == (
        Health.UNHEALTHY,
        (probe_fails(), failing(registered(CheckStatus.CRITICAL, "timeout"), alone=False)),
    )


def test_not_registered_is_degraded() -> None:
    status = fold(container(), ORDERS, OK, view(expected=True), now=NOW)
    assert (status.health, status.registry) == (Health.DEGRADED, CheckStatus.ABSENT)
    assert status.reasons == (Reason(ReasonKind.NOT_REGISTERED, source="reg"),)


def test_a_long_check_output_is_cut() -> None:
    _, (reason,) = verdict(container(), OK, registered(CheckStatus.CRITICAL, "x" * 500))
    assert reason.check is not None
    assert len(reason.check.output) <= 120
    assert reason.check.output.endswith("…")


def test_the_check_that_decides_is_the_reason() -> None:
    """Maintenance before what else is wrong; its kind is kept."""
    critical = Check(RegistryCheckKind.TTL, "ttl", "alive", CheckStatus.CRITICAL, "TTL expired", since=NOW - 5)
    moved = Check(RegistryCheckKind.MAINTENANCE, "_node_maintenance", "", CheckStatus.CRITICAL, "disk is changed")
    for checks, worst in (((critical,), critical), ((critical, moved), moved)):
        health, (reason,) = verdict(container(), OK, replace(registered(), checks=checks))
        assert (health, reason.check) == (Health.DEGRADED, worst)


def test_a_registry_that_cannot_be_asked_is_the_reason() -> None:
    silent = view(expected=True, error="no answer")
    seen = fold(container(started_at=NOW), ORDERS, OK, silent, now=NOW)
    why = Reason(ReasonKind.REGISTRY_SILENT, source="reg", detail="no answer")
    assert (seen.health, seen.reasons, seen.registry) == (Health.DEGRADED, (why,), None)
    assert fold(container(), ORDERS, OK, view(error="no answer"), now=NOW).health is Health.HEALTHY


@pytest.mark.parametrize(
    ("probe", "registration"),
    [(REFUSED, None), (REFUSED, registered()), (OK, registered(CheckStatus.CRITICAL)), (None, None)],
)
def test_during_its_start_nothing_is_held_against_it(probe: ProbeResult, registration: Registration | None) -> None:
    """For as long as its own check allows: the start period, then ``retries`` × ``interval``."""
    assert verdict(container(started_at=NOW - 9), probe, registration)[0] is Health.STARTING
    assert verdict(container(started_at=NOW - 11), probe, registration)[0] is not Health.STARTING


@pytest.mark.parametrize(
    ("check", "budget"),
    [
        (HealthCheck(CheckKind.HTTP), 90.0),
        (HealthCheck(CheckKind.HTTP, retries=2), 60.0),
        (HealthCheck(CheckKind.HTTP, interval_s=1.0), 3.0),
        (HealthCheck(CheckKind.HTTP, interval_s=1.0, start_period_s=30.0), 33.0),
    ],
)
def test_an_interval_that_is_not_written_gives_a_start_what_compose_gives(check: HealthCheck, budget: float) -> None:
    spec = ServiceSpec("orders", healthcheck=check)
    assert verdict(container(started_at=NOW - budget + 0.1), REFUSED, spec=spec)[0] is Health.STARTING
    assert verdict(container(started_at=NOW - budget), REFUSED, spec=spec)[0] is Health.FAILED


@pytest.mark.parametrize(
    ("been_healthy", "registration", "health"),
    [
        (True, None, Health.UNHEALTHY),
        (False, None, Health.FAILED),
        (None, None, Health.FAILED),
        (None, registered(CheckStatus.CRITICAL), Health.UNHEALTHY),
        (False, registered(CheckStatus.CRITICAL), Health.FAILED),
    ],
)
def test_what_ran_well_before_is_unhealthy_and_what_never_did_has_failed(
    been_healthy: bool | None, registration: Registration | None, health: Health
) -> None:
    """Where nobody remembers, the registry's entry is taken for a better past."""
    assert verdict(container(), REFUSED, registration, been_healthy=been_healthy)[0] is health


def test_one_lone_failure_is_degraded_and_says_so() -> None:
    lone = (probe_fails(count=1),)
    assert verdict(container(), REFUSED, been_healthy=True, lone=1) == (Health.DEGRADED, lone)
    assert verdict(container(), REFUSED, lone=1) == (Health.DEGRADED, lone)
    assert verdict(container(), REFUSED, been_healthy=False, lone=1) == (Health.STARTING, lone)


def test_what_was_ready_once_is_no_longer_starting() -> None:
    seen = container(started_at=NOW - 2)
    assert verdict(seen, REFUSED, been_healthy=True)[0] is Health.UNHEALTHY


def test_a_check_that_has_no_answer_yet_is_no_failure_and_no_success() -> None:
    slow = Reason(ReasonKind.NOT_PROBED, detail="still not answered")
    for listed in (None, registered()):
        assert verdict(container(), None, listed, unanswered="still not answered") == (Health.UNKNOWN, (slow,))


def test_unprobed_is_unknown_unless_the_registry_knows() -> None:
    assert verdict(container(), None) == (Health.UNKNOWN, (Reason(ReasonKind.NOT_PROBED),))
    assert verdict(container(), None, registered())[0] is Health.HEALTHY
    assert verdict(container(), None, spec=ServiceSpec("plain"))[0] is Health.HEALTHY


@pytest.mark.parametrize(
    ("seen", "spec", "health", "reasons"),
    [
        (container(ContainerState.PAUSED), ORDERS, Health.PAUSED, ()),
        (container(ContainerState.EXITED, exit_code=0), ORDERS, Health.STOPPED, ()),
        (container(ContainerState.EXITED, exit_code=143), ONCE, Health.STOPPED, ()),
        (container(ContainerState.EXITED, exit_code=137), ORDERS, Health.STOPPED, (exited(137),)),
        (
            container(ContainerState.EXITED, exit_code=137, oom_killed=True),
            ORDERS,
            Health.FAILED,
            (exited(137, oom=True),),
        ),
        (container(ContainerState.EXITED, exit_code=3), ONCE, Health.UNHEALTHY, (exited(3),)),
        (container(ContainerState.EXITED, exit_code=0), JOB, Health.DONE, ()),
        (container(ContainerState.EXITED, exit_code=1), JOB, Health.FAILED, (exited(1),)),
        (
            container(ContainerState.EXITED, exit_code=3, finished_at=NOW - 59.9),
            ONCE,
            Health.FAILED,
            (exited(3),),
        ),
        (
            container(ContainerState.CREATED, error="port is already allocated"),
            ORDERS,
            Health.FAILED,
            (Reason(ReasonKind.COULD_NOT_START, detail="port is already allocated"),),
        ),
        (container(ContainerState.CREATED), ORDERS, Health.STOPPED, (Reason(ReasonKind.NOT_STARTED),)),
        (container(ContainerState.DEAD), ORDERS, Health.FAILED, (Reason(ReasonKind.DEAD),)),
        (container(ContainerState.REMOVING), ORDERS, Health.STOPPED, (Reason(ReasonKind.REMOVING),)),
        (
            container(ContainerState.RESTARTING, exit_code=1, restarts=2),
            ORDERS,
            Health.STARTING,
            (Reason(ReasonKind.RESTARTING, exit_code=1, count=2),),
        ),
        (
            container(ContainerState.RESTARTING, exit_code=1, restarts=4),
            ORDERS,
            Health.CRASH_LOOP,
            (LOOP, exited(1)),
        ),
    ],
)
def test_what_does_not_run(seen: Container, spec: ServiceSpec, health: Health, reasons: tuple[Reason, ...]) -> None:
    assert verdict(seen, None, spec=spec) == (health, reasons)


@pytest.mark.parametrize(
    "seen",
    [
        container(ContainerState.EXITED, exit_code=137, oom_killed=True),
        container(ContainerState.DEAD),
        container(ContainerState.RESTARTING, exit_code=1, restarts=2),
    ],
)
def test_what_died_after_it_ran_well_is_unhealthy(seen: Container) -> None:
    assert verdict(seen, None, been_healthy=True)[0] is Health.UNHEALTHY


def test_an_end_with_0_is_done_where_it_may_be_and_nobody_asked_for_it() -> None:
    seen = container(ContainerState.EXITED, exit_code=0)
    assert verdict(seen, None, spec=ONCE, may_end=True)[0] is Health.DONE
    assert verdict(seen, None, spec=ONCE, may_end=True, stopped=True)[0] is Health.STOPPED
    assert verdict(seen, None, spec=ONCE)[0] is Health.STOPPED
    assert verdict(seen, None, spec=ONCE, been_healthy=False)[0] is Health.FAILED


def test_what_a_person_stopped_is_stopped_whatever_its_exit_code() -> None:
    killed = container(ContainerState.EXITED, exit_code=137, restarts=5)
    forced = replace(exited(137), detail="killed after 10 s")
    assert verdict(killed, None, spec=ONCE, stopped=True) == (Health.STOPPED, (forced,))


def test_a_death_that_was_seen_is_no_stop() -> None:
    seen = container(ContainerState.EXITED, exit_code=1)
    assert verdict(seen, None, recent_deaths=1) == (Health.FAILED, (exited(1),))
    assert verdict(seen, None, recent_deaths=1, been_healthy=True) == (Health.UNHEALTHY, (exited(1),))
    assert verdict(seen, None, recent_deaths=3)[0] is Health.CRASH_LOOP


def test_a_crash_loop_shows_between_two_crashes_too() -> None:
    assert verdict(container(restarts=4, started_at=NOW - 2)) == (
        Health.CRASH_LOOP,
        (LOOP,),
    )
    assert verdict(container(restarts=4))[0] is Health.HEALTHY
    assert verdict(container(), recent_deaths=3)[0] is Health.CRASH_LOOP


def test_without_a_check_a_restart_must_be_lived_down() -> None:
    again = Reason(ReasonKind.RESTARTING, count=1)
    assert verdict(container(restarts=1, started_at=NOW - 9), None, spec=ONCE) == (Health.STARTING, (again,))
    assert verdict(container(restarts=1, started_at=NOW - 10), None, spec=ONCE)[0] is Health.HEALTHY
    assert verdict(container(started_at=NOW), None, spec=ONCE)[0] is Health.HEALTHY


def test_what_waits_says_for_whom() -> None:
    waiting = verdict(container(ContainerState.CREATED), None, waits=WAITS)
    assert waiting == (Health.WAITING, (WAITS,))


def instance(number: int, health: Health, *reasons: Reason, **changes: Any) -> InstanceStatus:
    values: dict[str, Any] = {"state": ContainerState.RUNNING} | changes
    return InstanceStatus(
        f"orders-{number}", f"shop-orders-{number}", f"c{number}", health=health, reasons=reasons, **values
    )


@pytest.mark.parametrize(
    ("healths", "desired", "health", "ready"),
    [
        ([Health.HEALTHY, Health.HEALTHY], 2, Health.HEALTHY, 2),
        ([Health.HEALTHY, Health.UNHEALTHY], 2, Health.DEGRADED, 1),
        ([Health.HEALTHY, Health.CRASH_LOOP], 2, Health.DEGRADED, 1),
        ([Health.HEALTHY, Health.STARTING], 2, Health.STARTING, 1),
        ([Health.HEALTHY, Health.STARTING, Health.WAITING], 3, Health.STARTING, 1),
        ([Health.FAILED, Health.STARTING], 2, Health.FAILED, 0),
        ([Health.HEALTHY], 2, Health.DEGRADED, 1),
        ([Health.UNHEALTHY, Health.STARTING], 2, Health.UNHEALTHY, 0),
        ([Health.CRASH_LOOP, Health.STOPPED], 2, Health.CRASH_LOOP, 0),
        ([Health.STOPPED], 1, Health.STOPPED, 0),
        ([Health.DONE], 1, Health.DONE, 1),
        ([], 1, Health.STOPPED, 0),
    ],
)
def test_a_service_is_its_worst_instance_or_degraded_when_some_are_ready(
    healths: list[Health], desired: int, health: Health, ready: int
) -> None:
    instances = [instance(number, each) for number, each in enumerate(healths, 1)]
    status = fold_service(ORDERS, desired, instances)
    assert (status.health, status.ready, status.desired) == (health, ready, desired)


def test_reasons_name_the_instance_where_there_are_several() -> None:
    one = instance(1, Health.UNHEALTHY, exited(1), restarts=2)
    assert fold_service(ORDERS, 1, [one]).reasons == (exited(1),)
    both = fold_service(ORDERS, 3, [one, instance(2, Health.HEALTHY, restarts=1)])
    assert both.reasons == (
        replace(exited(1), instance="orders-1"),
        Reason(ReasonKind.TOO_FEW, count=2, of=3),
    )
    assert both.restarts == 3


def test_the_state_is_a_word() -> None:
    stopped = instance(2, Health.STOPPED, state=ContainerState.EXITED)
    created = instance(3, Health.STOPPED, state=ContainerState.CREATED)
    assert fold_service(ORDERS, 1, []).state == "not created"
    assert fold_service(ORDERS, 1, [instance(1, Health.HEALTHY)]).state == "running"
    assert fold_service(ORDERS, 1, [stopped]).state == "exited"
    assert fold_service(ORDERS, 2, [instance(1, Health.HEALTHY), stopped]).state == "partly running"
    assert fold_service(ORDERS, 2, [created, stopped]).state == "stopped"


def test_a_service_that_is_not_created_yet_says_what_it_waits_for() -> None:
    status = fold_service(ORDERS, 1, [], WAITS)
    assert (status.health, status.reasons) == (Health.WAITING, (WAITS,))
