"""``ports.Turns`` by a lock on a file, which the kernel ends with the process that has it, kill -9 included."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meshctl.ports.turns import Holder, Turn

_FILE = "turn.lock"
_MOST_BYTES = 4096


class FileTurns:
    """Locks ``folder``, or one of the user's own in the temporary folder when ``folder`` cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, command: str) -> Turn | Holder:
        for make in (self._state_folder, self._temporary_folder):
            with suppress(OSError):
                return _locked(make() / _FILE, command)
        return _Held(None)

    def _state_folder(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def _temporary_folder(self) -> Path:
        """Raises OSError where somebody else has taken the name of ours."""
        from tempfile import gettempdir

        ours = Path(gettempdir()) / f"meshctl-{os.getuid()}"
        for folder in (ours, ours / self._folder.name):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
                raise PermissionError(f"{folder} is not ours")
        return folder


class _Held:
    """``Turn`` as an open file; None where none could be opened."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)


def _locked(file: Path, command: str) -> Turn | Holder:
    """Raises OSError where files cannot be opened or locked."""
    # Each opening has a lock of its own, inside of one process too, and no child process inherits it.
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _closing(descriptor, _holder)
    except OSError:
        os.close(descriptor)
        raise
    with suppress(OSError):
        content = json.dumps(asdict(Holder(command[:200], os.getpid(), time.time()))) + "\n"
        os.ftruncate(descriptor, os.pwrite(descriptor, content.encode(), 0))
    return _Held(descriptor)


def _closing(descriptor: int, read: Callable[[int], Holder]) -> Holder:
    try:
        return read(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> Holder:
    """What the holder has written of itself, if it has already."""
    try:
        content: Any = json.loads(os.pread(descriptor, _MOST_BYTES, 0).partition(b"\n")[0])
        return Holder(str(content["command"]), int(content["pid"]), float(content["since"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return Holder()
