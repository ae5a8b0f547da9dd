"""The first look lets everything pass that the second would find."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.adapters.otlp.search import BytePrefilter
from tests.adapters.otlp.requests import request, span


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("espresso", "espresso"),
        ("", ""),
        ("x" * 300, "x" * 300),
        (5, "5"),
        (5, "5.0"),
        (0, "0"),
        (-7, "-7"),
        (2**62, str(2**62)),
        (0.5, ".5"),
        (3.0, "3"),
        (-0.0, "0"),
        (True, "true"),
        (False, "false"),
        (b"\xab\xcd", "ABcd"),
    ],
)
def test_a_value_passes_for_its_text_and_not_for_another(value: Any, text: str) -> None:
    data = request(span(attributes={"key": value}))
    assert BytePrefilter([("key", text)], "").attributes(data, ())
    assert not BytePrefilter([("other", text)], "").attributes(data, ())
    assert not BytePrefilter([("key", "something else")], "").attributes(data, ())


def test_what_a_resource_carries_is_not_looked_for() -> None:
    prefilter = BytePrefilter([("key", "a"), ("above", "b")], "")
    assert prefilter.attributes(request(span(attributes={"key": "a"})), (1,))
    assert not prefilter.attributes(request(span(attributes={"key": "a"})), ())


@pytest.mark.parametrize("text", ["1e400", "inf", "nan", "٣", "9" * 40, "-", "0x10"])
def test_odd_numbers_are_looked_for_without_an_error(text: str) -> None:
    assert not BytePrefilter([("key", text)], "").attributes(request(span()), ())


@pytest.mark.parametrize("text", ["needle", "NEEDLE", "Größe", "GRÖSSE"[:3], "größe"])
def test_text_passes_whatever_its_case(text: str) -> None:
    assert BytePrefilter([], text).text(request(span(attributes={"k": "a Needle of Größe"})))
    assert not BytePrefilter([], text).text(request(span(attributes={"k": "hay"})))
