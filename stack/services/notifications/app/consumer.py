"""`order.created` from RabbitMQ, acknowledged when the mail is queued.

exchange `orders` (topic) → queue `notifications.order.created` → on reject: exchange `orders.dead` → queue
`notifications.order.created.dead`
"""

from __future__ import annotations

import asyncio

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue, AbstractRobustConnection
from opentelemetry.trace import StatusCode

from meshkit import amqp, log

from .events import ORDER_CREATED
from .handler import Handler, Outcome
from .metrics import CONSUMING

EXCHANGE = "orders"
QUEUE = "notifications.order.created"
DEAD_EXCHANGE = "orders.dead"
DEAD_QUEUE = f"{QUEUE}.dead"
PREFETCH = 20
RECONNECT_S = 1.0


class Consumer:
    """An async context manager; it does not wait for RabbitMQ, which may come later or go and come back."""

    def __init__(self, url: str, handler: Handler) -> None:
        self._url = url
        self._handler = handler
        self._connection: AbstractRobustConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._consuming = False

    async def __aenter__(self) -> Consumer:
        self._task = asyncio.create_task(self._start(), name="consumer")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()
        self._consumes(False)

    async def _start(self) -> None:
        """Until the first connection stands; from then on it restores itself with its queue and consumer."""
        told = False
        while True:
            try:
                await self._connect()
            except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
                if not told:
                    log.warning("consumer.waiting", error=repr(error))
                told = True
                await self._drop()
                await asyncio.sleep(RECONNECT_S)
            else:
                return

    async def _connect(self) -> None:
        self._connection = await aio_pika.connect_robust(
            self._url,
            timeout=5.0,
            reconnect_interval=RECONNECT_S,
            client_properties={"connection_name": QUEUE},
        )
        self._connection.close_callbacks.add(self._lost)
        self._connection.reconnect_callbacks.add(self._restored)
        channel = await self._connection.channel()
        await channel.set_qos(prefetch_count=PREFETCH)
        queue = await _declare(channel)
        await queue.consume(self._on_message)
        self._consumes(True)

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _lost(self, *_: object) -> None:
        self._consumes(False)

    def _restored(self, *_: object) -> None:
        self._consumes(True)

    def _consumes(self, now: bool) -> None:
        CONSUMING.set(now)
        if now is not self._consuming:
            self._consuming = now
            log.info("consumer.started" if now else "consumer.stopped", queue=QUEUE)

    async def _on_message(self, message: AbstractIncomingMessage) -> None:
        with amqp.processing(
            QUEUE,
            message.routing_key or "",
            message.headers,
            message_id=message.message_id or "",
            redelivered=bool(message.redelivered),
        ) as span:
            outcome = await self._handler.handle(message.body, message.message_id or "")
            try:
                if outcome is Outcome.DONE:
                    await message.ack()
                else:
                    span.set_status(StatusCode.ERROR, "put aside to the dead letters")
                    await message.reject(requeue=False)
            except (
                OSError,
                aio_pika.exceptions.AMQPError,
                aio_pika.exceptions.ChannelInvalidStateError,
            ) as error:
                log.warning("message.comes_again", message_id=message.message_id, error=repr(error))


async def _declare(channel: aio_pika.abc.AbstractChannel) -> AbstractQueue:
    exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
    dead = await channel.declare_exchange(DEAD_EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
    dead_queue = await channel.declare_queue(DEAD_QUEUE, durable=True)
    await dead_queue.bind(dead, ORDER_CREATED)
    queue = await channel.declare_queue(QUEUE, durable=True, arguments={"x-dead-letter-exchange": DEAD_EXCHANGE})
    await queue.bind(exchange, ORDER_CREATED)
    return queue
