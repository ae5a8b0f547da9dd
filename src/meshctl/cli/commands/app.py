"""``meshctl`` alone: the terminal app."""

from __future__ import annotations

import argparse

from meshctl.cli.context import World, with_session


def run(options: argparse.Namespace, world: World) -> int:
    """Open the app and answer with its exit code. It starts without an engine and says why."""
    from meshctl.tui import run as show

    return with_session(options, world, show)
