"""``python -m bench.load PORT PATH SECONDS [CONNECTIONS]``: GETs over raw sockets; prints answers a second."""

from __future__ import annotations

import selectors
import socket
import sys
import time


def load(port: int, path: str, seconds: float, connections: int = 16) -> float:
    """Answers a second of one process whose connections each send the next request when the last is answered.

    SystemExit when an answer is not 200.
    """
    request = f"GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n".encode()
    with selectors.DefaultSelector() as waiting:
        for _ in range(connections):
            line = socket.create_connection(("127.0.0.1", port))
            line.sendall(request)
            waiting.register(line, selectors.EVENT_READ)
        answered, began = 0, time.perf_counter()
        while (now := time.perf_counter()) - began < seconds:
            for key, _ in waiting.select(0.5):
                line = key.fileobj  # type: ignore[assignment]
                _whole(line)
                answered += 1
                line.sendall(request)
        for key in list(waiting.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        return answered / (now - began)


def _whole(line: socket.socket) -> None:
    """Read one answer to its end."""
    got = line.recv(65536)
    while b"\r\n\r\n" not in got:
        got += line.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(head.decode())
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65536)


if __name__ == "__main__":
    port, path, seconds, *rest = sys.argv[1:]
    print(load(int(port), path, float(seconds), *map(int, rest)))
