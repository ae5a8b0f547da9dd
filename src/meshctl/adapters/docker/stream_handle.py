"""The handle on a response that one thread reads and another may end."""

from __future__ import annotations

import contextlib
import socket
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests import Response


class Cancelled(Exception):
    """The reader of a stream has gone while it was being opened."""


class StreamHandle:
    """Holds the response a thread is reading, so that another thread can end that read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._response: Response | None = None
        self._cut = False

    @property
    def is_cut(self) -> bool:
        return self._cut

    def hold(self, response: Response) -> None:
        """Called by the reading thread. Raises Cancelled when it was cut meanwhile."""
        with self._lock:
            self._response = response
            if not self._cut:
                return
        self.release()
        raise Cancelled

    def cut(self) -> None:
        """End the read; safe from any thread and more than once."""
        with self._lock:
            self._cut = True
            if self._response is not None:
                _shut(self._response)

    def release(self) -> None:
        """Called by the reading thread when it is done: closes the connection."""
        with self._lock:
            response, self._response = self._response, None
            if response is not None:
                _shut(response)
                response.close()


def connected_socket(response: Response) -> socket.socket | None:
    """The socket under a response that is still being read."""
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    return sock if hasattr(sock, "shutdown") else None


def _shut(response: Response) -> None:
    sock = connected_socket(response)
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
