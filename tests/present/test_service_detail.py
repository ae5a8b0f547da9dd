"""The details of one service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.model.registry import CheckStatus
from meshctl.model.status import Health, ProbeResult, ServiceStatus
from meshctl.present.findings import concerning
from meshctl.present.lines import BAD, Line, plain
from meshctl.present.service_detail import service_detail
from tests.tui.states import NOW, config, healthy, probe_fails, redis_stopped, service, troubled, usage


def detail(status: ServiceStatus, width: int = 60) -> str:
    spec = config().services.get(status.service)
    lines = service_detail(status, spec, usage(1), troubled().events, NOW, width)
    assert all(len(plain(line)) <= width for line in lines)
    return "\n".join(plain(line) for line in lines)


def test_every_instance_with_both_opinions() -> None:
    text = detail(service("orders", count=3))
    assert text.count("passes in 4.2 ms") == 3
    assert text.count("passing") == 3
    assert "● orders-2  healthy  12m" in text
    assert "http       127.0.0.1:49152" in text
    assert "needs     consul healthy, postgres healthy" in text


def test_a_failing_probe_says_why() -> None:
    status = service("orders", Health.UNHEALTHY, probe_fails(""))
    broken = replace(status.instances[0], probe=ProbeResult(False, "connection refused"), restarts=2)
    text = detail(replace(status, instances=(broken,)))
    assert "fails: connection refused" in text
    assert "2 restarts" in text


def test_without_an_instance_it_says_how_to_start_one() -> None:
    assert "`S` starts it." in detail(replace(service("orders", Health.STOPPED), instances=()))


def test_what_happened_to_it_lately() -> None:
    assert "restarted: exited 137, out of memory" in detail(service("inventory"))
    assert "restarted" not in detail(service("users"))


def test_a_cause_says_when_through_whom_and_what_mends_it() -> None:
    """Its victim says the same of it, and all else that is against itself."""
    cause, victim = found_in("redis"), found_in("worker")
    assert BAD in {segment.tone for segment in cause[0]}
    text = "\n".join(map(plain, cause))
    assert "by you, 2 min ago; worker and notifications fail through" in text and "→ meshctl start redis" in text
    text = "\n".join(map(plain, victim))
    assert text.index("redis is stopped") < text.index("own probe fails: 503") < text.index("→ meshctl start")


def found_in(name: str) -> list[Line]:
    shown = redis_stopped()
    (status,) = (status for status in shown.services if status.service == name)
    found = concerning(shown.findings, (name,))
    return service_detail(status, None, None, (), NOW, 70, findings=found)


def test_during_a_start_nothing_is_red() -> None:
    status = service("orders", Health.STARTING, probe_fails("refused"))
    failing = replace(status.instances[0], probe=ProbeResult(False, "refused"), registry=CheckStatus.CRITICAL)
    shown = replace(status, instances=(failing,))
    assert BAD not in {s.tone for line in service_detail(shown, None, None, (), NOW, 60) for s in line}


@pytest.mark.parametrize("width", [20, 30, 44, 55, 100])
def test_no_line_is_wider_than_the_pane(width: int) -> None:
    for status in (*healthy().services, *troubled().services):
        detail(status, width)
