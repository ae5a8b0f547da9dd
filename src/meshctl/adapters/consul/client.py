"""python-consul over a transport of ours: deadlines, blocking queries, and a way to give one up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from consul import ConsulException
from consul.base import Consul as BaseConsul
from consul.base import HTTPClient, Response

from meshctl.adapters.consul.catalog import AGENT, MAX_ANSWER, READ_TIMEOUT_S, unavailable
from meshctl.adapters.http_connection import FAILURES, Connection, reason_of

T = TypeVar("T")

_LOST = (ConsulException, *FAILURES, ValueError, KeyError, TypeError)


class Client(BaseConsul):  # type: ignore[misc]
    """The parts of python-consul that are asked at ``host:port``, whatever ``CONSUL_HTTP_*`` says in the environment.

    ``BaseConsul.__init__`` would go where the environment says, and send its token there.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = Transport(address)
        self.token, self.dc, self.consistency = None, None, "default"
        self.agent = BaseConsul.Agent(self)
        self.catalog = BaseConsul.Catalog(self)
        self.health = BaseConsul.Health(self)
        self.kv = BaseConsul.KV(self)

    def changes(self, ask: Callable[[int | None, str], tuple[str, T]], wait_s: int) -> Iterator[T]:
        """What ``ask(index, wait)`` gives, now and whenever its index has moved or ``wait_s`` has passed.

        An index that goes backwards is useless: it starts again without one, which does not wait.
        """
        index = 0
        while True:
            self.http.patience_s = READ_TIMEOUT_S + (wait_s * 17 / 16 if index else 0)  # Consul adds a sixteenth
            answered, found = ask(index or None, f"{wait_s}s")
            self.http.patience_s = READ_TIMEOUT_S
            fresh = max(int(answered), 1)
            index = 0 if fresh < index else fresh
            yield found

    @contextmanager
    def asking(self) -> Iterator[None]:
        """What a lost agent, or something that is no agent, ends in is RegistryUnavailable; then nothing is kept."""
        try:
            yield
        except _LOST as error:
            told = isinstance(error, ConsulException) and str(error)
            raise unavailable(self.address, told or reason_of(error, AGENT)) from error
        finally:
            self.http.close()


class Transport(HTTPClient):  # type: ignore[misc]
    """Requests in sequence over one kept connection, each bounded by ``patience_s``."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.patience_s = READ_TIMEOUT_S
        self.base_uri = ""
        self._connection = Connection(address, self.patience_s)

    def get(self, callback: Callable[[Response], Any], path: str, params: Any = None) -> Any:
        return self._request("GET", callback, path, params)

    def put(self, callback: Callable[[Response], Any], path: str, params: Any = None, data: str | bytes = "") -> Any:
        return self._request("PUT", callback, path, params, data)

    def post(self, callback: Callable[[Response], Any], path: str, params: Any = None, data: str | bytes = "") -> Any:
        return self._request("POST", callback, path, params, data)

    def delete(self, callback: Callable[[Response], Any], path: str, params: Any = None) -> Any:
        return self._request("DELETE", callback, path, params)

    def abort(self) -> None:
        """Callable from any thread: the request under way fails at once, and what comes later too."""
        self._connection.abort()

    def close(self) -> None:
        """The next request connects anew."""
        self._connection.close()

    def _request(
        self, method: str, callback: Callable[[Response], Any], path: str, params: Any, data: str | bytes = b""
    ) -> Any:
        body = data.encode() if isinstance(data, str) else data
        self._connection.allow(self.patience_s)
        answer = self._connection.exchange(method, self.uri(path, params), body=body, max_body=MAX_ANSWER)
        headers = {name.title(): value for name, value in answer.headers.items()}
        return callback(Response(answer.status, headers, answer.body.decode("utf-8", errors="replace")))
