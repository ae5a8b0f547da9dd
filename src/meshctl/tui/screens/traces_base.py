"""What the screens about traces have in common: they are as old as the collector's last word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from meshctl.errors import MeshError
from meshctl.model.status import LinkState
from meshctl.present.trace_rows import ID_SHOWN
from meshctl.present.units import age
from meshctl.tui.context import Context
from meshctl.tui.screens.base import MeshScreen
from meshctl.tui.view import View

_Got = TypeVar("_Got")


class CollectorScreen(MeshScreen):
    """Dimmed with its age while the collector is lost."""

    def stale_since(self, state: View, now: float) -> str:
        link = self.collector_link(state)
        if link is None or link.up:
            return super().stale_since(state, now) if link is None else ""
        return f"as of {age(max(0.0, now - link.since))} ago"

    def collector_link(self, state: View) -> LinkState | None:
        """The connection to the collector; None in a project without one, and before it was looked for."""
        name = self.mesh_app.session.config.collector
        return next((link for link in state.links if link.name == name), None)

    def no_traces(self) -> tuple[str, str]:
        """A sentence and the next step for a screen without traces."""
        if not self.mesh_app.session.config.collector:
            return "This project has no collector of traces.", "Name one in the file: `collector: SERVICE`."
        link = self.collector_link(self.mesh_app.state)
        if link is None:
            return "Looking for the collector…", ""
        if not link.up:
            return f"The collector is lost: {link.detail}.", link.hint or "It is tried again by itself."
        return "No traces yet.", "Send a request with `meshctl call`, or wait for one: it appears by itself."

    def do_pin(self, context: Context) -> None:
        self._set_pinned(context, True)

    def do_unpin(self, context: Context) -> None:
        self._set_pinned(context, False)

    def _set_pinned(self, context: Context, pinned: bool) -> None:
        if context.trace is not None:
            self.start(partial(self._pin, context.trace.trace_id, pinned), f"pin {context.trace.trace_id}")

    async def _pin(self, trace_id: str, pinned: bool) -> None:
        known, error = await self.asked(lambda: self.mesh_app.session.traces.pin(trace_id, pinned))
        short = trace_id[:ID_SHOWN]
        if error is not None:
            self.mesh_app.notify(str(error), title=error.hint, severity="error", timeout=8)
        elif not known:
            self.mesh_app.notify(f"{short} is not kept any more", severity="warning", timeout=4)
        else:
            self.mesh_app.notify(f"{short} {'is kept' if pinned else 'may be dropped again'}", timeout=4)

    async def asked(self, ask: Callable[[], Awaitable[_Got]]) -> tuple[_Got | None, MeshError | None]:
        """What the collector answered, or why it did not."""
        try:
            return await ask(), None
        except MeshError as error:
            return None, error
