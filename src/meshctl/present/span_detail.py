"""One span in words: title, attributes, events with the exception, links."""

from __future__ import annotations

from meshctl.model.spans import Span, SpanEvent, SpanStatus
from meshctl.model.waterfall import Waterfall, WaterfallRow
from meshctl.present.attributes import MOST_LINES, grouped, pair_lines, shown_value
from meshctl.present.lines import ACCENT, BAD, GOOD, MUTED, STRONG, WARN, Line, Segment, fit_line, service_tone
from meshctl.present.ruler import span_time
from meshctl.present.text import pad, wrap
from meshctl.present.waterfall import SIGNS, mark_word

_EXCEPTION = ("exception.type", "exception.message", "exception.stacktrace")
_MOST_FRAMES = 60


def title_line(w: Waterfall, index: int, width: int) -> Line:
    """``POST /reserve · inventory-1 · 11.3 ms (self 2.1 ms) · on the critical path``."""
    row = w.rows[index]
    span = row.span
    parts: list[Segment] = [
        Segment(span.name, STRONG),
        Segment(span.instance or span.service, service_tone(span.service)),
        Segment(_took(row), BAD if span.failed else ""),
    ]
    if row.critical:
        parts.append(Segment("on the critical path", ACCENT))
    parts += [Segment(f"{SIGNS[mark][0]} {mark_word(span, mark)}", SIGNS[mark][1]) for mark in row.marks]
    joined = [piece for part in parts for piece in (Segment(" · ", MUTED), part)][1:]
    return fit_line((Segment(" "), *joined), width)


def _took(row: WaterfallRow) -> str:
    if not row.descendants or row.self_ns == row.duration_ns:
        return span_time(row.duration_ns)
    return f"{span_time(row.duration_ns)} (self {span_time(row.self_ns)})"


def attribute_lines(span: Span, width: int) -> list[Line]:
    """What the span is, its attributes by group, and those of its resource."""
    lines = _facts(span, width)
    attributes = grouped(span.attributes)
    lines += [(), *pair_lines(attributes, width)] if attributes else []
    resource = sorted(span.resource.items())
    lines += [(), (Segment(" resource", MUTED),), *pair_lines(resource, width)] if resource else []
    return [fit_line(line, width) for line in lines]


def _facts(span: Span, width: int) -> list[Line]:
    tones = {SpanStatus.OK: GOOD, SpanStatus.ERROR: BAD, SpanStatus.UNSET: ""}
    status = f"{span.status.value} · {span.status_message}" if span.status_message else span.status.value
    pairs = [("service", span.service), ("kind", span.kind.value), ("span", span.span_id)]
    if span.scope:
        pairs.append(("scope", span.scope))
    head = pair_lines(pairs, width)
    told = wrap(shown_value("", status), max(1, width - 11), MOST_LINES)
    label = [Segment(f" {pad('status' if number == 0 else '', 8)}  ", MUTED) for number in range(len(told))]
    return [*head, *((label[n], Segment(part, tones[span.status])) for n, part in enumerate(told))]


def event_lines(row: WaterfallRow, w: Waterfall, width: int) -> list[Line]:
    """Events with their time since the trace began, the exception with its stack, links to other spans."""
    lines: list[Line] = []
    moved = row.start_ns + w.start_ns - row.span.start_ns
    for event in row.span.events:
        offset = event.time_ns + moved - w.start_ns
        lines += _event(event, offset, width)
    for link in row.span.links:
        here = " (this trace)" if link.trace_id == w.trace_id else ""
        text = f"trace {link.trace_id}  span {link.span_id}{here}"
        lines += [
            (Segment(" link  ", MUTED), Segment(text)),
            *pair_lines(grouped(link.attributes), width, indent=3),
        ]
    if not lines:
        lines = [(Segment(" No events and no links.", MUTED),)]
    return [fit_line(line, width) for line in lines]


def _event(event: SpanEvent, offset_ns: int, width: int) -> list[Line]:
    bad = event.name == "exception"
    when = f"{'-' if offset_ns < 0 else '+'}{span_time(abs(offset_ns))}"
    name = Segment(event.name, BAD if bad else STRONG)
    lines: list[Line] = [(Segment(f" {pad(when, 9, right=True)}  ", MUTED), name)]
    rest = [pair for pair in grouped(event.attributes) if not (bad and pair[0] in _EXCEPTION)]
    if bad:
        lines += _exception(event, width)
    return [*lines, *pair_lines(rest, width, indent=3)]


def _exception(event: SpanEvent, width: int) -> list[Line]:
    kind, message, stack = (shown_value("", event.attributes.get(key, "")) for key in _EXCEPTION)
    said = f"{kind}: {message}" if kind and message else kind or message
    lines: list[Line] = [(Segment(f"   {part}", BAD),) for part in wrap(said, max(1, width - 3), MOST_LINES) if part]
    frames = stack.rstrip().split("\n") if stack.strip() else []
    if len(frames) > _MOST_FRAMES:
        gone = len(frames) - _MOST_FRAMES
        frames = [f"… {gone:,} lines left out …", *frames[-_MOST_FRAMES:]]
    own = [(Segment(f"   {frame}", WARN if _is_place(frame) else MUTED),) for frame in frames]
    return [*lines, *own]


def _is_place(frame: str) -> bool:
    return frame.lstrip().startswith('File "') and "site-packages" not in frame
