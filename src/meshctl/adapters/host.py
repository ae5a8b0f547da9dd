"""This machine: its clock and its TCP ports."""

from __future__ import annotations

import socket
import time


class SystemClock:
    """``now`` is wall time in Unix seconds, ``monotonic`` never goes backwards."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Cancellable."""
        import asyncio

        await asyncio.sleep(seconds)


def port_is_free(host: str, port: int) -> bool:
    """Whether something could listen there now; ``host`` is an address of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
