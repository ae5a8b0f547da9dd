"""``traces export``, ``import``, ``pin`` and ``unpin`` on a fake collector."""

from __future__ import annotations

import json
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from meshctl.cli.commands.traces import documents_of
from meshctl.errors import CollectorUnavailable, MeshError
from tests.cli.collector_double import UP, A, B, FakeCollector, Traces
from tests.cli.conftest import Answer
from tests.spans import summary


def test_export_writes_what_the_collector_gives(run: Traces, project: Path) -> None:
    answer = run("export", "aa", UP)
    assert [one["id"] for one in json.loads(answer.out)["resourceSpans"]] == [A, UP]
    answer = run("export", B, output="kept.json")
    assert (answer.out, answer.err) == ("", "1 trace written to kept.json\n")
    assert json.loads((project / "kept.json").read_text())["resourceSpans"][0]["id"] == B


def test_export_without_ids_takes_what_the_filters_find(run: Traces) -> None:
    assert [one["id"] for one in json.loads(run("export", error=True).out)["resourceSpans"]] == [B]
    answer = run("export", service="nobody")
    assert answer.code == 1 and "nothing to export" in answer.err


def test_an_export_of_very_many_is_put_together(run: Traces, collector: FakeCollector) -> None:
    collector.others = [summary(n) for n in range(1, 450)]
    assert len(json.loads(run("export", limit=1_000).out)["resourceSpans"]) == 452


def test_export_to_where_nobody_may_write(run: Traces) -> None:
    answer = run("export", A, output="no/such/folder.json")
    assert answer.code == 2 and "no/such/folder.json: No such file" in answer.err


def test_import_sends_the_file_as_it_is(run: Traces, collector: FakeCollector, project: Path) -> None:
    content = b'{ "resourceSpans": [{"resource": {}, "unknown": 1.0}]}\n'
    (project / "kept.json").write_bytes(content)
    assert run("import", "kept.json") == Answer(0, "2 spans taken from kept.json\n", "")
    assert collector.sent == [content]
    assert json.loads(run("import", "kept.json", json=True).out) == {"file": "kept.json", "spans": 2}


def test_import_reads_standard_input(run: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b'{"resourceSpans": []}')))
    assert run("import", "-").out == "0 spans taken from -\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[]", "has no list 'resourceSpans'"),
        (b'{"resourceSpans": {}}', "has no list 'resourceSpans'"),
        (b'{"resourceSpans": [1]}', "has no list 'resourceSpans'"),
        (b'{"resourceSpans": []}\nrubbish\n', "neither JSON nor one JSON document a line"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_file_is_told_with_its_reason(
    run: Traces, collector: FakeCollector, project: Path, content: bytes, reason: str
) -> None:
    (project / "bad.json").write_bytes(content)
    answer = run("import", "bad.json")
    assert answer.code == 2 and reason in answer.err and "bad.json" in answer.err
    assert collector.sent == []


def test_a_file_that_is_not_there(run: Traces) -> None:
    assert (run("import", "none.json").code, run("import", ".").code) == (2, 2)


def test_a_file_that_the_collector_refuses_is_a_bad_file(run: Traces, collector: FakeCollector, project: Path) -> None:
    (project / "kept.json").write_text('{"resourceSpans": []}')
    collector.error = MeshError("the collector refused it: bad span id")
    answer = run("import", "kept.json")
    assert answer.code == 2 and "kept.json: the collector refused it" in answer.err


def test_one_document_a_line_is_taken_too() -> None:
    lines = b'{"resourceSpans":[{"a":1}]}\n\n{"resourceSpans":[{"b":2}]}\n'
    assert documents_of(lines, "f") == [b'{"resourceSpans":[{"a":1}]}', b'{"resourceSpans":[{"b":2}]}']


def test_pin_and_unpin(run: Traces, collector: FakeCollector) -> None:
    assert run("pin", "aa", "up").out.splitlines()[0] == f"{A} is kept whatever the limits say"
    assert collector.pins == {A: True, UP: True}
    assert json.loads(run("unpin", "aa", json=True).out) == [{"trace_id": A, "pinned": False}]
    assert collector.pins[A] is False


def test_importing_without_a_collector_is_no_bad_file(run: Traces, collector: FakeCollector, project: Path) -> None:
    (project / "kept.json").write_text('{"resourceSpans": []}')
    collector.error = CollectorUnavailable("no collector answers")
    assert run("import", "kept.json").code == 3
