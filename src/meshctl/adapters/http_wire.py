"""HTTP/1.1 on ``http.client`` with two things it lacks: a deadline for the whole exchange, and an abort."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class DeadlineConnection(http.client.HTTPConnection):
    """One connection whose exchanges end by ``allow``'s deadline, however slowly the peer drips.

    Raises TimeoutError, other OSErrors and ``http.client.HTTPException``.
    """

    def __init__(self, address: str, timeout_s: float) -> None:
        super().__init__(address)
        self._deadline = time.monotonic() + timeout_s
        self._wire: _DeadlineSocket | None = None
        self.aborted = False

    def allow(self, timeout_s: float) -> None:
        """Give what follows ``timeout_s`` seconds from now."""
        self._deadline = time.monotonic() + timeout_s
        if self._wire is not None:
            self._wire.deadline = self._deadline

    def connect(self) -> None:
        remaining = max(self._deadline - time.monotonic(), 0.001)
        plain = socket.create_connection((self.host, self.port), remaining)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wire = _DeadlineSocket(plain.family, plain.type, plain.proto, plain.detach())
        self._wire.deadline = self._deadline
        self.sock = self._wire
        if self.aborted:
            self.abort()

    def abort(self) -> None:
        """Callable from any thread: what is under way fails at once, and what comes later too."""
        self.aborted = True
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)


def reason_of(error: Exception, peer: str) -> str:
    """Why an exchange with ``peer`` ("a collector") failed, in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return f"not the answer of {peer} ({type(error).__name__})"


class _DeadlineSocket(socket.socket):
    """Every operation waits only for what is left until ``deadline`` (``time.monotonic``)."""

    deadline = 0.0

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        self._arm()
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        self._arm()
        super().sendall(data, flags)

    def _arm(self) -> None:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self.settimeout(remaining)
