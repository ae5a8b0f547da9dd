"""``meshctl`` alone: the terminal app."""

from __future__ import annotations

import argparse
import asyncio

from meshctl.cli.context import World, known_config


def run(options: argparse.Namespace, world: World) -> int:
    """Open the app and answer with its exit code. It starts without an engine and says why."""
    from meshctl.tui import run as show

    session = world.open_session(known_config(options, world))
    try:
        return show(session)
    finally:
        asyncio.run(session.close())
