"""Keeps one instance registered: from when it first answers until it leaves, also when Consul forgets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import httpx

from .consul import Consul, definition
from .logs import log
from .settings import Settings

_SOON_S = 0.1
Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the instance listens; `main` is what is registered and checked."""

    main: int
    grpc: int | None = None


class Registration:
    """`probe` asks this very process, as Consul will: True if it is well, OSError if it does not listen."""

    def __init__(
        self,
        consul: Consul,
        own: Settings,
        ports: Ports,
        probe: Probe,
        *,
        poll_s: float = 2.0,
    ) -> None:
        self._consul = consul
        self._own = own
        self._ports = ports
        self._probe = probe
        self._poll_s = poll_s
        self._away = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start the keeper in the running loop."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name="mesh-registration")

    async def leave(self) -> None:
        """Stop the keeper and take the registration back, within a second; may be called twice."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        try:
            async with asyncio.timeout(1.0):
                await self._consul.deregister(self._own.instance)
            log.info("registry.deregistered", id=self._own.instance)
        except (httpx.HTTPError, TimeoutError) as error:
            log.warning("registry.deregister_failed", id=self._own.instance, error=_reason(error))

    async def _keep(self) -> None:
        while True:
            if await self._listens():
                break
            await asyncio.sleep(_SOON_S)
        while True:
            try:
                await self.ensure()
            except (httpx.HTTPError, OSError) as error:
                if not self._away:
                    log.warning("registry.unreachable", error=_reason(error))
                self._away = True
            await asyncio.sleep(self._poll_s)

    async def ensure(self) -> bool:
        """Register unless Consul knows this instance at this address; True if that was needed."""
        address = await self._consul.own_address()
        if await self._consul.registered_address(self._own.instance) == address:
            self._away = False
            return False
        await self._consul.register(
            definition(
                name=self._own.service,
                service_id=self._own.instance,
                project=self._own.project,
                address=address,
                port=self._ports.main,
                grpc_port=self._ports.grpc,
                passing=await self._passing(),
            )
        )
        self._away = False
        log.info("registry.registered", id=self._own.instance, address=address, port=self._ports.main)
        return True

    async def _listens(self) -> bool:
        try:
            await self._probe()
        except OSError:
            return False
        return True

    async def _passing(self) -> bool:
        try:
            return await self._probe()
        except OSError:
            return False


def http_probe(port: int) -> Probe:
    """GET /health of this process."""

    async def probe() -> bool:
        try:
            async with httpx.AsyncClient(timeout=2.0, trust_env=False, verify=False) as client:
                return (await client.get(f"http://127.0.0.1:{port}/health")).is_success
        except httpx.ConnectError as error:
            raise ConnectionError(str(error)) from error
        except httpx.HTTPError:
            return False

    return probe


def grpc_probe(port: int) -> Probe:
    """grpc.health.v1 of this process."""

    async def probe() -> bool:
        import grpc
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                check = health_pb2_grpc.HealthStub(channel).Check
                reply = await check(health_pb2.HealthCheckRequest(), timeout=2.0)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.UNAVAILABLE:
                    raise ConnectionError(error.details()) from error
                return False
            return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)

    return probe


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
