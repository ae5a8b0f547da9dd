"""The documents are those that scripts are written against: names, order, types, what is null and what is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshctl.core.traces.waterfall import waterfall
from meshctl.model.plan import DownReport, Plan
from meshctl.model.traces import Trace
from meshctl.present.documents.calls import caused_to_data, reply_to_data
from meshctl.present.documents.config import config_to_data, written_to_data
from meshctl.present.documents.doctor import Finding, finding_to_data
from meshctl.present.documents.events import event_to_data
from meshctl.present.documents.findings import findings_to_data
from meshctl.present.documents.lifecycle import down_to_data, plan_to_data, progress_to_data, up_to_data
from meshctl.present.documents.logs import line_to_data
from meshctl.present.documents.services import services_to_data
from meshctl.present.documents.trace_diff import diff_to_data
from meshctl.present.documents.traces import cost_to_data, import_to_data, pins_to_data, summaries_to_data
from meshctl.present.documents.waterfall import plain_value, trace_to_data
from meshctl.present.run_cost import run_cost
from tests.core.config.parsing import config_of
from tests.present.documents import samples
from tests.present.documents.test_config import DOCUMENT

#: One document a line, as it is written: a change of this file is a change of what scripts rely on.
SHAPES = Path(__file__).with_name("shapes.jsonl")


def shown(trace: Trace) -> dict[str, Any]:
    return trace_to_data(trace, waterfall(trace))


def documents() -> dict[str, Any]:
    """One of each."""
    return {
        "ps": services_to_data(samples.SERVICES, samples.NOW),
        "why": findings_to_data(samples.FINDINGS, {"worker"}, samples.NOW),
        "why, all is well": findings_to_data(()),
        "up": up_to_data(samples.UP, samples.SERVICES[2:], samples.NOW),
        "up, nothing to do": up_to_data(samples.UP_NOTHING, (), samples.NOW),
        "up --dry-run": plan_to_data(samples.PLAN),
        "up --dry-run, nothing to do": plan_to_data(Plan("shop")),
        "down": down_to_data(DownReport("shop", 3, 12.34, samples.FAILURES)),
        "progress": [progress_to_data(one) for one in samples.PROGRESS],
        "logs": [line_to_data(one) for one in samples.LINES],
        "call": [reply_to_data(one) for one in samples.REPLIES],
        "call --trace": reply_to_data(samples.REPLIES[0]) | caused_to_data(samples.FULL_TRACE, samples.LINES),
        "call --trace, nothing known": reply_to_data(samples.REPLIES[0]) | caused_to_data(None, ()),
        "traces": summaries_to_data(samples.SUMMARIES),
        "traces show": [shown(samples.ODD_TRACE), shown(samples.EMPTY_TRACE)],
        "traces show, cost": [cost_to_data(run_cost(waterfall(samples.ORDER), before)) for before in ([], [7, 30, 90])],
        "traces diff": [diff_to_data(samples.DIFF), diff_to_data(samples.EMPTY_DIFF)],
        "traces pin": pins_to_data([("a", True)]),
        "traces import": import_to_data("spans.json", 7),
        "events": [event_to_data(one) for one in samples.EVENTS],
        "config": config_to_data(config_of(DOCUMENT)),
        "doctor": [finding_to_data(Finding("a", "ok", "d")), finding_to_data(Finding("a", "fail", "d", "m"))],
        "init": written_to_data("meshctl.yaml"),
    }


def test_no_document_changes_its_shape() -> None:
    known = [json.loads(line) for line in SHAPES.read_text(encoding="utf-8").splitlines()]
    made = [[name, data] for name, data in documents().items()]
    assert [name for name, _ in made] == [name for name, _ in known]
    for (name, data), (_, before) in zip(made, known, strict=True):
        assert json.dumps(data, ensure_ascii=False, allow_nan=False) == json.dumps(before, ensure_ascii=False), name


INSTANCE = "id container state health reasons ports probe registry"
SERVICE = "service kind state health ready desired restarts instances"
SPAN = "trace_id span_id parent_id service name kind start_ns duration_ns status attributes events links resource scope"


@pytest.mark.parametrize(
    ("name", "part", "promised"),
    [
        ("ps", lambda data: data[0], SERVICE),
        ("ps", lambda data: data[0]["instances"][0], INSTANCE),
        ("why", lambda data: data[0], "service kind since sentence evidence victims mend"),
        ("up", lambda data: data, "project ready elapsed_ms services"),
        ("up", lambda data: data["services"][0], SERVICE),
        ("call", lambda data: data[0], "service instance protocol status elapsed_ms headers body trace_id trace"),
        ("call --trace", lambda data: data["trace"]["spans"][0], SPAN),
        ("traces show", lambda data: data[0]["spans"][0], SPAN),
        ("config", lambda data: data, "name services"),
    ],
)
def test_what_is_promised_is_there(name: str, part: Callable[[Any], dict[str, Any]], promised: str) -> None:
    assert set(promised.split()) <= part(documents()[name]).keys()


def test_values_that_json_has_no_words_for() -> None:
    value = {"a": b"\xff", "b": (1, float("nan")), "c": {"d": [float("-inf"), 2**70]}}
    assert plain_value(value) == {"a": "/w==", "b": [1, "nan"], "c": {"d": ["-inf", 2**70]}}


def test_a_trace_has_every_span_with_its_parent() -> None:
    data = shown(samples.ORDER)
    ids = {one["span_id"] for one in data["spans"]}
    assert all(one["parent_id"] in ids for one in data["spans"][1:])
    assert [one["depth"] for one in data["spans"]] == [0, 1, 2, 3, 4, 2, 3, 4, 2, 3, 4, 5]
    assert (data["duration_ms"], data["critical_path_ms"], data["services"]["orders"], data["errors"]) == (40, 40, 4, 0)
    assert data["spans"][11]["marks"] == ["after the root ended"]
    assert data["spans"][11]["critical"] is False and data["spans"][0]["critical"] is True
