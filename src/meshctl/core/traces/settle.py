"""Whether a trace has settled: what it still waits for, as far as its spans tell."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.model.spans import Span, SpanKind

#: What a producer sets when its broker has found no queue for the message.
UNROUTED = "mesh.unrouted"
_ANSWERS = (SpanKind.CONSUMER, SpanKind.SERVER)
#: Consumers that are named; of more only how many.
_NAMED = 3


def waits_for(spans: Sequence[Span], root_id: str = "") -> str:
    """'' when the root has ended, every parent is here, and every message that went out has met a consumer.

    ``root_id`` is the span of whoever asks: it stands for the root, whatever parent it names, and waits for something
    that it has caused.
    """
    missing = [_root(spans, root_id), _parents(spans, root_id), _served(spans, root_id), _consumers(spans)]
    return ", ".join(part for part in missing if part)


def _root(spans: Sequence[Span], root_id: str) -> str:
    here = any(span.span_id == root_id if root_id else not span.parent_id for span in spans)
    return "" if here else "the root has not ended"


def _parents(spans: Sequence[Span], root_id: str) -> str:
    named = {span.parent_id for span in spans if span.parent_id}
    # What stands above the root belongs to somebody who may never send it.
    above = {span.parent_id for span in spans if root_id and span.span_id == root_id}
    missing = named - {span.span_id for span in spans} - above
    if not missing:
        return ""
    return "1 parent has not arrived" if len(missing) == 1 else f"{len(missing):,} parents have not arrived"


def _served(spans: Sequence[Span], root_id: str) -> str:
    if not root_id or any(span.parent_id == root_id for span in spans):
        return ""
    return next((f"nothing has come of {span.name or 'the request'}" for span in spans if span.span_id == root_id), "")


def _consumers(spans: Sequence[Span]) -> str:
    sent = {span.span_id: span for span in spans if span.kind is SpanKind.PRODUCER and not span.failed}
    if not sent:
        return ""
    for span in spans:
        if span.kind is SpanKind.CONSUMER:
            for link in span.links:
                sent.pop(link.span_id, None)
        if span.kind in _ANSWERS or (span.parent_id in sent and sent[span.parent_id].service != span.service):
            sent.pop(span.parent_id, None)
    awaited = (span for span in sent.values() if span.attributes.get(UNROUTED) is not True)
    names = list(dict.fromkeys(span.name or "a message" for span in awaited))
    if not names:
        return ""
    if len(names) == 1:
        return f"a consumer of {names[0]} has not answered"
    if len(names) > _NAMED:
        return f"consumers of {', '.join(names[:_NAMED])} and {len(names) - _NAMED} more have not answered"
    return f"consumers of {', '.join(names[:-1])} and {names[-1]} have not answered"
