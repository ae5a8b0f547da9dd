"""One HTTP exchange with a collector, by the standard library."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import NamedTuple

from meshctl.adapters.http_wire import DeadlineConnection, reason_of
from meshctl.errors import CollectorUnavailable

PEER = "a collector"
HINT = "meshctl ps shows how it is, meshctl up starts what is missing."

#: What a kept connection raises when the collector has closed it since.
_STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class Answer(NamedTuple):
    """``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def sentence(self) -> str:
        """What an answer that is no success says."""
        try:
            found = json.loads(self.body)
            said = found.get("error") or found.get("message")
        except (ValueError, AttributeError):
            said = ""
        return str(said or f"HTTP {self.status}")


class Exchange:
    """Exchanges at ``host:port``. One connection is kept between them; from more threads at once each gets its own.

    Raises CollectorUnavailable.
    """

    def __init__(self, address: str, timeout_s: float, max_body: int) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._max_body = max_body
        self._kept: list[DeadlineConnection] = []
        self._under_way: set[DeadlineConnection] = set()

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
        try:
            kept = self._kept.pop()
        except IndexError:
            pass
        else:
            try:
                return self._ask(kept, method, path, body, headers, more_s)
            except _STALE:
                pass
            except (OSError, http.client.HTTPException) as error:
                raise unavailable(self.address, reason_of(error, PEER)) from error
        try:
            fresh = DeadlineConnection(self.address, self._timeout_s)
            return self._ask(fresh, method, path, body, headers, more_s)
        except (OSError, http.client.HTTPException) as error:
            raise unavailable(self.address, reason_of(error, PEER)) from error

    def abort(self) -> None:
        """Callable from any thread: what is under way fails at once."""
        for connection in tuple(self._under_way):
            connection.abort()

    def close(self) -> None:
        """Let the kept connection go. The next exchange opens another."""
        while self._kept:
            self._kept.pop().close()

    def _ask(
        self,
        connection: DeadlineConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        more_s: float,
    ) -> Answer:
        connection.allow(self._timeout_s + more_s)
        self._under_way.add(connection)
        keep = False
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            with connection.getresponse() as response:
                got = response.read(self._max_body + 1)
                if len(got) > self._max_body:
                    raise unavailable(self.address, f"an answer of more than {self._max_body >> 20} MB")
                keep = not response.will_close and not connection.aborted
                return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, got)
        finally:
            self._under_way.discard(connection)
            if keep and not self._kept:
                self._kept.append(connection)
            else:
                connection.close()


def unavailable(address: str, why: str) -> CollectorUnavailable:
    """The error of everything here."""
    return CollectorUnavailable(f"the collector at {address} does not answer: {why}", hint=HINT)
