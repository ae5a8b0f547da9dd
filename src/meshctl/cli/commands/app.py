"""``meshctl`` alone: the terminal app."""

from __future__ import annotations

import argparse
import asyncio

from meshctl.cli.context import config_of


def run(options: argparse.Namespace) -> int:
    """Open the app and answer with its exit code. It starts without an engine and says why."""
    from meshctl.bootstrap import open_mesh
    from meshctl.tui import run as show

    mesh = open_mesh(config_of(options))
    try:
        return show(mesh)
    finally:
        asyncio.run(mesh.close())
