"""What sends one request. Adapters implement it; tests fake it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from meshctl.model.calls import CallReply, CallRequest, Endpoint


class Caller(Protocol):
    """Sends one request to one endpoint, and blocks meanwhile."""

    def send(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        """Raises CallError, CallTimeout, and UsageError for what its protocol cannot carry: nothing was sent."""
        ...

    def abort(self) -> None:
        """Callable from any thread: the request under way fails at once."""
        ...


#: A caller that speaks the request's protocol, for this one request.
CallerFor = Callable[[CallRequest], Caller]
