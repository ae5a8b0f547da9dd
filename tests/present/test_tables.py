"""Tables, plans and units as people read them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.model.config import ServiceKind
from meshctl.model.containers import ContainerState
from meshctl.model.findings import Finding
from meshctl.model.plan import Operation, OperationKind, Plan, Step
from meshctl.model.registry import CheckStatus
from meshctl.model.status import FindingKind, Health, InstanceStatus, ProbeResult, Reason, ReasonKind, ServiceStatus
from meshctl.present.lines import BAD, plain
from meshctl.present.plan_text import critical_text, plan_lines
from meshctl.present.services_table import services_table
from meshctl.present.status import symbol, tone, word
from meshctl.present.text import cell_len
from meshctl.present.units import age, duration, percent, size

WELL = InstanceStatus(
    "web-1",
    "shop-web-1",
    "c1",
    ContainerState.RUNNING,
    Health.HEALTHY,
    ports={"http": "127.0.0.1:1"},
    probe=ProbeResult(True),
    registry=CheckStatus.PASSING,
)
EXITED = Reason(ReasonKind.EXITED, exit_code=3)
ILL = InstanceStatus(
    "db-1",
    "shop-db-1",
    "c2",
    ContainerState.EXITED,
    Health.UNHEALTHY,
    (EXITED,),
    restarts=2,
)
SERVICES = (
    ServiceStatus("web", ServiceKind.APPLICATION, "running", Health.HEALTHY, 1, 1, instances=(WELL,)),
    ServiceStatus(
        "db",
        ServiceKind.INFRASTRUCTURE,
        "exited",
        Health.UNHEALTHY,
        0,
        1,
        2,
        (EXITED,),
        (ILL,),
    ),
)


def test_the_table_is_aligned_and_carries_the_reason() -> None:
    assert "\n".join(plain(line).rstrip() for line in services_table(SERVICES)) == (
        "SERVICE  HEALTH       READY  RESTARTS  PORTS\n"
        "web      ● healthy      1/1         0  http 127.0.0.1:1\n"
        "db       ✖ unhealthy    0/1         2                    exited 3"
    )


def test_a_row_does_not_say_its_word_of_health_again() -> None:
    loop = (Reason(ReasonKind.CRASH_LOOP, count=4),)
    _, row = services_table([replace(SERVICES[1], health=Health.CRASH_LOOP, reasons=loop)])
    assert plain(row).endswith("  4 restarts")


def test_the_table_may_tell_how_long_it_took() -> None:
    assert "\n".join(plain(line).rstrip() for line in services_table(SERVICES, {"web": 12.34})) == (
        "SERVICE  HEALTH       READY  RESTARTS   AFTER  PORTS\n"
        "web      ● healthy      1/1         0  12.3 s  http 127.0.0.1:1\n"
        "db       ✖ unhealthy    0/1         2                            exited 3"
    )


def test_the_table_has_causes_first() -> None:
    """Each with when, through whom, and who suffers."""
    stopped = replace(SERVICES[1], health=Health.STOPPED)
    found = Finding("db", FindingKind.STOPPED, since=70, by="you", victims=("web",))
    heading, first, second = services_table((SERVICES[0], stopped), now=100, findings=(found,))
    assert plain(heading).startswith("SERVICE")
    assert plain(first).split("  ")[0] == "db" and plain(first).endswith("by you, 30 s ago; web fails through it")
    assert [segment.tone for segment in first if "stopped" in segment.text] == [BAD]
    assert plain(second).startswith("web")


@pytest.mark.parametrize(
    "name", ["注文サービス", "\U0001f9d1\u200d\U0001f4bb❤\ufe0f", "e\u0301t\u0301", "\x1b]0;x\x07"]
)
def test_columns_stand_where_they_stand_whatever_is_in_them(name: str) -> None:
    odd = ServiceStatus(name, ServiceKind.APPLICATION, "running", Health.UNHEALTHY, 0, 1, 0, (EXITED,), (WELL,))
    heading, *rows = [plain(line) for line in services_table([*SERVICES, odd])]
    columns = [cell_len(heading[: heading.index(title)]) for title in ("HEALTH", "PORTS")]
    for row, sign in zip(rows, "●✖✖", strict=True):
        assert cell_len(row[: row.index(sign)]) == columns[0]
    assert [cell_len(row[: row.index("http")]) for row in (rows[0], rows[2])] == [columns[1]] * 2


def test_every_verdict_has_a_look() -> None:
    looks = [(symbol(health), word(health)) for health in Health]
    assert len(set(looks)) == len(Health)
    assert all(tone(health) for health in Health)


def test_a_plan_names_causes_and_what_is_waited_for() -> None:
    plan = Plan(
        "shop",
        (
            Operation("start:db-1", OperationKind.START, "db-1", "db", "is exited"),
            Operation("ready:db-1", OperationKind.WAIT_READY, "db-1", "db", after=("start:db-1",)),
            Operation("start:web-1", OperationKind.START, "web-1", "web", "is exited", ("ready:db-1",)),
        ),
        ("api is kept",),
    )
    assert [plain(line) for line in plan_lines(plan)] == [
        "start          db-1  (is exited)",
        "start          web-1  (is exited)  after ready:db-1",
        "note: api is kept",
    ]
    assert [plain(line) for line in plan_lines(Plan("shop"))] == ["nothing to do"]
    left = Plan("shop", notes=("old is left alone",))
    assert [plain(line) for line in plan_lines(left)] == ["nothing to do", "note: old is left alone"]


def test_the_critical_path_leaves_out_what_took_no_time() -> None:
    steps = (Step("create", "db-1", 0.001), Step("start", "db-1", 0.5), Step("wait ready", "db-1", 1.25))
    assert critical_text(steps) == "critical path 1.8 s: start db-1 500 ms → wait ready db-1 1.2 s"
    assert critical_text(()) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0003, "0.3 ms"), (0.0412, "41.2 ms"), (0.4, "400 ms"), (0.9996, "1.0 s"), (59.96, "1m00s"), (125, "2m05s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0 s"), (59.9, "59 s"), (60, "1m"), (7200, "2h"), (180000, "2d")])
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0, "0%"), (0.004, "0.4%"), (0.04, "4%"), (0.123, "12%"), (1.5, "150%")]
)
def test_percentages(fraction: float, text: str) -> None:
    assert percent(fraction) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0B"), (999, "999B"), (88 * 2**20, "88M"), (1288490189, "1.2G")])
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
