"""HTTP exchanges with a collector, by the standard library."""

from __future__ import annotations

import json
from collections.abc import Mapping

from meshctl.adapters.http1 import Answer, ConnectionClosed
from meshctl.adapters.http_connection import FAILURES, Connection, reason_of
from meshctl.errors import CollectorUnavailable

PEER = "a collector"
HINT = "meshctl ps shows how it is, meshctl up starts what is missing."


class Exchange:
    """Exchanges at ``host:port``. One connection is kept between them; from more threads at once each gets its own.

    Raises CollectorUnavailable.
    """

    def __init__(self, address: str, timeout_s: float, max_body: int) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._max_body = max_body
        self._kept: list[Connection] = []
        self._under_way: set[Connection] = set()

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        more_s: float = 0.0,
    ) -> Answer:
        """``more_s`` is added to the deadline: how long the collector was asked to wait."""

        def ask(connection: Connection) -> Answer:
            connection.allow(self._timeout_s + more_s)
            self._under_way.add(connection)
            try:
                return connection.exchange(method, path, (headers or {}).items(), body, max_body=self._max_body)
            finally:
                self._under_way.discard(connection)
                self._keep(connection)

        try:
            kept = self._taken()
            if kept is not None:
                try:
                    return ask(kept)
                except ConnectionClosed as error:  # the collector has closed it since
                    if error.begun or kept.aborted:
                        raise
            return ask(Connection(self.address, self._timeout_s))
        except FAILURES as error:
            raise unavailable(self.address, reason_of(error, PEER)) from error

    def abort(self) -> None:
        """Callable from any thread: what is under way fails at once."""
        for connection in tuple(self._under_way):
            connection.abort()

    def close(self) -> None:
        """Let the kept connection go. The next exchange opens another."""
        while (kept := self._taken()) is not None:
            kept.close()

    def _taken(self) -> Connection | None:
        try:
            return self._kept.pop()
        except IndexError:
            return None

    def _keep(self, connection: Connection) -> None:
        if connection.is_open and not connection.aborted and not self._kept:
            self._kept.append(connection)
        else:
            connection.close()


def sentence(answer: Answer) -> str:
    """What an answer that is no success says."""
    try:
        found = json.loads(answer.body)
        said = found.get("error") or found.get("message")
    except (ValueError, AttributeError):
        said = ""
    return str(said or f"HTTP {answer.status}")


def unavailable(address: str, why: str) -> CollectorUnavailable:
    """The error of everything here."""
    return CollectorUnavailable(f"the collector at {address} does not answer: {why}", hint=HINT)
