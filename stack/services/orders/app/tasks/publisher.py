"""RabbitMQ with publisher confirms."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractExchange
from pamqp.commands import Basic

from meshkit import amqp, tracing

from ..core.domain import Event
from ..core.events import EXCHANGE

CONFIRM_WITHIN_S = 5.0


class AmqpPublisher:
    """Connects on first use and again after any failure; `publish` raises what made it fail."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._exchange: AbstractExchange | None = None

    async def ready(self) -> None:
        """Connect if need be; raises OSError, TimeoutError or an AMQP error."""
        try:
            async with asyncio.timeout(CONFIRM_WITHIN_S):
                await self._connected()
        except BaseException:
            await self.close()
            raise

    async def publish(self, event: Event) -> None:
        """Returns when the broker has confirmed; raises OSError, TimeoutError or an AMQP error."""
        with amqp.publishing(EXCHANGE, event.routing_key, event.id) as span:
            if not await self._publish(event):
                span.set_attribute("mesh.unrouted", True)

    async def _publish(self, event: Event) -> bool:
        """Whether some queue has taken it."""
        message = aio_pika.Message(
            json.dumps(event.body).encode(),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=event.id,
            type=event.routing_key,
            app_id="orders",
            headers={**tracing.headers()},
        )
        try:
            async with asyncio.timeout(CONFIRM_WITHIN_S):
                exchange = await self._connected()
                answer = await exchange.publish(message, event.routing_key)
        except BaseException:
            await self.close()
            raise
        return not isinstance(getattr(answer, "delivery", answer), Basic.Return)

    async def close(self) -> None:
        """Drop the connection, politely if that takes less than a second."""
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None and not connection.is_closed:
            with suppress(Exception):
                await asyncio.wait_for(connection.close(), 1.0)

    async def _connected(self) -> AbstractExchange:
        async with self._lock:
            if self._exchange is None or self._connection is None or self._connection.is_closed:
                self._connection = await aio_pika.connect(self._url, timeout=CONFIRM_WITHIN_S)
                channel = await self._connection.channel(publisher_confirms=True)
                self._exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
            return self._exchange
