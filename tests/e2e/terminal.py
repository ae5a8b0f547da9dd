"""A command on a terminal of its own: what it writes is taken as bytes, keys can be pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from types import TracebackType


class Terminal:
    """Runs ``argv`` in ``columns`` × ``rows`` cells; ``seen`` is everything that has arrived."""

    def __init__(self, argv: Sequence[str], *, columns: int = 160, rows: int = 50, colours: bool = False) -> None:
        self.seen = b""
        self._near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "", "LINES": ""}
        env = {name: value for name, value in env.items() if value and name != "NO_COLOR"}
        self._process = subprocess.Popen(
            argv,
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            env=env if colours else env | {"NO_COLOR": "1"},
        )
        os.close(far)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._near)

    def press(self, keys: str) -> None:
        os.write(self._near, keys.encode())

    def wait_for(self, *wanted: bytes, within: float) -> None:
        """Go on reading until all of it has arrived after what has been seen; fail when it does not."""
        begin, deadline = len(self.seen), time.monotonic() + within
        while any(part not in self.seen[begin:] for part in wanted):
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"not within {within} s: {wanted!r}; last seen: {self.seen[-2000:]!r}")

    def finish(self, *, within: float) -> int:
        """Read to the end, and return the exit code."""
        deadline = time.monotonic() + within
        while self._read(deadline - time.monotonic()):
            pass
        return self._process.wait(max(0.1, deadline - time.monotonic()))

    def _read(self, timeout_s: float) -> bool:
        """Whether there was something to read in time; nobody writes any more: False."""
        ready, _, _ = select.select([self._near], [], [], max(0.0, timeout_s))
        if not ready:
            return False
        try:
            chunk = os.read(self._near, 65536)
        except OSError:  # Linux's word for a terminal that nobody has open
            return False
        self.seen += chunk
        return bool(chunk)
