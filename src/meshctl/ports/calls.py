"""What sends one request. Adapters implement it; tests fake it."""

from __future__ import annotations

from typing import Protocol

from meshctl.model.calls import CallReply, CallRequest, Endpoint


class Caller(Protocol):
    """Sends one request to one endpoint. Raises CallError, CallTimeout."""

    async def call(self, endpoint: Endpoint, request: CallRequest) -> CallReply: ...
