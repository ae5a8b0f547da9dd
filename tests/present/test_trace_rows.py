"""The list of traces."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from rich.cells import cell_len as terminal_cells

from meshctl.present.lines import BAD, plain, service_tone
from meshctl.present.trace_rows import list_header, list_row, matches, slowest, trace_table
from tests.spans import BEGIN_NS, summary

SERVICES = {"orders": 4, "users": 2, "worker": 1}
AT = datetime.fromtimestamp(BEGIN_NS / 1e9).astimezone().strftime("%H:%M:%S")


def test_a_row_under_its_header() -> None:
    one = summary(spans=1_234, errors=2, services=SERVICES)
    assert plain(list_header(100)) == (
        "   time      service         operation               duration               spans  errors  services "
    )
    assert plain(list_row(one, 100, 80_000_000)) == (
        f" ✖ {AT}  orders          POST /orders/            40.0 ms  ━━━━━        1,234     ✖ 2         3 "
    )


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (60, ["service", "operation", "duration", "errors"]),
        (70, ["time", "service", "operation", "duration", "errors"]),
        (80, ["time", "service", "operation", "duration", "spans", "errors"]),
        (160, ["time", "service", "operation", "duration", "spans", "errors", "services"]),
    ],
)
def test_columns_go_by_rank(width: int, titles: list[str]) -> None:
    assert plain(list_header(width)).split() == titles


@pytest.mark.parametrize("width", [40, 60, 61, 80, 100, 131, 160, 240, 300])
@pytest.mark.parametrize("name", ["POST /orders/", "注文を作成する" * 9, "a\x1b[2J\nb", ""])
def test_rows_and_header_are_as_wide_as_the_terminal_counts_them(width: int, name: str) -> None:
    one = summary(name=name, service=name, services={name: 1}, errors=12_345, spans=1_234_567, truncated=4, pinned=True)
    for line in (list_header(width), list_row(one, width, 1)):
        assert terminal_cells(plain(line)) == width
        assert plain(line).isprintable()


def test_wide_lists_name_the_services() -> None:
    assert "orders, users, worker" in plain(list_row(summary(services=SERVICES), 200, 1))


def test_bars_are_relative_to_the_slowest_and_always_seen() -> None:
    traces = [summary(1, ms=100), summary(2, ms=50), summary(3, ms=0)]
    rows = [plain(list_row(one, 120, slowest(traces))) for one in traces]
    assert [len(re.findall("━", row)) for row in rows] == [10, 5, 1]
    assert slowest([]) == 0


def test_errors_pins_and_missing_roots_have_signs() -> None:
    failed, pinned, headless = summary(errors=1), summary(pinned=True), summary(has_root=False)
    assert list_row(failed, 100, 1)[0].text == " ✖ " and list_row(failed, 100, 1)[0].tone == BAD
    assert list_row(pinned, 100, 1)[0].text == " ★ "
    assert "orders ?" in plain(list_row(headless, 100, 1))


def test_a_service_has_its_own_colour() -> None:
    assert service_tone("orders") in [part.tone for part in list_row(summary(), 100, 1)]


def test_a_filter_finds_words_wherever_they_stand() -> None:
    one = summary(0xABC, services=SERVICES, errors=1)
    assert matches(one, "POST worker") and matches(one, "abc") and matches(one, "ERROR") and matches(one, "")
    assert not matches(one, "pinned") and not matches(one, "orders inventory")


def test_the_table_is_aligned_and_ids_can_be_typed() -> None:
    traces = [
        summary(1, errors=2, services=SERVICES),
        summary(0xFFFF << 112, name="GET /users/{id}", ms=2_500, spans=20),
    ]
    assert [plain(line).rstrip() for line in trace_table(traces, 120)] == [
        "TRACE         TIME      SERVICE  OPERATION           DURATION  SPANS  ERRORS  SERVICES",
        f"000000000000  {AT}  orders   POST /orders/        40.0 ms      3     ✖ 2  orders, users, worker",
        f"ffff00000000  {AT}  orders   GET /users/{{id}}        2.5 s     20          orders",
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_of_the_table_is_wider_than_the_terminal(width: int) -> None:
    one = summary(name="x" * 300, services={f"service-{n}": 1 for n in range(30)})
    assert all(terminal_cells(plain(line)) <= width for line in trace_table([one], width))
