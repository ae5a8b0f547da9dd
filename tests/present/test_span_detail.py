"""One span in words."""

from __future__ import annotations

import pytest
from rich.cells import cell_len as terminal_cells

from meshctl.core.traces.waterfall import waterfall
from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanLink
from meshctl.present.lines import BAD, Line, plain
from meshctl.present.span_detail import attribute_lines, event_lines, title_line
from tests.spans import BEGIN_NS, MS, TRACE, order, span, trace

STACK = 'Traceback (most recent call last):\n  File "/app/orders/api.py", line 7, in place\n    pay()\nValueError: no\n'


def texts(lines: list[Line]) -> list[str]:
    return [plain(line).rstrip() for line in lines]


def events_of(*events: SpanEvent, links: tuple[SpanLink, ...] = (), width: int = 80) -> list[str]:
    w = waterfall(trace(span(1, ms=40), span(2, 1, at=5, events=events, links=links)))
    return texts(event_lines(w.rows[1], w, width))


def test_the_title_says_where_how_long_and_whether_it_counts() -> None:
    w = waterfall(order())
    assert plain(title_line(w, 6, 100)) == (
        " POST /reserve · inventory-1 · 9.2 ms (self 4.2 ms) · on the critical path"
    )
    assert plain(title_line(w, 11, 100)) == " run/send_email · worker-1 · 41.0 ms · ⤷ after the root ended"
    assert plain(title_line(w, 6, 30)) == " POST /reserve · inventory-1…"


def test_the_title_tells_every_mark() -> None:
    failed = span(2, 1, kind=SpanKind.CLIENT, error=True, attributes={"mesh.attempt": 2})
    w = waterfall(trace(span(1, ms=9), failed))
    assert plain(title_line(w, 1, 100)).endswith("on the critical path · ✖ error · ↻ retry 1")


def test_attributes_are_grouped_sorted_and_followed_by_the_resource() -> None:
    one = span(
        1,
        kind=SpanKind.SERVER,
        scope="meshkit 0.1",
        attributes={"zeta": 1, "mesh.attempt": 2, "http.route": "/x", "db.system": "postgresql", "app.ok": True},
        resource={"service.name": "orders", "host.name": "h1"},
    )
    assert texts(attribute_lines(one, 60)) == [
        " service   orders",
        " kind      server",
        " span      0000000000000001",
        " scope     meshkit 0.1",
        " status    unset",
        "",
        " http.route    /x",
        " db.system     postgresql",
        " mesh.attempt  2",
        " app.ok        true",
        " zeta          1",
        "",
        " resource",
        " host.name     h1",
        " service.name  orders",
    ]


def test_a_failed_span_tells_its_message_in_red() -> None:
    lines = attribute_lines(span(1, error=True, status_message="no stock"), 60)
    told = next(line for line in lines if "no stock" in plain(line))
    assert plain(told) == " status    error · no stock"
    assert told[-1].tone == BAD


@pytest.mark.parametrize(
    "key",
    [
        "http.request.header.authorization",
        "http.request.header.Cookie",
        "http.response.header.set-cookie",
        "http.request.header.set_cookie",
        "http.request.header.x-api-key",
        "app.password",
        "githubToken",
    ],
)
@pytest.mark.parametrize("value", ["Bearer abc", ["Bearer abc"], b"abc"])
def test_secrets_are_hidden(key: str, value: object) -> None:
    text = "\n".join(texts(attribute_lines(span(1, attributes={key: value}), 80)))
    assert "***" in text and "abc" not in text


def test_passwords_in_urls_are_hidden_and_keys_that_only_route_are_not() -> None:
    attributes = {
        "url.full": "http://user:hunter2@host/x?token=abcdef",
        "messaging.rabbitmq.destination.routing_key": "order.created",
        "db.statement": "SELECT 1",
    }
    text = "\n".join(texts(attribute_lines(span(1, attributes=attributes), 120)))
    assert "hunter2" not in text and "abcdef" not in text
    assert "order.created" in text


def test_values_of_every_type_are_shown() -> None:
    attributes = {
        "a": ["x", 1],
        "b": {"k": [True, b"\x01"]},
        "c": b"\xff\x00",
        "d": 1.5,
        "e": None,
        "f": "",
        "g": False,
    }
    assert texts(attribute_lines(span(1, attributes=attributes), 80))[5:] == [
        ' a         ["x", 1]',
        ' b         {"k": "[true, \\"1 bytes 01\\"]"}',
        " c         2 bytes ff00",
        " d         1.5",
        " e         None",
        " f",
        " g         false",
    ]


def test_long_values_are_wrapped_to_four_lines_and_then_cut() -> None:
    shown = texts(attribute_lines(span(1, attributes={"k": "abcdefghij" * 100}), 31))[5:]
    assert shown == [
        " k         abcdefghijabcdefghij",
        "           abcdefghijabcdefghij",
        "           abcdefghijabcdefghij",
        "           abcdefghijabcdefghi…",
    ]


def test_events_have_the_time_since_the_trace_began() -> None:
    assert events_of(SpanEvent("retry", BEGIN_NS + 7 * MS, {"attempt": 2, "why": "503"})) == [
        "   +7.0 ms  retry",
        "   attempt   2",
        "   why       503",
    ]


def test_events_move_along_when_a_clock_was_corrected() -> None:
    server = span(2, 1, "users", at=900, ms=10, kind=SpanKind.SERVER, events=(SpanEvent("x", BEGIN_NS + 904 * MS),))
    w = waterfall(trace(span(1, ms=20, kind=SpanKind.CLIENT), server))
    assert texts(event_lines(w.rows[1], w, 60)) == ["   +9.0 ms  x"]


def test_an_exception_is_told_with_type_message_and_stack() -> None:
    attributes = {
        "exception.type": "ValueError",
        "exception.message": "no",
        "exception.stacktrace": STACK,
        "exception.escaped": "False",
    }
    assert events_of(SpanEvent("exception", BEGIN_NS + 5 * MS, attributes)) == [
        "   +5.0 ms  exception",
        "   ValueError: no",
        "   Traceback (most recent call last):",
        '     File "/app/orders/api.py", line 7, in place',
        "       pay()",
        "   ValueError: no",
        "   exception.escaped  False",
    ]


def test_of_a_long_stack_the_end_is_shown() -> None:
    stack = "\n".join(f"frame {n}" for n in range(500))
    shown = events_of(SpanEvent("exception", BEGIN_NS, {"exception.stacktrace": stack}))
    assert shown[1:3] == ["   … 440 lines left out …", "   frame 440"]
    assert shown[-1] == "   frame 499"


def test_links_tell_where_they_lead() -> None:
    links = (SpanLink(TRACE, "00000000000000aa"), SpanLink("f" * 32, "00000000000000bb", {"why": "batch"}))
    assert events_of(links=links, width=120) == [
        f" link  trace {TRACE}  span 00000000000000aa (this trace)",
        f" link  trace {'f' * 32}  span 00000000000000bb",
        "   why       batch",
    ]


def test_nothing_is_told_as_nothing() -> None:
    assert events_of() == [" No events and no links."]


@pytest.mark.parametrize("width", [1, 8, 20, 47, 80, 200])
def test_no_line_is_wider_than_the_terminal_counts_it(width: int) -> None:
    nasty = "注文\x1b[2J\n" * 40
    one: Span = span(
        1,
        name=nasty,
        error=True,
        status_message=nasty,
        scope=nasty,
        attributes={nasty: nasty, "k": [nasty]},
        resource={"r": nasty},
        events=(
            SpanEvent(nasty, 0, {nasty: nasty}),
            SpanEvent("exception", 2**63, {"exception.message": nasty, "exception.stacktrace": nasty}),
        ),
        links=(SpanLink(nasty, nasty, {nasty: nasty}),),
    )
    w = waterfall(trace(one))
    for line in [title_line(w, 0, width), *attribute_lines(one, width), *event_lines(w.rows[0], w, width)]:
        assert terminal_cells(plain(line)) <= width
        assert plain(line).isprintable()
