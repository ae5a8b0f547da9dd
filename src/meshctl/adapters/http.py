"""One HTTP request to one instance. Standard library only: importing a client costs more than a call."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from meshctl import __version__
from meshctl.adapters.http1 import Answer, ConnectionClosed, NotHttp, TooLarge, quoted, split_address
from meshctl.adapters.http_connection import FAILURES, Connection
from meshctl.errors import CallError, CallTimeout, UsageError
from meshctl.model.calls import CallReply, CallRequest, Endpoint

#: A larger answer is refused.
MAX_BODY = 8 * 1024 * 1024


@dataclass(eq=False, repr=False)
class HttpCaller:
    """A ``Caller`` for HTTP/1.1. Redirects are answers, not followed."""

    max_body: int = MAX_BODY
    _connection: Connection | None = None
    _aborted: bool = False

    def send(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        """Raises CallTimeout when ``timeout_s`` runs out, CallError without a usable answer, UsageError for
        a method, path or header that HTTP cannot carry.
        """
        self._connection = connection = _connection(endpoint, request)
        if self._aborted:
            connection.abort()
        fields = [*request.headers, *_defaults(request, {name.lower() for name, _ in request.headers})]
        method, path = request.method.upper(), quoted(request.target)
        connection.allow(request.timeout_s)
        began_ns, started = time.time_ns(), time.monotonic()
        try:
            answer = connection.exchange(method, path, fields, request.body, max_body=self.max_body)
        except ValueError as error:
            raise UsageError(f"HTTP cannot carry this: {error}") from error
        except FAILURES as error:
            raise _translated(error, endpoint, request) from error
        finally:
            connection.close()
        elapsed_ms = (time.monotonic() - started) * 1000
        return CallReply(
            service=endpoint.service,
            instance=endpoint.instance,
            protocol="http",
            status=answer.status,
            ok=answer.status < 400,
            elapsed_ms=round(elapsed_ms, 3),
            headers=answer.headers,
            body=_parsed(answer),
            began_ns=began_ns,
            content=answer.body,
        )

    def abort(self) -> None:
        """Callable from any thread: the request under way fails at once, and one that comes later too."""
        self._aborted = True
        if self._connection is not None:
            self._connection.abort()


def _connection(endpoint: Endpoint, request: CallRequest) -> Connection:
    try:
        split_address(endpoint.address)
    except ValueError as error:
        raise CallError(f"{endpoint.instance} has an unusable address: {endpoint.address}") from error
    return Connection(endpoint.address, request.timeout_s)


def _defaults(request: CallRequest, given: set[str]) -> list[tuple[str, str]]:
    """What a request says of itself unless the caller has said it."""
    defaults = {"Accept": "*/*", "User-Agent": f"meshctl/{__version__}", "Connection": "close"}
    if request.body is not None:
        defaults["Content-Type"] = "application/json"
    if request.body is not None or request.method.upper() in ("POST", "PUT", "PATCH"):
        defaults["Content-Length"] = str(len(request.body or b""))
    if "transfer-encoding" in given:
        defaults.pop("Content-Length", None)
    return [(name, value) for name, value in defaults.items() if name.lower() not in given]


def _translated(error: Exception, endpoint: Endpoint, request: CallRequest) -> CallError:
    who, service = endpoint.instance, endpoint.service
    logs = f"See meshctl logs {service}."
    if isinstance(error, TimeoutError):
        return CallTimeout(
            f"{who} did not answer within {request.timeout_s:g} s",
            hint=f"Give it --timeout, or see meshctl logs {service}.",
        )
    if isinstance(error, ConnectionRefusedError):
        return CallError(f"{who} refuses connections at {endpoint.address}", hint=logs)
    if isinstance(error, ConnectionClosed) and error.begun:
        return CallError(f"{who} closed the connection in the middle of its answer", hint=logs)
    if isinstance(error, ConnectionError):
        return CallError(f"{who} closed the connection without an answer", hint=logs)
    if isinstance(error, TooLarge):
        hint = "Ask for less, such as one page, or use curl on the port that `meshctl ps` shows."
        return CallError(f"{who} answered with {error}", hint=hint)
    if isinstance(error, NotHttp):
        hint = "Does the port speak HTTP? For gRPC: meshctl call SERVICE pkg.Service/Method."
        return CallError(f"{who} does not answer in HTTP: {_words(error)}", hint=hint)
    return CallError(f"{who} cannot be reached at {endpoint.address}: {_words(error)}", hint=logs)


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 80 else words[:79] + "…"


def _parsed(answer: Answer) -> Any:
    """JSON where it says so and is; otherwise text, None when empty."""
    if not answer.body:
        return None
    kind, _, parameters = answer.headers.get("content-type", "").lower().partition(";")
    if kind.strip() == "application/json" or kind.strip().endswith("+json"):
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            pass
    charset = re.search(r"charset=\"?([^\s;\"]+)", parameters)
    try:
        return answer.body.decode(charset[1] if charset else "utf-8", errors="replace")
    except LookupError:
        return answer.body.decode("utf-8", errors="replace")
