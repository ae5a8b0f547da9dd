"""What most commands begin with: the world, the configuration, a session, an event loop."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from meshctl.cli import diagnostics
from meshctl.cli.output import Output
from meshctl.errors import ConfigError

if TYPE_CHECKING:
    from meshctl.bootstrap import ColdSession
    from meshctl.engine.mesh import Mesh
    from meshctl.engine.session import MeshSession
    from meshctl.model.config import MeshConfig
    from meshctl.model.containers import Container
    from meshctl.model.findings import Survey
    from meshctl.ports.runtime import Runtime

T = TypeVar("T")


class World(Protocol):
    """What commands ask of the world. ``meshctl.bootstrap`` is the real one."""

    def open_runtime(self) -> Runtime: ...
    def find_containers(self, project: str = "") -> Sequence[Container]: ...
    def open_mesh(self, config: MeshConfig) -> Mesh: ...
    def open_session(self, config: MeshConfig) -> MeshSession: ...
    def open_cold_session(self, config: MeshConfig) -> ColdSession: ...
    def port_is_free(self, host: str, port: int) -> bool: ...


def whole_config(options: argparse.Namespace) -> MeshConfig:
    """The resolved configuration, for what creates containers. Raises ConfigError."""
    from meshctl.adapters.config_file import load_config

    return load_config(options.file, project=options.project, environ=os.environ, cwd=str(Path.cwd()))


def known_config(options: argparse.Namespace, world: World) -> MeshConfig:
    """The same as far as it is known, for what creates nothing; where it is not the whole file a note says so.

    Raises ConfigError where nothing else tells, UsageError for a project that is not on the engine, RuntimeUnavailable.
    """
    try:
        config = whole_config(options)
    except ConfigError as error:
        from meshctl.cli.recovered import recovered

        config = recovered(options, world.find_containers, error)
    else:
        if options.project and not options.file:
            from meshctl.cli.recovered import of_other_file

            config = of_other_file(options, world.find_containers, config)
    if config.partial and not (options.quiet or options.json):
        diagnostics.note(f"note: {config.partial}")
    return config


def mends_from_here(survey: Survey, options: argparse.Namespace) -> Survey:
    """With ``-f`` and ``-p`` of this command in the commands that a person is told: they mean this project.

    A script, which reads JSON, names its project itself.
    """
    given = [("-f", options.file), ("-p", options.project)]
    where = shlex.join(word for option, value in given if value for word in (option, value))
    if not where or options.json:
        return survey
    from meshctl.present.mends import reached_by

    return replace(survey, findings=reached_by(survey.findings, where))


def output_of(options: argparse.Namespace) -> Output:
    """The stdout of this command."""
    return Output(as_json=options.json, quiet=options.quiet)


def with_session(
    options: argparse.Namespace, world: World, work: Callable[[MeshSession], Awaitable[T]], *, whole: bool = False
) -> T:
    """Load the file, open the session, run ``work`` to its end and close, also on Ctrl-C.

    ``whole``: it creates containers, which nothing but the whole file can tell of.
    """
    return in_session(whole_config(options) if whole else known_config(options, world), world, work)


def in_session(config: MeshConfig, world: World, work: Callable[[MeshSession], Awaitable[T]]) -> T:
    """The same with what is loaded already."""

    async def run() -> T:
        session = world.open_session(config)
        try:
            return await work(session)
        finally:
            with suppress(Exception):
                await session.close()

    return run_async(run())


def run_async(work: Awaitable[T]) -> T:
    """Run to its end; Ctrl-C, SIGTERM and SIGHUP cancel it. Raises KeyboardInterrupt for each."""
    import asyncio

    from meshctl.cli.interrupts import interruptible
    from meshctl.threads import tell_loop

    async def run() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        with interruptible(lambda: tell_loop(loop, task.cancel)):
            result = await work
        if task.cancelling():  # and Textual let nobody know
            raise asyncio.CancelledError
        return result

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
