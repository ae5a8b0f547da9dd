"""The details of one service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.model.status import Health, ProbeResult, ServiceStatus
from meshctl.present.lines import plain
from meshctl.present.service_detail import service_detail
from tests.tui.states import NOW, config, healthy, probe_fails, service, troubled, usage


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


@pytest.mark.parametrize("width", [20, 30, 44, 55, 100])
def test_no_line_is_wider_than_the_pane(width: int) -> None:
    for status in (*healthy().services, *troubled().services):
        detail(status, width)
