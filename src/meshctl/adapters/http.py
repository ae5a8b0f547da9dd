"""One HTTP request to one instance. Standard library only: importing a client costs more than a call."""

from __future__ import annotations

import http.client
import json
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

from meshctl import __version__
from meshctl.adapters.http_wire import DeadlineConnection
from meshctl.adapters.traceparent import with_traceparent
from meshctl.errors import CallError, CallTimeout, UsageError
from meshctl.model.calls import CallReply, CallRequest, Endpoint

#: A larger answer is refused.
MAX_BODY = 8 * 1024 * 1024

#: Printable ASCII stays as it was typed; spaces and other letters are percent-encoded.
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F))

Headers = tuple[tuple[str, str], ...]


class HttpCaller:
    """A ``Caller`` for HTTP/1.1. Redirects are answers, not followed."""

    def __init__(self, max_body: int = MAX_BODY) -> None:
        self._max_body = max_body

    async def call(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        """Send off the event loop; cancelling closes the connection at once."""
        from meshctl.adapters.interruptible import run_interruptible

        connection = _connection(endpoint, request)
        return await run_interruptible(lambda: self._exchange(connection, endpoint, request), connection.abort)

    def send(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        """The same, blocking: for a process that does nothing else meanwhile.

        Raises CallTimeout when ``timeout_s`` runs out, CallError without a usable answer, UsageError for
        a method, path or header that HTTP cannot carry.
        """
        return self._exchange(_connection(endpoint, request), endpoint, request)

    def _exchange(self, connection: DeadlineConnection, endpoint: Endpoint, request: CallRequest) -> CallReply:
        headers, trace_id = with_traceparent(request.headers)
        connection.allow(request.timeout_s)
        began_ns, started = time.time_ns(), time.monotonic()
        try:
            _send(connection, request, headers)
            response = connection.getresponse()
            body = self._read(response, endpoint)
        except (http.client.HTTPException, OSError) as error:
            raise _translated(error, endpoint, request) from error
        finally:
            connection.close()
        elapsed_ms = (time.monotonic() - started) * 1000
        return CallReply(
            service=endpoint.service,
            instance=endpoint.instance,
            protocol="http",
            status=response.status,
            ok=response.status < 400,
            elapsed_ms=round(elapsed_ms, 3),
            headers=_headers_of(response),
            body=_parsed(body, response),
            trace_id=trace_id,
            began_ns=began_ns,
        )

    def _read(self, response: http.client.HTTPResponse, endpoint: Endpoint) -> bytes:
        with response:
            body = response.read(self._max_body + 1)
        if len(body) > self._max_body:
            raise CallError(
                f"{endpoint.instance} answered with more than {_size(self._max_body)}",
                hint="Ask for less, such as one page, or use curl on the port that `meshctl ps` shows.",
            )
        if response.length:
            raise http.client.IncompleteRead(body, response.length)
        return body


def _connection(endpoint: Endpoint, request: CallRequest) -> DeadlineConnection:
    try:
        return DeadlineConnection(endpoint.address, request.timeout_s)
    except http.client.InvalidURL as error:
        raise CallError(f"{endpoint.instance} has an unusable address: {endpoint.address}") from error


def _send(connection: DeadlineConnection, request: CallRequest, headers: Headers) -> None:
    given = {name.lower() for name, _ in headers}
    path = urllib.parse.quote(request.target, safe=_SAFE)
    try:
        connection.putrequest(request.method.upper(), path, skip_host="host" in given, skip_accept_encoding=True)
        for name, value in (*headers, *_defaults(request, given)):
            connection.putheader(name, value.encode("utf-8"))
    except (http.client.InvalidURL, ValueError) as error:
        raise UsageError(f"HTTP cannot carry this: {error}") from error
    connection.endheaders(request.body)


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
    if isinstance(error, http.client.IncompleteRead):
        return CallError(f"{who} closed the connection in the middle of its answer", hint=logs)
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
        return CallError(f"{who} closed the connection without an answer", hint=logs)
    if isinstance(error, http.client.HTTPException):
        hint = "Does the port speak HTTP? For gRPC: meshctl call SERVICE pkg.Service/Method."
        return CallError(f"{who} does not answer in HTTP: {_words(error)}", hint=hint)
    return CallError(f"{who} cannot be reached at {endpoint.address}: {_words(error)}", hint=logs)


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 80 else words[:79] + "…"


def _headers_of(response: http.client.HTTPResponse) -> Mapping[str, str]:
    """Names in lower case; a repeated header's values joined with commas."""
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _parsed(body: bytes, response: http.client.HTTPResponse) -> Any:
    """JSON where it says so and is; otherwise text, None when empty."""
    if not body:
        return None
    kind = response.headers.get_content_type()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            pass
    charset = response.headers.get_content_charset() or "utf-8"
    try:
        return body.decode(charset, errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def _size(size: int) -> str:
    return f"{size // (1024 * 1024)} MiB" if size >= 1024 * 1024 else f"{size} bytes"
