"""Everything that is wrong, with what speaks for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meshctl.model.containers import Room
from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.findings import Evidence, EvidenceKind, Finding, Mend, MendKind
from meshctl.model.journal import Deed, JournalEntry
from meshctl.model.registry import Check, CheckStatus, RegistryCheckKind
from meshctl.model.status import FindingKind, Health, Reason, ReasonKind
from meshctl.model.traces import ServiceEdge
from meshctl.present.evidence import evidence_text, teller
from meshctl.present.lines import line_cells, plain
from meshctl.present.why import finding_key, well_sentence, why_report, why_rows
from tests.present.test_findings import STOPPED
from tests.tui.states import NOW, healthy, service

EDGE = ServiceEdge("worker", "redis", 1_200, 600, 20, 0.5, 1, 1, 1)
PROBE = Reason(ReasonKind.PROBE_FAILS, detail="503")
CAUSED = Reason(ReasonKind.CAUSED, source="redis", cause=FindingKind.STOPPED)
ENTRY = JournalEntry(NOW - 130, Deed.STOPPED, "redis", "redis-1", command="stop redis", user="ada")


def fact(kind: EvidenceKind = EvidenceKind.RUNTIME, **more: Any) -> Evidence:
    return Evidence(kind, **more)


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (
            fact(instance="redis-1", time=NOW - 130, event=MeshEvent(EventKind.STOPPED, NOW, "redis", exit_code=0)),
            "redis-1: stopped: exited 0, 2 min ago",
        ),
        (
            fact(reason=Reason(ReasonKind.PROBE_FAILS, instance="a-1", detail="refused"), instance="a-1"),
            "a-1: own probe fails: refused",
        ),
        (fact(entry=ENTRY, time=NOW - 7), "stopped with meshctl stop redis by ada, 7 s ago"),
        (fact(entry=replace(ENTRY, command="", user="", cause="image changed")), "stopped: image changed"),
        (fact(entry=replace(ENTRY, cause="asked for")), "stopped with meshctl stop redis by ada"),
        (fact(edge=EDGE), "worker → redis: 1,200 calls, 50% failed"),
        (fact(edge=replace(EDGE, calls=1, errors=0, kind="message")), "worker → redis: 1 message"),
        (fact(room=Room("/data", "db", 4096, 1 << 30), time=NOW), "4K of 1.0G free on db at /data"),
        (fact(room=Room("/data", "", 0, 1 << 20, files=0)), "0B of 1M free on /data, room for 0 more files"),
        (fact(room=Room("/data", "", 0, 1 << 20, files=5000)), "0B of 1M free on /data"),
        (fact(text="FATAL: no\n", time=NOW - 3700), "FATAL: no, 1 h ago"),
        (
            fact(text='{"level": "error", "event": "call failed", "target": "users", "trace_id": "77"}'),
            "error call failed target=users",
        ),
    ],
)
def test_every_fact_has_words(seen: Evidence, text: str) -> None:
    assert evidence_text(seen, NOW) == text


def test_a_check_tells_since_when_by_itself() -> None:
    check = Check(RegistryCheckKind.SERVICE, "c", "http", CheckStatus.CRITICAL, "no", NOW - 7)
    seen = fact(time=NOW - 7, reason=Reason(ReasonKind.CHECK_FAILS, source="consul", check=check))
    assert evidence_text(seen, NOW) == "consul critical since 7 s: no"


def test_nobody_who_tells_is_without_a_name() -> None:
    assert len({teller(kind) for kind in EvidenceKind}) == len(EvidenceKind)


@pytest.mark.parametrize("deed", Deed)
def test_no_deed_is_without_words(deed: Deed) -> None:
    assert evidence_text(fact(entry=replace(ENTRY, deed=deed, command="", user="")))


def report(*findings: Finding, wanted: tuple[str, ...] = (), width: int = 100) -> list[str]:
    shown = [service("worker", Health.UNHEALTHY, CAUSED, PROBE), service("redis", Health.STOPPED), service("users")]
    return [plain(line) for line in why_report(shown, findings, wanted, NOW, width)]


def test_a_finding_with_its_evidence_and_what_mends_it() -> None:
    seen = replace(STOPPED, evidence=(fact(EvidenceKind.JOURNAL, entry=ENTRY), fact(edge=EDGE)))
    assert report(seen, replace(STOPPED, service="rabbitmq", victims=(), mend=None)) == [
        "✖ redis is stopped (by you, 2 min ago): worker and notifications fail through it",
        "   meshctl  stopped with meshctl stop redis by ada",
        "   engine   worker → redis: 1,200 calls, 50% failed",
        "   → meshctl start redis",
        "",
        "○ rabbitmq is stopped (by you, 2 min ago)",
    ]


def test_of_one_service_its_cause_first_then_its_own_reasons() -> None:
    assert report(STOPPED, wanted=("worker",)) == [
        "✖ redis is stopped (by you, 2 min ago): worker and notifications fail through it",
        "   → meshctl start redis",
        "",
        "✖ worker is unhealthy",
        "   redis is stopped",
        "   own probe fails: 503",
    ]


def test_where_nothing_is_wrong_that_is_said() -> None:
    assert report(STOPPED, wanted=("users",)) == ["● users is well"]
    assert [plain(line) for line in why_report(healthy().services, (), (), NOW, 80)] == ["● all 10 services are well"]
    assert well_sentence([replace(service("a"), instances=(), ready=0)]) == "nothing is up: meshctl up"
    assert well_sentence([service("a", Health.STARTING), service("b")]).startswith("1 of 2 services are ready")


@pytest.mark.parametrize("width", range(4, 90, 5))
def test_all_of_it_is_wrapped(width: int) -> None:
    seen = replace(STOPPED, evidence=(fact(text="a line of a log that is long " * 4),))
    for line in why_report([service("redis", Health.STOPPED)], [seen], (), NOW, width):
        assert line_cells(line) <= width


def test_rows_for_a_cursor_have_a_key_on_the_first_line_of_each() -> None:
    other = replace(STOPPED, service="rabbitmq", mend=Mend(MendKind.START, "rabbitmq"))
    rows = why_rows([service("redis", Health.STOPPED)], [STOPPED, other], NOW, 100)
    assert [key for key, _ in rows] == [finding_key(STOPPED), "", "", finding_key(other), ""]
    assert plain(rows[0][1]).startswith(" ✖ redis is stopped")
