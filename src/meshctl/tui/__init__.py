"""The terminal app. Textual is imported only when it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshctl.engine.session import MeshSession


async def run(session: MeshSession) -> int:
    """Show the app until the user leaves; return the exit code. The caller closes ``session``."""
    import gc

    from meshctl.tui.app import MeshApp

    app = MeshApp(session)
    gc.freeze()  # What is loaded by now is needed to the end: the search for garbage need not look at it.
    result = await app.run_async()
    return result if result is not None else 0
