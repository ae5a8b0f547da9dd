"""A program in a pseudo-terminal, as a person has it before them."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]
WITHIN_S = 30.0
_CONTROL = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P_^][^\x1b]*\x1b\\|\x1b\[[0-?]*[ -/]*([@-~])|\x1b.")


class Terminal:
    """``until`` sees what was drawn since the last key; on leaving the block the program is killed if it still runs."""

    def __init__(self, argv: Sequence[str], columns: int = 120, lines: int = 36) -> None:
        self._leader, follower = pty.openpty()
        self._size(columns, lines)
        self._drawn = b""
        try:
            self._process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env={**os.environ, "TERM": "xterm-256color"},
                stdin=follower,
                stdout=follower,
                stderr=follower,
                start_new_session=True,
            )
        finally:
            os.close(follower)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._leader)

    @property
    def text(self) -> str:
        """What was drawn, without colours; words that stand at places of their own are apart."""
        plain = _CONTROL.sub(lambda found: b" " if found[1] == b"H" else b"", self._drawn)
        return " ".join(plain.decode(errors="replace").split())

    @property
    def given_back(self) -> bool:
        """Whether the screen of before the program is shown again."""
        return self._drawn.rfind(b"\x1b[?1049l") > self._drawn.rfind(b"\x1b[?1049h")

    def interrupt(self) -> None:
        """SIGINT from outside: in the app the key itself is none."""
        self._process.send_signal(signal.SIGINT)

    def press(self, keys: str) -> None:
        """Send the bytes of keys; what was drawn before is forgotten."""
        self._drawn = b""
        os.write(self._leader, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        self._drawn = b""
        self._size(columns, lines)
        self._process.send_signal(signal.SIGWINCH)

    def until(self, *words: str) -> str:
        """The text, as soon as it holds all the words; fail when it does not in time or the program has ended."""
        deadline = time.monotonic() + WITHIN_S
        while not all(word in self.text for word in words):
            if not self._read(deadline):
                missing = [word for word in words if word not in self.text]
                raise AssertionError(f"not drawn: {missing}; what was: {self.text[-2000:]}")
        return self.text

    def ended(self) -> int:
        """The exit code of the program, which ends by itself."""
        deadline = time.monotonic() + WITHIN_S
        while self._read(deadline):
            pass
        return self._process.wait(WITHIN_S)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._leader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            chunk = os.read(self._leader, 65_536)
        except OSError:  # Linux: nobody has the other side open any more
            return False
        self._drawn += chunk
        return bool(chunk)

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
