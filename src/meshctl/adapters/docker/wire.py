"""Reads the Engine API with the standard library: importing a client would cost more than the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any, Protocol
from urllib.parse import urlencode

from meshctl.adapters.docker.address import Address
from meshctl.adapters.docker.failures import not_an_engine, refused, unavailable
from meshctl.adapters.docker.refusals import sentence
from meshctl.adapters.http1 import ConnectionClosed, NotHttp, TooLarge
from meshctl.adapters.http_connection import Connection
from meshctl.errors import MeshError, NotFound

#: No answer about one project comes near this many bytes.
MAX_ANSWER = 32 * 1024 * 1024
_CONNECTIONS = 2


class Wire(Protocol):
    """JSON in and out. Raises NotFound, OperationFailed, RuntimeUnavailable."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any: ...
    def get_each(self, paths: Sequence[str]) -> list[Any]:
        """The answers in order, asked side by side; None where the object does not exist."""
        ...

    def post(self, path: str, content: Any, timeout_s: float | None = None) -> Any: ...
    def chunks(self, path: str, content: Any = None, timeout_s: float | None = None) -> Iterator[bytes]:
        """An answer that is no JSON, as it comes: to a POST of ``content``, without it to a GET."""
        ...


class SocketWire:
    """Wire over a unix socket or plain TCP; ``timeout_s`` bounds one whole answer."""

    def __init__(self, address: Address, *, timeout_s: float = 10.0, max_bytes: int = MAX_ANSWER) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        connection = self._connection()
        try:
            return self._ask(connection, f"{path}?{urlencode(params)}" if params else path)
        finally:
            connection.close()

    def get_each(self, paths: Sequence[str]) -> list[Any]:
        answers: list[Any] = [None] * len(paths)
        pending = list(enumerate(paths))[::-1]
        failures: list[BaseException] = []
        workers = min(_CONNECTIONS, (len(paths) + 1) // 2)
        work = (pending, answers, failures)
        threads = [Thread(target=self._drain, args=work, daemon=True) for _ in range(workers - 1)]
        for thread in threads:
            thread.start()
        self._drain(*work)
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return answers

    def post(self, path: str, content: Any, timeout_s: float | None = None) -> Any:
        connection = self._connection(timeout_s)
        try:
            return self._ask(connection, path, content)
        finally:
            connection.close()

    def chunks(self, path: str, content: Any = None, timeout_s: float | None = None) -> Iterator[bytes]:
        connection = self._connection(timeout_s)
        status, refusal = 0, b""
        try:
            with self._failures():
                for piece in connection.stream(*_request(path, content), max_body=self._max_bytes):
                    status = piece.status
                    if status >= 400:
                        refusal += piece.body
                    elif piece.body:
                        yield piece.body
        finally:
            connection.close()
        if status >= 400:
            self._parse(status, refusal)

    def _drain(self, pending: list[tuple[int, str]], answers: list[Any], failures: list[BaseException]) -> None:
        connection = self._connection()
        try:
            while pending and not failures:
                index, path = pending.pop()
                connection.allow(self._timeout_s)
                try:
                    answers[index] = self._ask(connection, path)
                except NotFound:
                    continue
        except IndexError:
            pass  # another connection took the last one
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    def _connection(self, timeout_s: float | None = None) -> Connection:
        return _connection(self.address, self._timeout_s if timeout_s is None else timeout_s)

    def _ask(self, connection: Connection, target: str, content: Any = None) -> Any:
        with self._failures():
            answer = connection.exchange(*_request(target, content), max_body=self._max_bytes)
        return self._parse(answer.status, answer.body)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (NotHttp, ConnectionClosed) as error:
            raise not_an_engine(self.address, str(error)) from error
        except TooLarge as error:
            raise not_an_engine(self.address, f"its answer has {error}") from error
        except OSError as error:
            raise unavailable(self.address, error) from error

    def _parse(self, status: int, body: bytes) -> Any:
        try:
            content = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise not_an_engine(self.address, f"HTTP {status} without JSON") from error
        if status >= 400:
            raise failed(status, content)
        return content


def check_reachable(address: Address, *, timeout_s: float = 10.0) -> None:
    """Raises RuntimeUnavailable when nobody listens on a ``unix`` address; other addresses are not tried."""
    address.check()
    if address.scheme != "unix":
        return
    connection = _connection(address, timeout_s)
    try:
        connection.connect()
    except OSError as error:
        raise unavailable(address, error) from error
    finally:
        connection.close()


def _request(path: str, content: Any) -> tuple[str, str, tuple[tuple[str, str], ...], bytes | None]:
    if content is None:
        return "GET", path, (), None
    return "POST", path, (("Content-Type", "application/json"),), json.dumps(content).encode()


def _connection(address: Address, timeout_s: float) -> Connection:
    address.check()
    if address.scheme == "unix":
        return Connection(f"unix:{address.socket_path}", timeout_s)
    host, port = address.host_port
    return Connection(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", timeout_s)


def failed(status: int, content: Any) -> MeshError:
    """The error an answer with ``status`` >= 400 stands for."""
    message = content.get("message") if isinstance(content, dict) else None
    text = sentence(str(message or f"The engine answered HTTP {status}."))
    return NotFound(text) if status == 404 else refused(status, text)
