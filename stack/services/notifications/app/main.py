"""The service put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from meshkit import mesh_app
from meshkit.redis import AsyncRedis

from . import api
from .config import Config
from .consumer import Consumer
from .handler import Handler
from .mailer import CeleryMailer, celery_app
from .notifier import Notifier
from .store import RedisStore


def create_app(config: Config) -> FastAPI:
    """The application; what it needs is opened when its lifespan begins."""
    redis = AsyncRedis.from_url(config.redis_url, decode_responses=True, socket_timeout=2.0, socket_connect_timeout=1.0)
    store = RedisStore(redis)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(redis.aclose)
            celery = stack.enter_context(celery_app(config.broker_url))
            app.state.notifier = Notifier(store, CeleryMailer(celery))
            handler = Handler(app.state.notifier, asyncio.sleep)
            await stack.enter_async_context(Consumer(config.amqp_url, handler))
            yield

    app = FastAPI(title="notifications", summary="Has the mails of orders sent", lifespan=lifespan)
    api.install(app)
    mesh_app(app, ready=store.ping)
    return app
