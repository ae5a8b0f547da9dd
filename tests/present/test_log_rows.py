"""Log lines taken apart."""

from __future__ import annotations

import json

import pytest

from meshctl.model.containers import LogLine
from meshctl.present.lines import BAD, WARN, plain
from meshctl.present.log_rows import log_row


def row(text: str, stream: str = "stdout") -> str:
    """The row without its time."""
    return plain(log_row(LogLine("orders", "orders-1", 0.0, stream, text)))[14:]


def test_a_structured_line() -> None:
    text = json.dumps(
        {"timestamp": "t", "level": "info", "event": "order.created", "service": "orders", "order_id": 7, "note": ""}
    )
    assert row(text) == "orders-1         info    order.created  order_id=7"


def test_other_words_for_event_and_level() -> None:
    assert row('{"severity": "ERROR", "message": "no"}') == "orders-1         error   no"


@pytest.mark.parametrize("text", ["plain words", "{broken", "[1, 2]", '{"unfinished": ', '{"deep":' * 100_000])
def test_other_text_stays(text: str) -> None:
    assert row(text) == f"orders-1                 {text}"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert row("\x1b[31mred\x1b[0m\x07") == "orders-1                 red␇"
    assert row('{"event": "a\\u001b[2Jb\\nc"}').endswith("a␛[2Jb⏎c")


def test_levels_and_stderr_have_a_tone() -> None:
    error = log_row(LogLine("orders", "orders-1", 0.0, "stdout", '{"level": "error", "event": "x"}'))
    assert BAD in [span.tone for span in error]
    assert log_row(LogLine("orders", "orders-1", 0.0, "stderr", "x"))[-1].tone == WARN
