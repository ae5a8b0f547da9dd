"""Every document is read back: what it shows is what it showed, and nothing else is taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from meshctl.core.traces.diff import TraceDiff
from meshctl.core.traces.waterfall import waterfall
from meshctl.model import findings
from meshctl.model.calls import CallReply
from meshctl.model.plan import DownReport, Failure, Operation, Plan
from meshctl.model.status import ProbeResult, Reason, ReasonKind, ServiceStatus
from meshctl.model.traces import Trace
from meshctl.model.waterfall import RunCost
from meshctl.present.documents.calls import caused_from_data, caused_to_data, reply_from_data, reply_to_data
from meshctl.present.documents.config import config_from_data, config_to_data, written_from_data, written_to_data
from meshctl.present.documents.doctor import Finding, finding_from_data, finding_to_data
from meshctl.present.documents.events import event_from_data, event_to_data
from meshctl.present.documents.findings import findings_from_data, findings_to_data
from meshctl.present.documents.lifecycle import (
    down_from_data,
    down_to_data,
    plan_from_data,
    plan_to_data,
    progress_from_data,
    progress_to_data,
    up_from_data,
    up_to_data,
)
from meshctl.present.documents.logs import line_from_data, line_to_data
from meshctl.present.documents.reading import DocumentError
from meshctl.present.documents.services import services_from_data, services_to_data
from meshctl.present.documents.trace_diff import diff_from_data, diff_to_data
from meshctl.present.documents.traces import (
    cost_from_data,
    cost_to_data,
    import_from_data,
    import_to_data,
    pins_from_data,
    pins_to_data,
    summaries_from_data,
    summaries_to_data,
)
from meshctl.present.documents.waterfall import trace_from_data, trace_to_data
from meshctl.present.evidence import evidence_text
from meshctl.present.findings import finding_sentence
from meshctl.present.lines import plain
from meshctl.present.mends import mend_text
from meshctl.present.services_table import services_table
from tests.core.config.parsing import config_of
from tests.present.documents import samples
from tests.present.documents.test_config import DOCUMENT


def told(status: ServiceStatus) -> ServiceStatus:
    """As much of it as the document of ``ps`` has."""
    (known,) = services_from_data(services_to_data([status], samples.NOW))
    probes = [None if i.probe is None else ProbeResult(i.probe.ok) for i in status.instances]
    same = [
        replace(instance, container_id="", reasons=made.reasons, probe=probe)
        for instance, made, probe in zip(status.instances, known.instances, probes, strict=True)
    ]
    return replace(status, reasons=known.reasons, instances=tuple(same))


def in_words(finding: findings.Finding) -> findings.Finding:
    """As much of it as the document of ``why`` has."""
    kept = finding.mend if finding.mend and finding.mend.kind is not findings.MendKind.END_MAINTENANCE else None
    other = findings.Mend(findings.MendKind.TOLD, finding.service, text=mend_text(finding)) if finding.mend else None
    return replace(
        finding,
        reason=Reason(ReasonKind.TOLD, detail=finding_sentence(finding, now=samples.NOW)),
        evidence=tuple(findings.Evidence(e.kind, text=evidence_text(e, samples.NOW)) for e in finding.evidence),
        mend=kept or other,
    )


def bare(operation: Operation) -> Operation:
    return replace(operation, container_id="", request=None, spec=None)


def from_pair(write: Callable[..., Any]) -> Callable[[Any], Any]:
    """A writer of two things as one of the pair."""
    return lambda pair: write(*pair)


#: Name: writer, reader, values of which nothing is lost.
LOSSLESS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], list[Any]]] = {
    "services": (services_to_data, services_from_data, [(), tuple(told(status) for status in samples.SERVICES)]),
    "why": (findings_to_data, findings_from_data, [(), tuple(in_words(one) for one in samples.FINDINGS)]),
    "summaries": (summaries_to_data, summaries_from_data, [(), samples.SUMMARIES]),
    "line": (line_to_data, line_from_data, [*samples.LINES]),
    "event": (event_to_data, event_from_data, [*samples.EVENTS]),
    "finding": (finding_to_data, finding_from_data, [Finding("a", "ok", "d"), Finding("a", "fail", "d", "m")]),
    "progress": (progress_to_data, progress_from_data, [replace(one, elapsed_s=1.234) for one in samples.PROGRESS]),
    "plan": (
        plan_to_data,
        plan_from_data,
        [Plan("x"), replace(samples.PLAN, operations=tuple(bare(one) for one in samples.PLAN.operations))],
    ),
    "up": (
        from_pair(up_to_data),
        up_from_data,
        [
            (replace(samples.UP_NOTHING, elapsed_ms=0.1), ()),
            (
                replace(samples.UP, elapsed_ms=3.5, timed_out=False, critical_path=(), skipped=(), began=0.0),
                (told(samples.SERVICES[1]),),
            ),
        ],
    ),
    "down": (
        down_to_data,
        down_from_data,
        [DownReport("shop", 3, 12.5), DownReport("shop", 0, 0.0, (Failure("", "", "no"),))],
    ),
    "reply": (reply_to_data, reply_from_data, [replace(one, elapsed_ms=1.25) for one in samples.REPLIES]),
    "cost": (cost_to_data, cost_from_data, [RunCost(1_000_000, 0), RunCost(2_000_000, 3, 5_000_000)]),
    "diff": (diff_to_data, diff_from_data, [samples.EMPTY_DIFF]),
    "pins": (pins_to_data, pins_from_data, [(), (("a", True), ("b", False))]),
    "import": (from_pair(import_to_data), import_from_data, [("spans.json", 7)]),
    "written": (written_to_data, written_from_data, ["meshctl.yaml"]),
    "config": (
        config_to_data,
        config_from_data,
        [
            replace(config_of(DOCUMENT), file="", secrets=()),
            replace(config_of(DOCUMENT | {"registry": "", "collector": ""}), file="", secrets=()),
        ],
    ),
}
#: Name: a document of a value that has more than the document tells.
LOSSY: list[tuple[str, Any]] = [
    ("services", services_to_data(samples.SERVICES, samples.NOW)),
    ("why", findings_to_data(samples.FINDINGS, {"worker"}, samples.NOW)),
    ("up", up_to_data(samples.UP, samples.SERVICES, samples.NOW)),
    ("plan", plan_to_data(samples.PLAN)),
    ("diff", diff_to_data(samples.DIFF)),
    *(("reply", reply_to_data(one)) for one in samples.REPLIES),
    *(("progress", progress_to_data(one)) for one in samples.PROGRESS),
    *(("cost", cost_to_data(RunCost(took, 2, usual))) for took, usual in ((1_500, 499.5), (1_000_499, 2_000_501))),
]
TRACES = (samples.FULL_TRACE, samples.ODD_TRACE, samples.EMPTY_TRACE, samples.ORDER)


def as_text(data: Any) -> Any:
    """Through JSON and back."""
    return json.loads(json.dumps(data, ensure_ascii=False, allow_nan=False))


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_value_comes_back_as_it_was(name: str) -> None:
    write, read, values = LOSSLESS[name]
    for value in values:
        back = read(as_text(write(value)))
        assert back == value
        assert write(back) == write(value)


@pytest.mark.parametrize(("name", "data"), LOSSY, ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_document_does_not_tell_changes_nothing_that_it_tells(name: str, data: Any) -> None:
    write, read, _ = LOSSLESS[name]
    back = read(as_text(data))
    assert write(back) == data
    assert read(write(back)) == back


@pytest.mark.parametrize("trace", TRACES)
def test_a_trace_comes_back_with_its_waterfall(trace: Trace) -> None:
    data = trace_to_data(trace, waterfall(trace))
    back, w = trace_from_data(as_text(data))
    assert trace_to_data(back, w) == data
    assert trace_from_data(trace_to_data(back, w)) == (back, w)
    laid_out = waterfall(trace)
    assert [(row.parent, row.descendants) for row in w.rows] == [(r.parent, r.descendants) for r in laid_out.rows]


@pytest.mark.parametrize("trace", [samples.FULL_TRACE, samples.ORDER])
def test_the_spans_of_a_trace_come_back_as_they_were_sent(trace: Trace) -> None:
    back, w = trace_from_data(as_text(trace_to_data(trace, waterfall(trace))))
    assert {span.span_id: span for span in back.spans} == {span.span_id: span for span in trace.spans}
    again = waterfall(back)
    assert (w.start_ns, w.duration_ns) == (again.start_ns, again.duration_ns)


def test_a_trace_from_before_resources_were_told_is_read() -> None:
    data = trace_to_data(samples.FULL_TRACE, waterfall(samples.FULL_TRACE))
    for span in data["spans"]:
        del span["resource"], span["scope"]
    assert {(len(span.resource), span.scope) for span in trace_from_data(data)[0].spans} == {(0, "")}


@pytest.mark.parametrize("trace", [None, samples.FULL_TRACE])
def test_what_a_call_caused_comes_back(trace: Trace | None) -> None:
    lines = samples.LINES if trace else ()
    data = as_text(reply_to_data(samples.REPLIES[0]) | caused_to_data(trace, lines))
    found, read = caused_from_data(data)
    assert read == lines
    assert (found is None) == (trace is None)
    if found is not None:
        assert trace_to_data(*found) == data["trace"]
    assert caused_from_data(reply_to_data(samples.REPLIES[0])) == (None, ())


def test_what_mends_is_known_again_if_it_is_a_command() -> None:
    back = findings_from_data(findings_to_data(samples.FINDINGS))
    assert back[0].mend == samples.FINDINGS[0].mend
    assert back[1].mend is not None and back[1].mend.kind is findings.MendKind.TOLD
    assert back[2].mend is None


def test_services_read_back_look_the_same() -> None:
    shown = services_table(samples.SERVICES, now=samples.NOW)
    back = services_from_data(services_to_data(samples.SERVICES, samples.NOW))
    assert [plain(line) for line in services_table(back)] == [plain(line) for line in shown]
    assert back[0].reasons == (Reason(ReasonKind.TOLD, detail="web-1: waits for db, which is starting since 1h"),)


@pytest.mark.parametrize("reply", samples.REPLIES, ids=lambda reply: str(reply.status))
def test_whether_a_reply_is_ok_follows_from_its_status(reply: CallReply) -> None:
    assert reply_from_data(reply_to_data(reply)).ok is reply.ok


def test_each_of_three_rounded_times_stays_as_it_was() -> None:
    found = TraceDiff("a", "b", 1_000_400, 3_000_600, (1, 1))  # 2.0002 apart
    data = diff_to_data(found)
    assert (data["before"]["duration_ms"], data["after"]["duration_ms"], data["change_ms"]) == (1.0, 3.001, 2.0)
    assert diff_to_data(diff_from_data(data)) == data


WEB = services_to_data(samples.SERVICES[:1])[0]
WHY = findings_to_data(samples.FINDINGS[:1])[0]
SPANS = trace_to_data(samples.FULL_TRACE, waterfall(samples.FULL_TRACE))
REPLY = reply_to_data(samples.REPLIES[0])


@pytest.mark.parametrize(
    ("read", "data", "said"),
    [
        (services_from_data, {}, "the document: a list expected, not an object"),
        (services_from_data, [WEB, None], "[1]: an object expected, not null"),
        (services_from_data, [WEB | {"ready": "1"}], "[0].ready: a whole number expected, not '1'"),
        (services_from_data, [{"service": "web"}], "[0].kind: it is missing"),
        (
            services_from_data,
            [WEB | {"instances": [WEB["instances"][0] | {"probe": "maybe"}]}],
            "[0].instances[0].probe: passing or failing expected, not 'maybe'",
        ),
        (
            services_from_data,
            [WEB | {"instances": [WEB["instances"][0] | {"ports": {"http": 80}}]}],
            "[0].instances[0].ports.http: text expected, not a whole number",
        ),
        (findings_from_data, [WHY | {"kind": "odd"}], "[0].kind: 'odd' is no FindingKind"),
        (findings_from_data, [WHY | {"evidence": ["x"]}], "[0].evidence[0]: 'x' does not begin with who says so"),
        (plan_from_data, {"project": "x", "operations": [{"id": "a", "kind": "fly"}]}, "operations[0].kind: 'fly' is"),
        (trace_from_data, SPANS | {"spans": [SPANS["spans"][1]]}, "spans[0].depth: 1 is below no row"),
        (trace_from_data, SPANS | {"duration_ms": float("inf")}, "duration_ms: a number expected, not inf"),
        (caused_from_data, REPLY | {"trace": SPANS | {"notes": [1]}}, "trace.notes[0]: text expected"),
        (reply_from_data, REPLY | {"status": None}, "status: a whole number expected, not null"),
        (config_from_data, {"name": "x", "services": {"a": {}}}, "services.a: the service 'a' needs image: or build:"),
        (config_from_data, [], "the document: an object expected, not a list"),
        (cost_from_data, {"duration_ms": 1, "runs_before": True}, "runs_before: a whole number expected, not true or"),
    ],
)
def test_data_of_another_shape_are_refused_with_their_place(read: Callable[[Any], Any], data: Any, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(data)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("data", [None, 1, "x", [[]], [None], {}, {"": ""}])
def test_nothing_but_the_one_error_is_raised(name: str, data: Any) -> None:
    with pytest.raises(DocumentError):
        LOSSLESS[name][1](data)


def test_a_configuration_with_hidden_secrets_is_a_configuration() -> None:
    environment = {"API_KEY": "key-secret-2", "URL": "http://u:url-secret-3@h", "PRICE": "5 $ or $HOME"}
    written = {"PRICE": "5 $$ or $$HOME"}
    config = config_of({"name": "x", "services": {"app": {"image": "app", "environment": environment | written}}})
    assert config.services["app"].environment == environment
    data = as_text(config_to_data(config))
    back = config_from_data(data)
    assert config_to_data(back) == data
    assert back.services["app"].environment == {"API_KEY": "***", "URL": "http://u:***@h", "PRICE": "5 $ or $HOME"}


def test_a_configuration_nested_too_deeply_is_refused() -> None:
    deep: Any = None
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DocumentError, match="nested too deeply"):
        config_from_data({"name": "x", "services": {}, "smoke": deep})
