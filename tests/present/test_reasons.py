"""Reasons as clauses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meshctl.model.registry import Check, CheckStatus, RegistryCheckKind
from meshctl.model.status import FindingKind, Reason, ReasonKind
from meshctl.present.reasons import reason_text, reasons_text

NOW = 1000.0


def check(kind: RegistryCheckKind, id: str = "c1", since: float | None = None) -> Reason:
    made = Check(kind, id, "disk", CheckStatus.CRITICAL, "no room", since)
    return Reason(ReasonKind.CHECK_FAILS, source="reg", check=made)


def reason(kind: ReasonKind, **more: Any) -> Reason:
    return Reason(kind, **more)


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (reason(ReasonKind.CRASH_LOOP, count=4), "crash loop: 4 restarts"),
        (reason(ReasonKind.EXITED, exit_code=137), "exited 137, killed"),
        (reason(ReasonKind.EXITED, oom=True), "out of memory"),
        (reason(ReasonKind.EXITED), "exited"),
        (reason(ReasonKind.RESTARTING, exit_code=1, count=2), "exited 1 · restarting, 2 times"),
        (reason(ReasonKind.RESTARTING), "restarting"),
        (reason(ReasonKind.COULD_NOT_START, detail="port is taken"), "could not start: port is taken"),
        (reason(ReasonKind.DEAD), "dead"),
        (reason(ReasonKind.REMOVING), "being removed"),
        (reason(ReasonKind.NOT_STARTED), "created, not started"),
        (reason(ReasonKind.WAITS, source="db", since=NOW - 6), "waits for db, which is starting since 6 s"),
        (reason(ReasonKind.WAITS, source="db"), "waits for db, which is starting"),
        (reason(ReasonKind.WAITS, source="db", cause=FindingKind.STOPPED), "waits for db, which is stopped"),
        (reason(ReasonKind.NOT_PROBED), "not probed yet"),
        (reason(ReasonKind.PROBE_FAILS, detail="refused"), "own probe fails: refused"),
        (reason(ReasonKind.PROBE_FAILS, source="reg", alone=True), "reg passes, own probe fails"),
        (reason(ReasonKind.NOT_REGISTERED, source="reg"), "not registered in reg"),
        (reason(ReasonKind.REGISTRY_SILENT, source="reg", detail="refused"), "reg cannot be asked: refused"),
        (reason(ReasonKind.TOO_FEW, count=1, of=3), "1 of 3 instances exist"),
        (reason(ReasonKind.DEAD, instance="orders-2"), "orders-2: dead"),
        (check(RegistryCheckKind.SERVICE), "reg critical: no room"),
        (check(RegistryCheckKind.SERVICE, since=NOW - 90), "reg critical since 1m: no room"),
        (check(RegistryCheckKind.TTL), "reg critical by its TTL check: no room"),
        (check(RegistryCheckKind.NODE), "reg critical by a check of the node (disk): no room"),
        (check(RegistryCheckKind.MAINTENANCE), "in maintenance in reg: no room"),
        (check(RegistryCheckKind.MAINTENANCE, "_node_maintenance"), "its node is in maintenance in reg: no room"),
    ],
)
def test_every_reason_has_a_clause(seen: Reason, text: str) -> None:
    assert reason_text(seen, NOW) == text


def test_several_are_one_line_without_times_where_there_is_no_now() -> None:
    waits = reason(ReasonKind.WAITS, source="db", since=NOW)
    assert reasons_text([waits, reason(ReasonKind.DEAD)]) == "waits for db, which is starting; dead"


def test_where_others_are_the_cause_they_are_all_that_a_row_says() -> None:
    cause = reason(ReasonKind.CAUSED, source="redis", cause=FindingKind.PAUSED)
    assert reasons_text([cause, reason(ReasonKind.PROBE_FAILS, detail="503")]) == "redis is paused"
    several = [replace(cause, instance=name) for name in ("web-1", "web-2")]
    assert reasons_text(several) == "web-1: redis is paused; web-2: redis is paused"


def test_what_it_waits_for_is_a_cause_beside_others() -> None:
    full = reason(ReasonKind.CAUSED, source="db", cause=FindingKind.DISK_FULL)
    waits = reason(ReasonKind.WAITS, source="job", cause=FindingKind.EXITED)
    assert reasons_text((full, waits)) == "db has no disk space left; waits for job, which has ended"


def test_no_kind_is_without_words() -> None:
    """A kind that nobody can say would end the app."""
    for kind in ReasonKind:
        seen = (
            check(RegistryCheckKind.SERVICE)
            if kind is ReasonKind.CHECK_FAILS
            else Reason(kind, detail="words", source="redis")
        )
        assert reason_text(seen)
