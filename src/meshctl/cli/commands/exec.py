"""``meshctl exec``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshctl.cli.context import World, with_mesh
from meshctl.core.plan.selection import require_known
from meshctl.errors import MeshError, UsageError
from meshctl.model.containers import ContainerState

if TYPE_CHECKING:
    from meshctl.engine.mesh import Mesh


def run(options: argparse.Namespace, world: World) -> int:
    """Run a command with this terminal; the exit code is the command's."""
    if not options.argv:
        raise UsageError("no command to run", hint=f"meshctl exec {options.service} -- sh")

    async def work(mesh: Mesh) -> int:
        require_known(mesh.config, (options.service,))
        observed = await mesh.runtime.observe(mesh.config.name)
        running = [
            c
            for c in observed.containers
            if c.service == options.service
            and c.state is ContainerState.RUNNING
            and options.instance in (None, c.instance)
        ]
        if not running:
            which = f"{options.service}-{options.instance}" if options.instance else options.service
            raise MeshError(f"{which} does not run", hint=f"meshctl start {options.service}")
        tty = sys.stdin.isatty() and sys.stdout.isatty()
        return await mesh.runtime.exec_attached(running[0].id, options.argv, tty=tty)

    return with_mesh(options, world, work)
