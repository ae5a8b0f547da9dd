"""Values in full: what is written is read back, and what is none is refused with its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from meshctl.model.config import MeshConfig
from meshctl.model.containers import LogLine
from meshctl.model.events import MeshEvent
from meshctl.model.plan import Plan
from meshctl.model.status import LinkState, ServiceStatus, Usage
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceSummary
from meshctl.present.documents.reading import DocumentError
from meshctl.present.documents.values import data_of, value_of
from tests.core.config.parsing import config_of
from tests.present.documents import samples
from tests.present.documents.test_config import DOCUMENT

EDGE = ServiceEdge("web", "db", 3, 1, 0.5, 1 / 3, 10, 20, 30, "message")
VALUES: list[Any] = [
    *samples.SERVICES,
    *samples.EVENTS,
    *samples.LINES,
    *samples.SUMMARIES,
    samples.FULL_TRACE,
    samples.ORDER,
    samples.EMPTY_TRACE,
    samples.DIFF,
    samples.PLAN,
    config_of(DOCUMENT),
    LinkState("consul", False, samples.NOW, "refused", "meshctl up consul"),
    Usage((0.25, 1.0, 0.0), 2**40),
    EDGE,
    CollectorStatus(1, 2, dropped={"limit": 3}),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    data = json.loads(json.dumps(data_of(value), allow_nan=False))
    back = value_of(type(value), data)
    assert back == value
    assert data_of(back) == data


def test_numbers_and_bytes_that_json_has_no_words_for_come_back() -> None:
    data = json.loads(json.dumps(data_of(samples.ODD_TRACE), allow_nan=False))
    back = value_of(Trace, data)
    assert repr(back) == repr(samples.ODD_TRACE)


@dataclass(frozen=True)
class Anything:
    value: Any = None
    named: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(
    "value",
    [{"$bytes": "no base64"}, {"$float": "nan"}, {"$object": {"a": 1}}, {"$": {"$bytes": 1}}, [{"$object": []}, {}]],
)
def test_an_object_that_looks_like_ours_is_taken_for_nothing_else(value: Any) -> None:
    made = Anything(value, {"$bytes": "x"})
    assert value_of(Anything, json.loads(json.dumps(data_of(made)))) == made


def test_what_is_as_it_is_by_default_is_left_out() -> None:
    assert data_of(LinkState("docker", True, 1.0)) == {"name": "docker", "up": True, "since": 1.0}


def test_keys_of_a_later_version_are_passed_over() -> None:
    assert value_of(Usage, {"memory": 5, "disk": 6}) == Usage((), 5)


WEB = data_of(samples.SERVICES[0])


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (Usage, [], "Usage: an object expected, not a list"),
        (LinkState, {"name": "x", "up": True}, "LinkState.since: it is missing"),
        (LinkState, {"name": "x", "up": 1, "since": 1}, "LinkState.up: true or false expected, not a whole number"),
        (LinkState, {"name": None, "up": True, "since": 1}, "LinkState.name: text expected, not null"),
        (Usage, {"cpu": [1, "2"]}, "Usage.cpu[1]: a number expected, not '2'"),
        (Usage, {"cpu": [10**400]}, "Usage.cpu[0]: a number expected, not a whole number"),
        (Usage, {"memory": 1.5}, "Usage.memory: a whole number expected, not a number"),
        (ServiceStatus, WEB | {"kind": "zoo"}, "ServiceStatus.kind: 'zoo' is no ServiceKind"),
        (MeshEvent, {"kind": "died", "time": 1, "service": "w", "before": []}, "MeshEvent.before: a list is no Health"),
        (MeshEvent, {"kind": "died", "time": float("nan"), "service": "w"}, "MeshEvent.time: a number expected"),
        (
            TraceSummary,
            data_of(samples.SUMMARIES[0]) | {"services": {"a": "b"}},
            "TraceSummary.services.a: a whole number expected, not 'b'",
        ),
        (Anything, {"value": {"$bytes": "é"}}, "Anything.value: it is not in base64"),
        (Anything, {"named": {"$object": 1}}, "Anything.named: an object expected, not a whole number"),
    ],
)
def test_data_of_another_shape_are_refused_with_their_place(kind: type[Any], data: Any, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        value_of(kind, data)
    assert str(caught.value).startswith(said)


def test_a_pair_has_two_items() -> None:
    data = data_of(samples.DIFF) | {"spans": [1]}
    with pytest.raises(DocumentError, match=r"TraceDiff\.spans: 2 items expected, not 1"):
        value_of(type(samples.DIFF), data)


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: Any = None
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DocumentError, match="nested too deeply"):
        value_of(Anything, {"value": deep})


def test_an_error_is_short_whatever_the_data() -> None:
    with pytest.raises(DocumentError) as caught:
        value_of(MeshConfig, {"name": "x", "file": "", "services": {"s" * 10_000: "v" * 10_000}})
    assert len(str(caught.value)) < 600 and len(caught.value.path) <= 201


@pytest.mark.parametrize("kind", [MeshConfig, LogLine, Plan, ServiceStatus])
@pytest.mark.parametrize("data", [None, 1, "x", [], {}])
def test_nothing_but_the_one_error_is_raised(kind: type[Any], data: Any) -> None:
    with pytest.raises(DocumentError):
        value_of(kind, data)
