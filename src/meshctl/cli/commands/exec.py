"""``meshctl exec``."""

from __future__ import annotations

import argparse
import sys

from meshctl.cli.context import World, with_session
from meshctl.errors import UsageError


def run(options: argparse.Namespace, world: World) -> int:
    """Run a command with this terminal; the exit code is the command's."""
    if not options.argv:
        raise UsageError("no command to run", hint=f"meshctl exec {options.service} -- sh")

    tty = sys.stdin.isatty() and sys.stdout.isatty()
    return with_session(
        options,
        world,
        lambda session: session.lifecycle.exec_attached(
            options.service, options.argv, instance=options.instance, tty=tty
        ),
    )
