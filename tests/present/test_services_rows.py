"""The services list at every width."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meshctl.model.status import Health
from meshctl.present.lines import BAD, plain
from meshctl.present.services_rows import ServicesTable, matches, ordered, services_rows
from tests.fakes.sessions import Shown
from tests.tui import states
from tests.tui.states import NOW, healthy, service, troubled, with_services


def table_of(shown: Shown, width: int = 120, **options: Any) -> ServicesTable:
    return services_rows(shown.services, shown.usage, width, NOW, **options)


def names(shown: Shown, **options: Any) -> list[str]:
    return [row.key for row in table_of(shown, **options).rows]


def row(shown: Shown, name: str, width: int = 120) -> str:
    table = table_of(shown, width)
    return next(plain(r.line) for r in table.rows if r.key == name)


def test_what_is_not_well_comes_first_within_its_group() -> None:
    assert names(troubled()) == [
        *("", "worker", "inventory", "notifications", "users", "orders", "echo"),
        *("", "rabbitmq", "consul", "postgres", "redis"),
    ]


def test_equals_keep_the_order_of_the_file() -> None:
    assert [s.service for s in ordered(healthy().services)] == [s.service for s in healthy().services]


@pytest.mark.parametrize("width", range(40, 200))
def test_lines_are_as_wide_as_the_room_and_never_jump(width: int) -> None:
    """Every row and the heading end in the same column, whatever the figures are."""
    table = table_of(troubled(), width)
    lines = [plain(table.header), *(plain(r.line) for r in table.rows if r.key)]
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= max(width, 40)


def test_columns_go_by_rank() -> None:
    headings = {width: plain(table_of(healthy(), width).header).split() for width in (120, 100, 80, 60)}
    assert headings[120] == ["service", "health", "inst", "cpu", "mem", "restarts", "age"]
    assert headings[100] == ["service", "health", "inst", "cpu", "mem", "restarts"]
    assert headings[80] == ["service", "health", "inst", "cpu", "mem"]
    assert headings[60][:2] == ["service", "health"]


def test_the_reason_stands_in_the_row_and_is_cut_with_an_ellipsis() -> None:
    reason = "probe passes, consul critical: connection refused on port 8001"
    assert f"▲ inventory      degraded · {reason}" in row(troubled(), "inventory", 160)
    assert "…" in row(troubled(), "inventory", 80)


def test_a_reason_does_not_repeat_the_word_before_it() -> None:
    assert "crash loop · 4 restarts; exited 1" in row(troubled(), "worker")


def test_a_healthy_row_has_no_reason() -> None:
    assert "healthy ·" not in row(healthy(), "orders")


def test_age_is_of_the_youngest_instance() -> None:
    status = service("orders", count=2)
    young = replace(status.instances[1], started_at=NOW - 5)
    state = with_services(healthy(), replace(status, instances=(status.instances[0], young)))
    assert row(state, "orders").rstrip().endswith("5 s")


def test_a_stopped_service_claims_no_figures() -> None:
    text = row(with_services(healthy(), service("orders", Health.STOPPED)), "orders")
    assert "%" not in text and text.rstrip().endswith("–")


def test_what_is_being_done_stands_for_the_health() -> None:
    table = table_of(healthy(), 120, pending={"orders": "stopping"})
    assert "stopping…" in next(plain(r.line) for r in table.rows if r.key == "orders")


def test_filtering() -> None:
    assert names(troubled(), wanted="crash") == ["", "worker"]
    assert names(troubled(), wanted="infra healthy") == ["", "consul", "postgres", "redis"]
    assert not matches(service("orders"), "degraded")


def test_what_makes_others_fail_stands_above_them_and_is_not_the_dimmest_row() -> None:
    """A victim's row names its cause and nothing else."""
    shown = states.redis_stopped()
    table = table_of(shown, 150, findings=shown.findings)
    assert [r.key for r in table.rows][:4] == ["", "redis", "", "echo"]
    assert plain(table.rows[0].line) == " cause"
    (redis, worker) = (next(r.line for r in table.rows if r.key == name) for name in ("redis", "worker"))
    assert "stopped · by you, 2 min ago; worker and notifications fail through it" in plain(redis)
    assert {segment.tone for segment in redis if segment.text.strip() in ("○", "stopped")} == {BAD}
    assert "unhealthy · redis is stopped " in plain(worker)
    assert "503" not in plain(worker)


def test_without_victims_a_stopped_service_keeps_its_place() -> None:
    """Two causes share a heading."""
    shown = states.redis_stopped()
    alone = replace(shown.findings[0], victims=())
    assert [r.key for r in table_of(shown, findings=(alone,)).rows][1] == "echo"
    other = replace(shown.findings[1], victims=("users",))
    assert plain(table_of(shown, findings=(shown.findings[0], other)).rows[0].line) == " causes"


def test_during_a_start_nothing_is_red() -> None:
    shown = states.starting()
    table = table_of(shown, findings=shown.findings)
    assert BAD not in {segment.tone for r in table.rows for segment in r.line}
    assert "◌ users          waiting · for postgres, which is starting since 3 s" in row(shown, "users")


def test_groups_stand_apart_where_there_is_room() -> None:
    assert names(healthy(), height=13).count("") == 3
    assert names(healthy(), height=12).count("") == 2


def test_an_empty_state_has_no_rows() -> None:
    assert names(states.no_engine()) == []
