"""A recording as a document, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from meshctl.model.config import ServiceSpec
from meshctl.model.containers import LogLine
from meshctl.model.recording import Recording
from meshctl.model.spans import SpanEvent
from meshctl.model.traces import CollectorStatus
from meshctl.present.documents.reading import DocumentError
from meshctl.present.documents.recording import recording_from_data, recording_to_data
from tests.spans import order, span, trace
from tests.tui import states
from tests.tui.desk import failed_order

LINES = (LogLine("orders", "orders-1", 1.5, "stdout", "\x1b]0;pwned\x07 ☕"),)


def recording(**changes: Any) -> Recording:
    """One of everything that can be in one."""
    shown = states.troubled()
    made = Recording(
        time=states.NOW,
        config=states.config(),
        services=shown.services,
        observed_at=shown.observed_at,
        usage=shown.usage,
        links=shown.links,
        events=shown.events,
        traces=(order(), failed_order()),
        collector=CollectorStatus(traces=2, dropped={"bytes": 3}),
        lines=LINES,
    )
    return replace(made, **changes)


def through_json(made: Recording) -> Recording:
    return recording_from_data(json.loads(json.dumps(recording_to_data(made))))


def test_nothing_is_lost_on_the_way_through_a_file() -> None:
    assert through_json(recording()) == recording()


def test_an_empty_one_is_one_too() -> None:
    empty = Recording(1.0, replace(states.config(), services={}))
    assert through_json(empty) == empty


def test_values_of_attributes_keep_their_types() -> None:
    values = {
        "text": "a",
        "yes": True,
        "big": 2**60,
        "part": 0.5,
        "raw": b"\x00\xff",
        "list": [1, "b"],
        "map": {"a": 1},
    }
    traced = trace(span(1, attributes=values, events=(SpanEvent("seen", 5, {"raw": b"x"}),)))
    (read,) = through_json(recording(traces=(traced,))).traces
    assert read.spans[0].attributes == values
    assert read.spans[0].events[0].attributes == {"raw": b"x"}


def test_secrets_do_not_leave_the_machine() -> None:
    """Not from settings, attributes, lines, nor as a value that the file calls a secret."""
    service = ServiceSpec(
        "db", environment={"DB_PASSWORD": "hunter2hunter2", "MODE": "dev"}, command=("--p=topsecret",)
    )
    config = replace(states.config(), services={"db": service}, secrets=("topsecret",))
    spans = trace(span(1, attributes={"http.request.header.authorization": "Bearer abcdef", "note": "topsecret"}))
    lines = (LogLine("db", "db-1", 1.0, "stdout", "connect amqp://user:fromurl@host with topsecret"),)
    text = json.dumps(recording_to_data(recording(config=config, traces=(spans,), lines=lines)))
    for secret in ("hunter2", "topsecret", "abcdef", "fromurl"):
        assert secret not in text
    assert '"MODE": "dev"' in text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "the document: an object expected, not null"),
        ({}, "format: it is missing"),
        ({"format": "something else"}, "format: this is no recording of meshctl"),
        ({"format": "meshctl.recording", "version": 2}, "version: this meshctl reads version 1, not 2"),
        ({"format": "meshctl.recording", "version": 1, "recording": {"time": 1}}, "Recording.config: it is missing"),
    ],
)
def test_what_is_no_recording_of_this_version_is_said_to_be_none(data: Any, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        recording_from_data(data)
    assert str(caught.value) == sentence
