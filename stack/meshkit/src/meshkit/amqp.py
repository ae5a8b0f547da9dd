"""Messages over RabbitMQ as parts of a trace: a producer span where one is sent, a consumer span where it is read."""

from __future__ import annotations

from collections.abc import Mapping

from . import tracing

_SYSTEM = {"messaging.system": "rabbitmq"}


def publishing(exchange: str, routing_key: str, message_id: str = "") -> tracing.span:
    """A span around the publishing; within it `tracing.headers()` are the headers to send."""
    about = {
        **_SYSTEM,
        "messaging.operation.type": "send",
        "messaging.operation.name": "publish",
        "messaging.destination.name": exchange,
        "messaging.rabbitmq.destination.routing_key": routing_key,
        "messaging.message.id": message_id,
    }
    return tracing.span(f"publish {routing_key}", tracing.SpanKind.PRODUCER, about)


def processing(
    queue: str, routing_key: str, headers: Mapping[str, object], *, message_id: str = "", redelivered: bool = False
) -> tracing.span:
    """A span around the handling of a message with these AMQP headers."""
    about: dict[str, str | bool] = {
        **_SYSTEM,
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": queue,
        "messaging.rabbitmq.destination.routing_key": routing_key,
        "messaging.message.id": message_id,
    }
    if redelivered:
        about["messaging.rabbitmq.redelivered"] = True
    return tracing.span(f"process {routing_key}", tracing.SpanKind.CONSUMER, about, carrier=_text(headers))


def _text(headers: Mapping[str, object]) -> dict[str, str]:
    """AMQP header values as text; they may arrive as bytes."""
    return {
        name: value.decode("latin-1") if isinstance(value, bytes) else str(value) for name, value in headers.items()
    }
