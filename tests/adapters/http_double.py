"""A TCP server whose conversation is a function: for answers no well-behaved server gives."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

#: Gets the request's head and the socket, answers as it likes; the socket is closed afterwards.
Answer = Callable[[bytes, socket.socket], None]


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The ``host:port`` of a server that answers each connection with ``answer``."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []
    open_now: list[socket.socket] = []

    def converse(peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            answer(_head(peer), peer)

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            open_now.append(peer)
            threads.append(threading.Thread(target=converse, args=(peer,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        host, port = listener.getsockname()
        yield f"{host}:{port}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for peer in open_now:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def saying(answer: bytes) -> Answer:
    """Always the same bytes."""
    return lambda _, peer: peer.sendall(answer)


def hanging(_: bytes, peer: socket.socket) -> None:
    """Says nothing until the other side gives up."""
    while peer.recv(1024):
        pass


def json_answer(status: str, body: bytes) -> Answer:
    """A well-formed JSON answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return saying(head.encode() + body)


def refused() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
    return f"{host}:{port}"


def _head(peer: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = peer.recv(65536)
        if not piece:
            return head
        head += piece
    return head
