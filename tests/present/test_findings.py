"""Findings as sentences and heads: the cause, since when, who suffers, what mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meshctl.model.containers import Room
from meshctl.model.findings import Evidence, EvidenceKind, Finding, Mend, MendKind
from meshctl.model.registry import Check, CheckStatus, RegistryCheckKind
from meshctl.model.status import LISTEN_EVERYWHERE, FindingKind, Health, Reason, ReasonKind
from meshctl.present.findings import (
    NOTHING_UP,
    cause_text,
    causes,
    concerning,
    finding_head,
    finding_heads,
    finding_line,
    finding_look,
    finding_sentence,
    nothing_up,
    waiting,
)
from meshctl.present.lines import BAD, BUSY, WARN, line_cells, plain
from meshctl.present.mends import mend_text, reached_by
from meshctl.present.why import why_report
from tests.tui.states import NOW, service

STOPPED = Finding(
    "redis",
    FindingKind.STOPPED,
    since=NOW - 130,
    by="you",
    victims=("worker", "notifications"),
    mend=Mend(MendKind.START, "redis"),
)
PROBE = Reason(ReasonKind.PROBE_FAILS, detail="503: the queue is not there")


def about(kind: FindingKind, **more: Any) -> Finding:
    return Finding("orders", kind, **more)


def test_the_whole_sentence_with_what_mends_it() -> None:
    assert plain(finding_line(STOPPED, now=NOW)) == (
        "✖ redis is stopped (by you, 2 min ago): worker and notifications fail through it · meshctl start redis"
    )


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (about(FindingKind.NOT_CREATED), "orders does not exist"),
        (about(FindingKind.PAUSED, since=NOW - 12, by="ada"), "orders is paused (by ada, 12 s ago)"),
        (
            about(FindingKind.EXITED, reason=Reason(ReasonKind.EXITED, exit_code=3)),
            "orders has ended: exited 3",
        ),
        (about(FindingKind.OUT_OF_MEMORY, instance="orders-2"), "orders-2 ran out of memory"),
        (
            about(FindingKind.CRASH_LOOP, reason=Reason(ReasonKind.CRASH_LOOP, count=4)),
            "orders is in a crash loop: 4 restarts",
        ),
        (
            about(FindingKind.COULD_NOT_START, reason=Reason(ReasonKind.COULD_NOT_START, detail="port 80 is taken")),
            "orders could not start: port 80 is taken",
        ),
        (
            about(FindingKind.REGISTRY_SILENT, reason=Reason(ReasonKind.REGISTRY_SILENT, source="consul", detail="x")),
            "orders cannot be asked: x",
        ),
        (
            about(FindingKind.NOT_REGISTERED, reason=Reason(ReasonKind.NOT_REGISTERED, source="consul")),
            "orders is not registered",
        ),
        (
            about(FindingKind.UNHEALTHY, since=NOW - 14, reason=PROBE, victims=("web",)),
            "orders is unhealthy (since 14 s): own probe fails: 503: the queue is not there; web fails through it",
        ),
        (
            about(FindingKind.STARTING, since=NOW - 3, victims=("web", "users")),
            "orders is starting (since 3 s): web and users wait for it",
        ),
        (
            about(FindingKind.FAILED, victims=("a", "b", "c", "d", "e")),
            "orders failed to start: a, b, c and 2 more fail through it",
        ),
        (about(FindingKind.DEGRADED, reason=Reason(ReasonKind.TOLD, detail="others' words")), "others' words"),
    ],
)
def test_sentences(finding: Finding, sentence: str) -> None:
    assert finding_sentence(finding, now=NOW) == sentence


@pytest.mark.parametrize(
    ("finding", "row"),
    [
        (replace(STOPPED, by=""), "worker and notifications fail through it"),
        (STOPPED, "by you, 2 min ago; worker and notifications fail through it"),
        (about(FindingKind.FAILED, since=NOW - 9, reason=PROBE), "own probe fails: 503: the queue is not there"),
        (
            about(FindingKind.OUT_OF_MEMORY, since=NOW - 9, victims=("web",)),
            "ran out of memory (9 s ago): web fails through it",
        ),
        (about(FindingKind.DISK_FULL, victims=("web",)), "has no disk space left: web fails through it"),
        (
            about(FindingKind.NOT_CREATED, since=NOW - 9, by="ada", victims=("web",)),
            "does not exist (removed by ada, 9 s ago): web fails through it",
        ),
        (
            about(FindingKind.TOO_FEW, reason=Reason(ReasonKind.TOO_FEW, count=2, of=3)),
            "has too few instances: 2 of 3",
        ),
    ],
)
def test_a_row_says_what_the_word_of_health_beside_it_does_not(finding: Finding, row: str) -> None:
    assert cause_text(finding, now=NOW) == row


def test_what_mends_it_is_not_told_twice() -> None:
    reason = Reason(ReasonKind.PROBE_FAILS, detail=f"it listens on ::1 only; {LISTEN_EVERYWHERE}")
    seen = about(FindingKind.FAILED, reason=reason, mend=Mend(MendKind.LISTEN_EVERYWHERE, "orders"))
    assert plain(finding_line(seen)) == (
        "✖ orders failed to start: own probe fails: it listens on ::1 only"
        " · have orders listen on all addresses: --host 0.0.0.0"
    )


def test_where_all_is_stopped_one_head_says_so() -> None:
    services = [service(name, Health.STOPPED) for name in ("web", "db", "redis")]
    stopped = [Finding(one.service, FindingKind.STOPPED, since=NOW - 9, by="you") for one in services]

    def heads(found: list[Finding], **how: bool) -> list[str]:
        return [plain(line) for line in finding_heads(found, services, NOW, **how)]

    assert heads(stopped) == ["○ all 3 services are stopped (by you, 9 s ago) · meshctl start"]
    assert len(heads([*stopped[:2], replace(stopped[2], kind=FindingKind.NOT_CREATED)])) == 3
    assert len(heads(stopped, whole=False)) == 3
    services[0] = service("web")
    assert len(heads(stopped)) == 3


def test_who_waits_does_not_fail() -> None:
    held = waiting([service("worker"), service("users", Health.WAITING), service("web", Health.STARTING)])
    assert held == {"users", "web"}
    seen = replace(STOPPED, victims=("worker", "users", "web"), since=None, by="")
    assert finding_sentence(seen, held) == "redis is stopped: worker fails through it, users and web wait for it"


@pytest.mark.parametrize("kind", FindingKind)
def test_no_kind_is_without_words_and_looks(kind: FindingKind) -> None:
    """A kind that nobody can say would end the app."""
    assert finding_sentence(about(kind)).startswith("orders ")
    sign, tone = finding_look(about(kind))
    assert len(sign) == 1 and tone in (BAD, WARN, BUSY)


@pytest.mark.parametrize("kind", MendKind)
def test_no_mend_is_without_words(kind: MendKind) -> None:
    assert "orders" in mend_text(about(FindingKind.FAILED, mend=Mend(kind, "orders", text="ask orders")))


def test_what_mends_it_leads_to_the_project() -> None:
    mends = [Mend(MendKind.START, "orders"), Mend(MendKind.MORE_MEMORY, "orders"), Mend(MendKind.UP, "")]
    found = [*(about(FindingKind.FAILED, mend=mend) for mend in mends), about(FindingKind.STARTING)]
    assert [mend_text(finding) for finding in reached_by(found, "-p shop")] == [
        "meshctl start orders -p shop",
        "give orders a higher mem_limit, then meshctl up orders -p shop",
        "meshctl up -p shop",
        "",
    ]
    (out,) = reached_by([about(FindingKind.MAINTENANCE, mend=Mend(MendKind.END_MAINTENANCE, "orders"))], "-p shop")
    assert mend_text(out) == "meshctl exec consul -p shop -- consul maint -disable -service=orders"


def test_room_is_made_where_it_is_missing() -> None:
    mend, room = Mend(MendKind.FREE_ROOM, "db"), Room("/data", "pgdata", 0, 1 << 20)
    seen = about(FindingKind.DISK_FULL, mend=mend, evidence=(Evidence(EvidenceKind.VOLUME, room=room),))
    assert mend_text(seen) == "make room at /data of db; if that is on the engine's own disk: docker system prune"


def test_without_a_mend_nothing_is_said() -> None:
    assert mend_text(about(FindingKind.STARTING)) == ""
    assert plain(finding_line(about(FindingKind.STARTING))) == "◐ orders is starting"


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("_service_maintenance:orders-1", "meshctl exec registry -- consul maint -disable -service=orders-1"),
        ("_node_maintenance", "meshctl exec registry -- consul maint -disable"),
    ],
)
def test_maintenance_is_ended_where_it_was_begun(check: str, told: str) -> None:
    seen = Check(RegistryCheckKind.MAINTENANCE, check, "m", CheckStatus.CRITICAL)
    reason = Reason(ReasonKind.CHECK_FAILS, source="registry", check=seen)
    mend = Mend(MendKind.END_MAINTENANCE, "orders", "orders-1")
    assert mend_text(about(FindingKind.MAINTENANCE, reason=reason, mend=mend)) == told


def test_who_makes_others_fail_is_as_broken_as_they_are() -> None:
    assert finding_look(about(FindingKind.STOPPED)) == ("○", WARN)
    assert finding_look(about(FindingKind.STOPPED, victims=("web",))) == ("✖", BAD)
    assert finding_look(about(FindingKind.STOPPED, victims=("web",)), {"web"}) == ("○", WARN)


def test_during_a_start_nothing_is_red() -> None:
    assert finding_look(about(FindingKind.STARTING, victims=("web",))) == ("◐", BUSY)
    assert causes([about(FindingKind.STARTING, victims=("web",))]) == {}


def test_causes_are_those_through_which_others_suffer_the_first_of_each() -> None:
    later = replace(STOPPED, kind=FindingKind.TOO_FEW)
    assert causes([about(FindingKind.FAILED), STOPPED, later]) == {"redis": STOPPED}


def test_where_nothing_is_up_nothing_is_at_fault() -> None:
    """What does not exist yet waits for what does not exist either."""
    made = [replace(service(name, Health.STOPPED), instances=()) for name in ("redis", "worker", "notifications")]
    absent = replace(STOPPED, kind=FindingKind.NOT_CREATED)
    assert waiting(made) == {"redis", "worker", "notifications"}
    assert causes([absent], waiting(made)) == {}
    assert nothing_up(made) and not nothing_up([*made, service("users")])
    assert plain(NOTHING_UP) == "○ nothing is up · meshctl up"
    assert [plain(line) for line in why_report(made, (), ("redis",), NOW, 60)] == ["○ not up: meshctl up redis"]
    assert [plain(line).strip() for line in finding_head([absent], made, NOW, 60, "M")] == [
        "○ nothing is up · meshctl up"
    ]
    assert [plain(line) for line in why_report(made, [absent], (), NOW, 60)] == ["○ nothing is up: meshctl up"]


def test_what_concerns_a_service() -> None:
    others = about(FindingKind.DEGRADED)
    assert concerning([STOPPED, others], ()) == (STOPPED, others)
    assert concerning([STOPPED, others], ("worker",)) == (STOPPED,)
    assert concerning([STOPPED, others], ("orders", "redis")) == (STOPPED, others)
    assert concerning([STOPPED, others], ("users",)) == ()


def test_heads_of_a_table_are_few() -> None:
    found = [STOPPED, *(about(FindingKind.DEGRADED) for _ in range(4))]
    assert [plain(line) for line in finding_heads(found, (), NOW)][1:] == [
        "▲ orders is degraded",
        "▲ orders is degraded",
        "+2 more: meshctl why",
    ]
    assert finding_heads((), ()) == []


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (
            120,
            " ✖ redis is stopped (by you, 2 min ago): worker and notifications fail through it"
            " · meshctl start redis (M) +1 more",
        ),
        (100, " ✖ redis is stopped (by you, 2 min ago): 2 fail through it · meshctl start redis (M) +1 more"),
        (80, " ✖ redis is stopped: 2 fail through it · meshctl start redis (M) +1 more"),
        (60, " ✖ redis is stopped · meshctl start redis (M) +1 more"),
        (46, " ✖ redis is stopped · meshctl start redis (M)"),
        (41, " ✖ redis is stopped · meshctl start redis"),
        (30, " ✖ redis is stopped · M"),
        (15, " ✖ redis is st…"),
    ],
)
def test_a_narrow_head_keeps_the_cause_and_what_mends_it(width: int, told: str) -> None:
    (line,) = finding_head([STOPPED, STOPPED], (), NOW, width, "M")
    assert " ".join(plain(line).split()) == " ".join(told.split())


@pytest.mark.parametrize("width", range(1, 160))
def test_a_head_is_one_line_and_a_cut_word_ends_in_an_ellipsis(width: int) -> None:
    seen = about(
        FindingKind.UNHEALTHY, since=NOW - 9, reason=PROBE, victims=("web",), mend=Mend(MendKind.LOGS, "orders")
    )
    (line,) = finding_head([seen], (), NOW, width, "M")
    assert line_cells(line) <= width
    known = {*finding_sentence(seen, now=NOW).split(), "·", "meshctl", "logs", "M", "(M)", "✖", "1", "unhealthy:"}
    known |= {"fails:", "there;", "orders", "unhealthy", "s)", "s):"}
    assert [word for word in plain(line).split() if word not in known and not word.rstrip(";").endswith("…")] == []


def test_a_reason_is_cut_before_it_is_left_out() -> None:
    seen = about(FindingKind.UNHEALTHY, reason=PROBE, mend=Mend(MendKind.LOGS, "orders"))
    (line,) = finding_head([seen], (), NOW, 60)
    assert plain(line).rstrip() == " ✖ orders is unhealthy: own probe fai… · meshctl logs orders"


def test_without_findings_there_is_no_head() -> None:
    assert finding_head((), (), NOW, 80) == []
