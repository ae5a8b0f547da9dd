"""What most commands begin with: the configuration, a mesh, an event loop, a progress sink."""

from __future__ import annotations

import argparse
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from meshctl.cli.output import Output

if TYPE_CHECKING:
    from meshctl.engine.mesh import Mesh
    from meshctl.model.config import MeshConfig

T = TypeVar("T")


def config_of(options: argparse.Namespace) -> MeshConfig:
    """The resolved configuration. Raises ConfigError."""
    from meshctl.adapters.config_file import load_config

    return load_config(options.file, project=options.project, environ=os.environ, cwd=str(Path.cwd()))


def output_of(options: argparse.Namespace) -> Output:
    """The stdout of this command."""
    return Output(as_json=options.json, quiet=options.quiet)


def with_mesh(options: argparse.Namespace, work: Callable[[Mesh], Awaitable[T]]) -> T:
    """Load the file, open the mesh, run ``work`` to its end and close, also on Ctrl-C."""
    import asyncio
    import signal

    from meshctl.bootstrap import open_mesh

    config = config_of(options)

    async def run() -> T:
        task = asyncio.current_task()
        assert task is not None
        with suppress(NotImplementedError, RuntimeError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        mesh = open_mesh(config)
        try:
            return await work(mesh)
        finally:
            with suppress(Exception):
                await mesh.close()

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
