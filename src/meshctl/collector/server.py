"""The collector as one process: two receivers, the query API, one memory, one event loop."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import gc
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from meshctl.collector.forward.queue import Forwarder
from meshctl.collector.forward.targets import receiver_of, refuse_own, target_of
from meshctl.collector.http_server import HttpServer
from meshctl.collector.options import MB, CollectorOptions, Listening
from meshctl.collector.receive.grpc import grpc_server
from meshctl.collector.receive.http import HttpReceiver
from meshctl.collector.receive.pipeline import IngestPipeline
from meshctl.collector.serve.app import query_app
from meshctl.collector.serve.context import QueryContext
from meshctl.collector.traces.memory import TraceMemory, open_memory
from meshctl.errors import MeshError, PortInUse
from meshctl.threads import run_in_thread

#: Connections that each HTTP port keeps open.
CONNECTIONS = 128

#: Seconds at the end: for requests under way, and for what waits to be forwarded.
GRACE_S = 0.5

#: ``mallopt`` of glibc: M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD.
_MALLOC = ((-1, 64 * MB), (-2, 16 * MB), (-3, 32 * MB))

_TAKEN = "Stop what listens there, or choose another with --{name}-port; 0 takes any free one."


async def run(options: CollectorOptions, on_listening: Callable[[Listening], None], ended: asyncio.Event) -> None:
    """Serve until ``ended`` is set. Raises PortInUse, UsageError, MeshError before it listens."""
    _tune_process()
    async with serving(options) as listening:
        on_listening(listening)
        await ended.wait()


@asynccontextmanager
async def serving(options: CollectorOptions) -> AsyncIterator[Listening]:
    """A collector that serves inside the ``async with``; what was ingested is stored when it ends."""
    memory = open_memory(options)
    try:
        async with AsyncExitStack() as stack:
            yield await _start(options, memory, stack)
    finally:
        memory.close()


async def _start(options: CollectorOptions, memory: TraceMemory, stack: AsyncExitStack) -> Listening:
    """Bind every port before anything is served, then serve; ``stack`` ends it in the reverse order."""
    http_socket = stack.enter_context(_listener(options.host, options.http_port, "http"))
    query_socket = stack.enter_context(_listener(options.host, options.query_port, "query"))
    http_port, query_port = http_socket.getsockname()[1], query_socket.getsockname()[1]
    forwarder = await _forwarder(options, (http_port, options.grpc_port), stack)
    pipeline = IngestPipeline(memory, options.max_message, forwarder.offer if forwarder else None)
    grpc_port = await _serve_grpc(options, pipeline, stack)
    context = QueryContext(memory)
    query = query_app(context, options.allow_hosts, forwarder.status if forwarder else None)
    await _serve_http(
        (HttpServer(HttpReceiver(pipeline), http_socket, CONNECTIONS), HttpServer(query, query_socket, CONNECTIONS)),
        stack,
    )
    stack.callback(context.close)
    return Listening(grpc_port, http_port, query_port)


async def _forwarder(options: CollectorOptions, ports: tuple[int, ...], stack: AsyncExitStack) -> Forwarder | None:
    if not options.forward:
        return None
    receiver = receiver_of(options.forward)
    # The name of its host may take long to look up.
    await run_in_thread(lambda: refuse_own(receiver, ports))
    forwarder = Forwarder(options.forward, target_of(receiver))
    task = asyncio.create_task(forwarder.run())

    async def end() -> None:
        await forwarder.close(GRACE_S)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)
    return forwarder


async def _serve_grpc(options: CollectorOptions, pipeline: IngestPipeline, stack: AsyncExitStack) -> int:
    host = f"[{options.host}]" if ":" in options.host else options.host
    try:
        server, port = grpc_server(pipeline, f"{host}:{options.grpc_port}")
    except RuntimeError as error:
        raise PortInUse(
            f"port {options.grpc_port} of {options.host} cannot be listened on", hint=_TAKEN.format(name="grpc")
        ) from error
    await server.start()
    stack.push_async_callback(server.stop, GRACE_S)
    return port


async def _serve_http(servers: Sequence[HttpServer], stack: AsyncExitStack) -> None:
    serving = asyncio.gather(*(server.run_until_ended() for server in servers))

    async def end() -> None:
        for server in servers:
            server.end()
        await serving

    stack.push_async_callback(end)
    for server in servers:
        await server.up.wait()


def _listener(host: str, port: int, name: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(f"port {port} of {host} is taken", hint=_TAKEN.format(name=name)) from error
        raise MeshError(
            f"port {port} of {host} cannot be listened on: {error.strerror or error}",
            hint="Give an address of this machine with --host, and a port above 1023.",
        ) from error


def _tune_process() -> None:
    """Once, before the first message, for a process that keeps small pieces of large messages."""
    # Traces are many objects without cycles: looking through all of them for garbage stalls senders.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    # Memory of one message serves the next: giving its pages back each time costs more than reading it.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in _MALLOC:
            mallopt(option, value)
