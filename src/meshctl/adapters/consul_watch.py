"""Follows Consul with blocking queries: python-consul asks, one thread waits, cancelling ends the wait."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from consul import ConsulException
from consul.base import Consul as BaseConsul
from consul.base import HTTPClient, Response

from meshctl.adapters.consul import AGENT, READ_TIMEOUT_S, registrations_of, unavailable
from meshctl.adapters.http_wire import DeadlineConnection, reason_of
from meshctl.model.registry import Registration

#: Seconds a query waits for a change. What no check tells of is looked at this often.
WAIT_S = 5

#: What a lost agent, or something that is no agent, ends in.
_LOST = (ConsulException, OSError, http.client.HTTPException, ValueError, KeyError, TypeError)

Picture = tuple[Registration, ...]
_Item = Picture | Exception


async def watch(address: str) -> AsyncIterator[Picture]:
    """Every registration, now and after every change. Raises RegistryUnavailable when Consul is lost."""
    loop = asyncio.get_running_loop()
    items: asyncio.Queue[_Item] = asyncio.Queue()

    def tell(item: _Item) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(items.put_nowait, item)

    follower = _Follower(address, tell)
    follower.start()
    try:
        while True:
            item = await items.get()
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        follower.stop()


class _Follower:
    """The waiting thread. It tells pictures that differ from the last one, and its end as an error."""

    def __init__(self, address: str, tell: Callable[[_Item], None]) -> None:
        self._address = address
        self._tell = tell
        self._stopping = False
        self._transport = _Transport(address)
        self._consul = _Consul(self._transport)
        self._thread = threading.Thread(target=self._run, name=f"consul {address}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Aborts the query under way and waits for the thread's end."""
        self._stopping = True
        self._transport.abort()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._follow()
        except (
            ConsulException,
            OSError,
            http.client.HTTPException,
            ValueError,
            KeyError,
            TypeError,
        ) as error:
            if not self._stopping:
                told = isinstance(error, ConsulException) and str(error)
                self._tell(unavailable(self._address, told or reason_of(error, AGENT)))
        finally:
            self._transport.close()

    def _follow(self) -> None:
        index, last = 0, None
        while not self._stopping:
            index = self._wait_for_change(index)
            picture = self._picture()
            if picture != last:
                self._tell(picture)
                last = picture

    def _wait_for_change(self, index: int) -> int:
        """The new index; one that goes backwards is useless and starts again from 0, which does not wait."""
        self._transport.patience_s = READ_TIMEOUT_S + (WAIT_S if index else 0)
        answer, _ = self._consul.health.state("any", index=index or None, wait=f"{WAIT_S}s")
        self._transport.patience_s = READ_TIMEOUT_S
        fresh = max(int(answer), 1)
        return 0 if fresh < index else fresh

    def _picture(self) -> Picture:
        _, names = self._consul.catalog.services()
        found: list[Mapping[str, Any]] = []
        for name in sorted(names):
            _, entries = self._consul.health.service(name)
            found += entries
        return registrations_of(found, self._consul.agent.checks)


class _Consul(BaseConsul):  # type: ignore[misc]
    """The parts of python-consul that are asked, whatever ``CONSUL_HTTP_*`` says in the environment.

    Its own transport has neither timeouts nor a way to give a query up.
    """

    def __init__(self, transport: _Transport) -> None:
        self.http = transport
        self.token, self.dc, self.consistency = None, None, "default"
        self.agent = BaseConsul.Agent(self)
        self.health = BaseConsul.Health(self)
        self.catalog = BaseConsul.Catalog(self)


class _Transport(HTTPClient):  # type: ignore[misc]
    """Requests in sequence over one kept connection, each bounded by ``patience_s``."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.patience_s = READ_TIMEOUT_S
        self._connection = DeadlineConnection(address, self.patience_s)
        self.base_uri = ""

    def get(self, callback: Callable[[Response], Any], path: str, params: Any = None) -> Any:
        return self._request("GET", callback, path, params)

    def put(self, callback: Callable[[Response], Any], path: str, params: Any = None, data: str = "") -> Any:
        return self._request("PUT", callback, path, params, data)

    def post(self, callback: Callable[[Response], Any], path: str, params: Any = None, data: str = "") -> Any:
        return self._request("POST", callback, path, params, data)

    def delete(self, callback: Callable[[Response], Any], path: str, params: Any = None) -> Any:
        return self._request("DELETE", callback, path, params)

    def abort(self) -> None:
        self._connection.abort()

    def close(self) -> None:
        self._connection.close()

    def _request(self, method: str, callback: Callable[[Response], Any], path: str, params: Any, data: str = "") -> Any:
        self._connection.allow(self.patience_s)
        self._connection.request(method, self.uri(path, params), body=data.encode() or None)
        answer = self._connection.getresponse()
        body = answer.read().decode("utf-8", errors="replace")
        return callback(Response(answer.status, answer.headers, body))
