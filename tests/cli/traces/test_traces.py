"""``traces`` on a fake collector: what is printed where, exit codes, and which trace a word means."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from meshctl.core.traces.waterfall import waterfall
from meshctl.errors import CollectorUnavailable
from meshctl.model.traces import TraceQuery, TraceSummary
from meshctl.present.lines import plain
from meshctl.present.waterfall import printed
from tests.cli.collector_double import UP, A, B, FakeCollector, Traces
from tests.cli.conftest import Answer
from tests.spans import BEGIN_NS, MS, summary


def run_of_up(number: int, ms: float) -> TraceSummary:
    return summary(number, "meshctl", "up shop", ms=ms, at=-number * 1000)


def test_the_list_is_a_table(run: Traces) -> None:
    answer = run()
    rows = [line.split() for line in answer.out.splitlines()]
    assert rows[0] == ["TRACE", "TIME", "SERVICE", "OPERATION", "DURATION", "SPANS", "ERRORS", "SERVICES"]
    assert [row[0] for row in rows[1:]] == [A[:12], B[:12], UP[:12]]
    assert "✖ 1" in answer.out.splitlines()[2]
    assert (answer.code, answer.err) == (0, "")


def test_the_list_as_json(run: Traces) -> None:
    rows = json.loads(run(json=True).out)
    assert rows[1] == {
        "trace_id": B,
        "service": "orders",
        "name": "GET /orders",
        "start": "2026-11-23T12:00:00.000000Z",
        "start_ns": BEGIN_NS,
        "duration_ms": 80.0,
        "duration_ns": 80 * MS,
        "spans": 2,
        "errors": 1,
        "services": {"orders": 1, "users": 1},
        "has_root": True,
        "pinned": False,
        "truncated": 0,
    }


def test_filters_reach_the_collector(run: Traces, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: BEGIN_NS)
    run(
        service="worker",
        operation="run/send_email",
        error=True,
        min_duration=0.5,
        max_duration=2.0,
        attribute=["http.route=/x=y", "a="],
        since=60.0,
        text="boom",
        limit=7,
    )
    assert collector.queries == [
        TraceQuery(
            service="worker",
            operation="run/send_email",
            min_duration_ns=500 * MS,
            max_duration_ns=2_000 * MS,
            error=True,
            attributes=(("http.route", "/x=y"), ("a", "")),
            since_ns=BEGIN_NS - 60_000 * MS,
            text="boom",
            limit=7,
        )
    ]


@pytest.mark.parametrize("text", ["novalue", "=x"])
def test_an_attribute_without_a_value_is_wrong_use(run: Traces, text: str) -> None:
    answer = run(attribute=[text])
    assert answer.code == 2 and f"'{text}' is not KEY=VALUE" in answer.err


def test_no_traces_is_a_sentence_with_the_next_step(run: Traces, collector: FakeCollector) -> None:
    collector.known.clear()
    assert run() == Answer(
        0, "No traces yet. `meshctl call SERVICE GET / --trace` sends a request and shows its trace.\n", ""
    )
    assert run(service="x").out.startswith("No trace matches.")
    assert run(json=True).out == "[]\n"


def test_a_trace_is_shown_as_the_app_draws_it(run: Traces, collector: FakeCollector) -> None:
    answer = run("show", A)
    drawn = [plain(line).rstrip() for line in printed(waterfall(collector.known[0]), 100)]
    assert answer.out.splitlines() == drawn
    assert "critical path 40.0 ms" in drawn[0]


def test_the_waterfall_is_as_wide_as_the_terminal(run: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert max(map(len, run("show", A).out.splitlines())) == 160


def test_a_trace_as_json(run: Traces) -> None:
    data = json.loads(run("show", A, json=True).out)
    assert (data["trace_id"], data["settled"], len(data["spans"])) == (A, True, 12)
    assert set(data["spans"][0]) >= {
        *("trace_id", "span_id", "parent_id", "service", "name", "kind", "start_ns", "duration_ns", "status"),
        *("attributes", "events", "links", "instance", "depth", "self_ns", "critical", "marks"),
    }
    assert "cost" not in data


@pytest.mark.parametrize(
    ("word", "trace_id"),
    [("last", A), ("up", UP), ("aa", A), ("AB", B), ("0", UP), ("ABAB", B), ("0f0f0", UP), (B, B), (B.upper(), B)],
)
def test_a_trace_is_meant_by(run: Traces, word: str, trace_id: str) -> None:
    assert json.loads(run("show", word, json=True).out)["trace_id"] == trace_id


def test_show_without_a_word_shows_the_last(run: Traces) -> None:
    assert json.loads(run("show", json=True).out)["trace_id"] == A


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("c", "no trace 'c'"),
        ("cccc", "no trace 'cccc'"),
        ("c" * 32, f"no trace '{'c' * 32}'"),
        ("a", "2 traces begin with 'a'"),
        ("newest", "no trace 'newest'"),
    ],
)
@pytest.mark.parametrize("action", ["show", "pin"])
def test_a_word_that_means_no_trace_or_several(run: Traces, action: str, word: str, said: str) -> None:
    answer = run(action, word)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err and "hint:" in answer.err


def test_the_hint_names_the_list(run: Traces) -> None:
    assert "`meshctl traces`" in run("show", "c").err


@pytest.mark.parametrize("word", ["last", "up"])
def test_words_without_a_trace_say_what_makes_one(run: Traces, collector: FakeCollector, word: str) -> None:
    collector.known.clear()
    answer = run("show", word)
    assert answer.code == 1 and "meshctl up" in answer.err


def test_an_up_is_compared_with_the_runs_before(run: Traces, collector: FakeCollector) -> None:
    collector.others = [run_of_up(n, ms) for n, ms in ((1, 4_000), (2, 5_000), (3, 9_000))]
    told = run("show", "up").out.splitlines()[-1]
    assert told == " This run took 3.0 s, 2.0 s faster than the median of the 3 runs before (5.0 s)."
    assert json.loads(run("show", "up", json=True).out)["cost"] == {
        "duration_ms": 3000.0,
        "runs_before": 3,
        "median_before_ms": 5000.0,
        "change_ms": -2000.0,
    }


def test_failed_later_and_other_runs_of_up_are_not_compared(run: Traces, collector: FakeCollector) -> None:
    wrong = [
        replace(run_of_up(1, 9_000), errors=1),
        replace(run_of_up(2, 9_000), start_ns=BEGIN_NS + 5),
        replace(run_of_up(3, 9_000), name="up shop orders"),
    ]
    collector.others = [*wrong, run_of_up(4, 3_010)]
    assert run("show", "up").out.splitlines()[-1] == " This run took 3.0 s, as the run before (3.0 s)."


def test_two_traces_compared(run: Traces) -> None:
    answer = run("diff", "aa", "ab")
    assert answer.code == 0 and answer.out.startswith(" 40.0 ms → 80.0 ms   +40.0 ms")
    data = json.loads(run("diff", A, "last", json=True).out)
    assert (data["change_ms"], data["unchanged"]) == (0.0, 12)


@pytest.mark.parametrize(
    ("action", "ids"), [("diff", ["aa"]), ("show", ["aa", "ab"]), ("pin", []), ("import", []), ("list", ["aa"])]
)
def test_the_wrong_number_of_words(run: Traces, action: str, ids: list[str]) -> None:
    answer = run(action, *ids)
    assert answer.code == 2 and "hint:" in answer.err


@pytest.mark.parametrize("action", ["list", "show", "export", "pin"])
def test_without_a_collector_it_says_what_to_do(run: Traces, collector: FakeCollector, action: str) -> None:
    collector.error = CollectorUnavailable("no collector answers", hint="meshctl start collector")
    answer = run(action, *([] if action == "list" else ["last"]))
    assert (answer.code, answer.out) == (3, "")
    assert "meshctl start collector" in answer.err
