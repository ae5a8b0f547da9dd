"""Reads the Engine API with the standard library: importing a client would cost more than the answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Thread
from typing import Any, Protocol
from urllib.parse import urlencode

from meshctl.adapters.docker.address import Address
from meshctl.adapters.docker.failures import not_an_engine, refused, sentence, unavailable
from meshctl.errors import MeshError, NotFound

#: No answer about one project comes near this many bytes.
MAX_ANSWER = 32 * 1024 * 1024
_CONNECTIONS = 2


class Wire(Protocol):
    """GET of one path: parsed JSON. Raises NotFound, OperationFailed, RuntimeUnavailable."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any: ...
    def get_each(self, paths: Sequence[str]) -> list[Any]:
        """The answers in order, asked side by side; None where the object does not exist."""
        ...


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


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

    def _drain(self, pending: list[tuple[int, str]], answers: list[Any], failures: list[BaseException]) -> None:
        connection = self._connection()
        try:
            while pending and not failures:
                index, path = pending.pop()
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

    def _connection(self) -> HTTPConnection:
        if self.address.scheme == "unix":
            return _UnixConnection(self.address.socket_path, self._timeout_s)
        host, port = self.address.host_port
        return HTTPConnection(host, port, timeout=self._timeout_s)

    def _ask(self, connection: HTTPConnection, target: str) -> Any:
        deadline = time.monotonic() + self._timeout_s
        try:
            connection.request("GET", target)
            with connection.getresponse() as response:
                body = self._body(connection, response, deadline)
                return self._parse(response.status, body)
        except HTTPException as error:
            raise not_an_engine(self.address, type(error).__name__) from error
        except OSError as error:
            raise unavailable(self.address, error) from error

    def _body(self, connection: HTTPConnection, response: HTTPResponse, deadline: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        while part := response.read1(1 << 16):
            parts.append(part)
            size += len(part)
            if size > self._max_bytes:
                connection.close()
                raise not_an_engine(self.address, f"its answer exceeds {self._max_bytes} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError
        return b"".join(parts)

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
    if address.scheme != "unix":
        return
    connection = _UnixConnection(address.socket_path, timeout_s)
    try:
        connection.connect()
    except OSError as error:
        raise unavailable(address, error) from error
    finally:
        connection.close()


def failed(status: int, content: Any) -> MeshError:
    """The error an answer with ``status`` >= 400 stands for."""
    message = content.get("message") if isinstance(content, dict) else None
    text = sentence(str(message or f"The engine answered HTTP {status}."))
    return NotFound(text) if status == 404 else refused(status, text)
