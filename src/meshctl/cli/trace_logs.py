"""The log lines of one trace, read by a thread that gets ready while the trace settles."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from meshctl.errors import MeshError

if TYPE_CHECKING:
    from meshctl.engine.mesh import Mesh
    from meshctl.model.containers import Container, LogLine
    from meshctl.model.traces import Span


class TraceLogs:
    """Lines of these containers that carry the trace's id, from the start of ``ours`` on."""

    def __init__(self, open_mesh: Callable[[], Mesh], containers: Sequence[Container], ours: Span) -> None:
        self._open_mesh = open_mesh
        self._containers = containers
        self._ours = ours
        self._wanted = False
        self._go = threading.Event()
        self._lines: tuple[LogLine, ...] = ()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="meshctl-trace-logs", daemon=True)

    def prepare(self) -> None:
        """Load what reads the lines and shows the trace, and reach the engine; returns at once."""
        self._thread.start()

    def read(self) -> tuple[LogLine, ...]:
        """What has been written by now, by time. Raises RuntimeUnavailable, OperationFailed."""
        self._wanted = True
        self._go.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._lines

    def drop(self) -> None:
        """No line is wanted."""
        self._go.set()

    def _run(self) -> None:
        try:
            _load()
            import asyncio

            asyncio.run(self._work())
        except BaseException as error:
            self._error = error

    async def _work(self) -> None:
        import asyncio

        from meshctl.engine.traces import lines_of_trace

        mesh = self._open_mesh()
        try:
            with suppress(MeshError):  # the first answer of an engine costs most
                await lines_of_trace(mesh, self._containers[:1], self._ours.trace_id, time.time_ns())
            await asyncio.to_thread(self._go.wait)
            if self._wanted:
                ours = self._ours
                self._lines = await lines_of_trace(mesh, self._containers, ours.trace_id, ours.start_ns)
        finally:
            await mesh.close()


def _load() -> None:
    import meshctl.adapters.otlp.decode
    import meshctl.cli.commands.traces
    import meshctl.core.traces.waterfall
    import meshctl.present.documents.logs
    import meshctl.present.documents.waterfall
    import meshctl.present.log_rows
    import meshctl.present.waterfall  # noqa: F401
