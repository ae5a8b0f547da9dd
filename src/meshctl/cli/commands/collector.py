"""``meshctl collector``."""

from __future__ import annotations

import argparse
import asyncio

from meshctl.cli.context import World
from meshctl.cli.diagnostics import Exit, note
from meshctl.cli.interrupts import interruptible
from meshctl.threads import tell_loop


def run(options: argparse.Namespace, world: World) -> int:
    """Receive, keep and serve traces until SIGTERM or SIGINT; exit 0. Needs no configuration file."""
    from meshctl.collector.options import CollectorOptions, Listening
    from meshctl.collector.server import run as serve

    chosen = CollectorOptions(
        host=options.host,
        grpc_port=options.grpc_port,
        http_port=options.http_port,
        query_port=options.query_port,
        store=options.store or "",
        forward=options.forward or "",
        allow_hosts=tuple(options.allow_host or ()),
        max_bytes=options.max_bytes,
        max_traces=options.max_traces,
        max_spans_per_trace=options.max_spans_per_trace,
        max_message=options.max_message,
    )

    def tell(ports: Listening) -> None:
        note(
            f"collector on {chosen.host}: otlp/grpc {ports.grpc_port}, otlp/http {ports.http_port}, "
            f"query {ports.query_port}"
        )

    async def until_interrupted() -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        with interruptible(lambda: tell_loop(loop, ended.set)):
            await serve(chosen, tell, ended)

    asyncio.run(until_interrupted())
    return Exit.DONE
