"""The waterfall's lines: what stands where, at any width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len as terminal_cells

from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.view import everything, visible, whole
from meshctl.model.spans import Span, SpanKind
from meshctl.model.traces import Trace
from meshctl.model.waterfall import Waterfall, Window
from meshctl.present.lines import ACCENT, BAD, plain, service_tone
from meshctl.present.ruler import ruler_text, span_time
from meshctl.present.waterfall import (
    bar_span,
    header_line,
    name_width,
    printed,
    row_line,
    ruler_line,
)
from tests.spans import MS, order, span, trace

CLIENT = SpanKind.CLIENT
WIDTHS = (60, 61, 79, 80, 100, 120, 137, 200, 300)


ORDER = [
    " POST /orders/   201   40.0 ms   12 spans   6 services   no errors     critical path 40.0 ms, 25.0 ms in orders",
    "                                                  0             20            40            60    75 ms",
    " ▾ meshctl          POST /orders/ → orders        █━━━━━━━━━━━━━━━━━━━━━━━━━━██                          40.0 ms",
    "   ▾ orders         POST /orders/                 █━━━━█━━━━━━━━██━███████████                           38.2 ms",
    "     ▾ orders       GetUser → users                █━━██                                                  6.1 ms",
    "       ▾ users      GetUser                         █━█                                                   4.0 ms",
    "         · users    SELECT users                    ███                                                   2.0 ms",
    "     ▾ orders       POST /reserve → inventory           █━━━━━━██                                        11.3 ms",
    "       ▾ inventory  POST /reserve                        █━━━███                                          9.2 ms",
    "         · inventory UPDATE items                        █████                                            5.0 ms",
    "     ▾ orders       orders publish → notificatio…                ███                                      3.0 ms",
    "       ▾ notifications orders process                                ━━━━━━━                              9.0 ms",
    "         ▾ notifications apply_async/send_email…                      ━━━                                 3.0 ms",
    "           · worker run/send_email              ⤷                         ⤷━━━━━━━━━━━━━━━━━━━━━━━━━━━━  41.0 ms",
]
NARROW = [
    " POST /orders/   40.0 ms   no errors",
    "                           0               50 75 ms",
    " ▾ meshctl POST /orders/…  █━━━━━━━━━━━█             40.0 ms",
    "  ▾ orders POST /orders/   █━█━━━█━█████             38.2 ms",
    "   ▾ orders GetUser → use… █━█                        6.1 ms",
    "    ▾ users GetUser        ███                        4.0 ms",
    "     · users SELECT users   █                         2.0 ms",
    "   ▾ orders POST /reserve…   █━━━█                   11.3 ms",
    "    ▾ inventory POST /res…    █━██                    9.2 ms",
    "     · inventory UPDATE i…    ███                     5.0 ms",
    "   ▾ orders orders publis…        █                   3.0 ms",
    "    ▾ notifications order…         ━━━━               9.0 ms",
    "     ▾ notifications appl…          ━━                3.0 ms",
    "      · worker run/send… ⤷           ⤷━━━━━━━━━━━━━  41.0 ms",
]


def lines(w: Waterfall, width: int) -> list[str]:
    return [plain(line).rstrip() for line in printed(w, width)]


def row(w: Waterfall, index: int, width: int = 136, window: Window | None = None) -> str:
    return plain(row_line(w, index, window or whole(w), width))


def bar(w: Waterfall, index: int, width: int = 136, window: Window | None = None) -> str:
    return row(w, index, width, window)[name_width(width) : -9]


def nasty() -> Trace:
    """Names of all kinds, all marks at once, a tree deeper than there is room."""
    names = [
        "注文を作成する" * 6,
        "a\x1b[2J\nb\x00",
        "e\u0301" * 30,
        "\u202eright to left",
        "⚡" * 20,
        "",
        "\ud800",
        "x" * 300,
    ]
    spans = [
        span(
            n + 1,
            n,
            name,
            name or "?",
            ms=90 - n,
            kind=CLIENT,
            error=n % 2 == 0,
            attributes={"mesh.attempt": n, "mesh.rate_limited": True},
        )
        for n, name in enumerate(names)
    ]
    deep = [span(n + 1, n, ms=50) for n in range(len(names), 60)]
    return trace(*spans, *deep, span(900, 777, error=True, ms=0))


def test_an_order_at_112_columns() -> None:
    spans = list(order().spans)
    spans[1] = replace(spans[1], attributes={"http.response.status_code": 201})
    assert lines(waterfall(trace(*spans)), 112) == ORDER


def test_an_order_at_60_columns() -> None:
    assert lines(waterfall(order()), 60) == NARROW


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("made", [order(), nasty()], ids=["order", "nasty"])
def test_every_row_is_as_wide_as_the_terminal_counts_it(made: Trace, width: int) -> None:
    w = waterfall(made)
    for collapsed in (False, True):
        for index in range(len(w.rows)):
            line = plain(row_line(w, index, whole(w), width, collapsed=collapsed))
            assert terminal_cells(line) == width, line
            assert line.isprintable()
    assert terminal_cells(plain(ruler_line(w, whole(w), width))) == width
    assert terminal_cells(plain(header_line(w, width))) <= width


@pytest.mark.parametrize("width", range(1, 60))
def test_no_width_is_too_small_to_be_drawn(width: int) -> None:
    w = waterfall(order())
    assert all(
        terminal_cells(plain(line)) <= width for line in [header_line(w, width), row_line(w, 3, whole(w), width)]
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_cut_says_so(width: int) -> None:
    name = "abcdefghijklmnopqrstuvwxyz" * 8
    text = row(waterfall(trace(span(1, name=name))), 0, width)
    shown = text[: name_width(width)].split()[-1]
    assert shown.endswith("…") and name.startswith(shown[:-1])


def test_the_header_drops_by_rank_and_keeps_the_name() -> None:
    w = waterfall(order())
    assert plain(header_line(w, 160)).endswith("critical path 40.0 ms, 25.0 ms in orders")
    shown = [plain(header_line(w, width)).split("   ") for width in (100, 80, 70, 45, 30)]
    assert [[part.strip() for part in parts if part.strip()] for parts in shown] == [
        ["POST /orders/", "40.0 ms", "12 spans", "6 services", "no errors", "critical path 40.0 ms"],
        ["POST /orders/", "40.0 ms", "12 spans", "no errors", "critical path 40.0 ms"],
        ["POST /orders/", "40.0 ms", "no errors", "critical path 40.0 ms"],
        ["POST /orders/", "40.0 ms", "no errors"],
        ["POST /orders/", "40.0 ms"],
    ]


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ({"http.response.status_code": 503}, "503"),
        ({"http.status_code": 200}, "200"),
        ({"rpc.grpc.status_code": 0}, "OK"),
        ({"rpc.grpc.status_code": 8}, "RESOURCE_EXHAUSTED"),
        ({"rpc.response.status_code": "NOT_FOUND"}, "NOT_FOUND"),
    ],
)
def test_the_header_tells_the_status_of_the_answer(attributes: dict[str, object], shown: str) -> None:
    text = plain(header_line(waterfall(trace(span(1, attributes=attributes))), 120))
    assert text.startswith(f" work 1   {shown}   1.0 ms   1 span   1 service   no errors")


def test_errors_are_counted_and_an_empty_trace_is_told() -> None:
    assert "   2 errors" in plain(header_line(waterfall(trace(span(1, error=True), span(2, 1, error=True))), 120))
    assert plain(header_line(waterfall(trace()), 120)) == " no spans"


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "columns", "text"),
    [
        (0, 38.2, 50, "0            10           20           30    38 ms"),
        (0, 0.64, 30, "0        200      400   640 µs"),
        (0, 2_500, 40, "0.0     0.5     1.0     1.5        2.5 s"),
        (10_000, 10_000.5, 44, "10.0000          10.0002           10.0005 s"),
        (0, 0.00005, 40, "0       10      20      30      40 50 ns"),
        (0, 0, 5, "     "),
    ],
)
def test_the_ruler_has_round_ticks(start_ms: float, end_ms: float, columns: int, text: str) -> None:
    assert ruler_text(int(start_ms * MS), int(end_ms * MS), columns) == text


def test_a_tick_stands_where_its_time_is() -> None:
    text = ruler_text(0, 100 * MS, 100)
    assert [text.index(label) for label in ("0 ", "10 ", "50 ", "80 ")] == [0, 10, 50, 80]
    assert text.endswith("100 ms")


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0 µs"), (420, "0.4 µs"), (64_000, "64 µs"), (99_499, "99 µs"), (99_500, "0.1 ms"), (38_200_000, "38.2 ms")],
)
def test_times_have_units_and_three_figures(nanoseconds: int, text: str) -> None:
    assert span_time(nanoseconds) == text


def shown_bars(*spans: Span, window: Window | None = None) -> list[str]:
    w = waterfall(trace(*spans))
    return [bar(w, index, 136, window).rstrip() for index in range(len(w.rows))]


def test_what_is_critical_has_another_shape_and_another_tone() -> None:
    w = waterfall(trace(span(1, ms=66), span(2, 1, at=10, ms=40), span(3, 1, at=10, ms=20)))
    assert [bar(w, index).rstrip() for index in range(3)] == [
        "█" * 10 + "━" * 40 + "█" * 16,
        " " * 10 + "█" * 40,
        " " * 10 + "━" * 20,
    ]
    tones = {
        part.text.strip(): part.tone for part in row_line(w, 0, whole(w), 136) if "━" in part.text or "█" in part.text
    }
    assert tones == {"█" * 10: ACCENT, "━" * 40: service_tone("orders"), "█" * 16: ACCENT}


def test_a_failed_span_is_drawn_as_failed_wherever_it_lies() -> None:
    w = waterfall(trace(span(1, ms=66, error=True)))
    assert {part.tone for part in row_line(w, 0, whole(w), 120) if "█" in part.text} == {BAD}


def test_spans_without_length_and_very_short_ones_are_seen() -> None:
    assert shown_bars(span(1, ms=66), span(2, 1, at=33, ms=0), span(3, 1, at=66, ms=0), span(4, 1, at=1, ms=0.001))[
        1:
    ] == [
        " █",
        " " * 33 + "│",
        " " * 65 + "│",
    ]


def test_late_work_is_drawn_past_the_end_of_the_root() -> None:
    bars = shown_bars(span(1, ms=33), span(2, 1, at=44, ms=22))
    assert bars == ["█" * 33, " " * 44 + "⤷" + "━" * 21]


def test_what_lies_outside_the_window_has_an_arrow_at_its_edge() -> None:
    spans = (span(1, ms=66), span(2, 1, at=1, ms=9), span(3, 1, at=50, ms=9), span(4, 1, at=20, ms=20))
    assert shown_bars(*spans, window=Window(30 * MS, 40 * MS)) == ["━" * 66, "‹", "█" * 66, " " * 65 + "›"]


def test_a_bar_knows_its_cells() -> None:
    w = waterfall(trace(span(1, ms=100), span(2, 1, at=50, ms=25), span(3, 1, at=99.99, ms=0.001)))
    assert [bar_span(row, whole(w), 10) for row in w.rows] == [(0, 10), (5, 8), (9, 10)]
    assert bar_span(w.rows[1], Window(80 * MS, 90 * MS), 10) == (0, 0)
    assert bar_span(w.rows[1], Window(10 * MS, 20 * MS), 10) == (10, 10)


def test_late_work_that_would_dwarf_the_root_does_not() -> None:
    w = waterfall(trace(span(1, ms=40), span(2, 1, at=50, ms=9_000)))
    assert (whole(w), everything(w)) == (Window(0, 80 * MS), Window(0, 9_050 * MS))


def test_collapsed_rows_hide_what_is_below_them() -> None:
    w = waterfall(order())
    assert visible(w, frozenset()) == list(range(12))
    assert visible(w, {w.rows[2].span.span_id, w.rows[8].span.span_id}) == [0, 1, 2, 5, 6, 7, 8]
    assert visible(w, {w.rows[0].span.span_id}) == [0]
    assert plain(row_line(w, 2, whole(w), 160, collapsed=True)).split()[:6] == [
        "▸",
        "orders",
        "GetUser",
        "→",
        "users",
        "+2",
    ]


def test_marks_have_words_where_there_is_room_and_signs_where_there_is_not() -> None:
    spans = (span(1, ms=90), span(2, 1, name="POST /reserve", kind=CLIENT, error=True, attributes={"mesh.attempt": 3}))
    w = waterfall(trace(*spans))
    assert "✖ error ↻ retry 2" in row(w, 1, 200)
    assert "✖ ↻" in row(w, 1, 80)
    assert "✖ ↻" in row(w, 1, 60)


def test_a_database_is_named_as_the_target_of_a_call() -> None:
    call = span(2, 1, name="SELECT", kind=CLIENT, attributes={"db.system": "postgresql"})
    assert "SELECT → postgresql" in row(waterfall(trace(span(1, ms=9), call)), 1, 200)


def test_notes_stand_below_the_rows() -> None:
    assert lines(waterfall(trace(span(1, 9))), 60)[-2:] == [
        " 1 span came without its parent; it stands as a root.",
        " The root has not arrived.",
    ]
