"""What most commands begin with: the world, the configuration, a session, an event loop."""

from __future__ import annotations

import argparse
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from meshctl.cli.output import Output

if TYPE_CHECKING:
    from meshctl.bootstrap import ColdSession
    from meshctl.engine.mesh import Mesh
    from meshctl.engine.session import MeshSession
    from meshctl.model.config import MeshConfig
    from meshctl.ports.runtime import Runtime

T = TypeVar("T")


class World(Protocol):
    """What commands ask of the world. ``meshctl.bootstrap`` is the real one."""

    def open_runtime(self) -> Runtime: ...
    def open_mesh(self, config: MeshConfig) -> Mesh: ...
    def open_session(self, config: MeshConfig) -> MeshSession: ...
    def open_cold_session(self, config: MeshConfig) -> ColdSession: ...
    def port_is_free(self, host: str, port: int) -> bool: ...


def config_of(options: argparse.Namespace) -> MeshConfig:
    """The resolved configuration. Raises ConfigError."""
    from meshctl.adapters.config_file import load_config

    return load_config(options.file, project=options.project, environ=os.environ, cwd=str(Path.cwd()))


def output_of(options: argparse.Namespace) -> Output:
    """The stdout of this command."""
    return Output(as_json=options.json, quiet=options.quiet)


def with_session(options: argparse.Namespace, world: World, work: Callable[[MeshSession], Awaitable[T]]) -> T:
    """Load the file, open the session, run ``work`` to its end and close, also on Ctrl-C."""
    config = config_of(options)

    async def run() -> T:
        session = world.open_session(config)
        try:
            return await work(session)
        finally:
            with suppress(Exception):
                await session.close()

    return run_async(run())


def run_async(work: Awaitable[T]) -> T:
    """Run to its end; SIGTERM cancels it as Ctrl-C does. Raises KeyboardInterrupt for both."""
    import asyncio
    import signal

    async def run() -> T:
        task = asyncio.current_task()
        assert task is not None
        with suppress(NotImplementedError, RuntimeError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
