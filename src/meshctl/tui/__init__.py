"""The terminal app. Textual is imported only when it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshctl.engine.mesh import Mesh


def run(mesh: Mesh) -> int:
    """Show the app until the user leaves; return the exit code. The caller closes ``mesh``."""
    import gc

    from meshctl.engine.store import MeshStore
    from meshctl.engine.watch.watcher import Watcher
    from meshctl.tui.app import MeshApp

    store = MeshStore(mesh.config.name, mesh.clock)
    app = MeshApp(mesh, store, Watcher(mesh, store))
    gc.freeze()  # What is loaded by now is needed to the end: the search for garbage need not look at it.
    result = app.run()
    return result if result is not None else 0
