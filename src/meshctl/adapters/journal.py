"""``ports.Journal`` as a file of JSON lines in the user's state folder."""

from __future__ import annotations

import errno
import fcntl
import getpass
import json
import os
import re
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from math import isfinite
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, BinaryIO

from meshctl.model.journal import Deed, JournalEntry

#: A file that has grown beyond this many bytes is cut to its newest half, and no more of it is read.
MOST_BYTES = 512 * 1024
#: Of a cause or a command line no more is kept, characters.
MOST_WORDS = 500
_TRIES = 3
_ADD = os.O_WRONLY | os.O_APPEND | os.O_CREAT


def project_folder(project: str, engine: str, environ: Mapping[str, str] | None = None) -> Path:
    """Where what this machine remembers of a project on that engine is kept (XDG Base Directory: state).

    Two paths to one socket are one engine. A user without a home gets a folder that cannot be made.
    """
    env = os.environ if environ is None else environ
    state = Path(env.get("XDG_STATE_HOME") or "")
    if not state.is_absolute():
        home = Path(env.get("HOME") or "")
        if not home.is_absolute():
            try:
                home = Path.home()
            except RuntimeError:
                home = Path(os.devnull)
        state = home / ".local" / "state"
    scheme, _, socket = engine.partition("://")
    same = f"unix://{os.path.realpath(socket)}" if scheme == "unix" else engine
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", project)
    return state / "meshctl" / f"{name}-{sha256(same.encode('utf-8', 'replace')).hexdigest()[:8]}"


class FileJournal:
    """One line an entry, appended by a single write, so that processes do not mix theirs."""

    def __init__(self, folder: Path, command: str = "") -> None:
        self._file = folder / "journal.jsonl"
        self._command = (command or " ".join(sys.argv[1:]))[:MOST_WORDS]

    @property
    def user(self) -> str:
        try:
            return getpass.getuser()
        except (ImportError, KeyError, OSError):  # no entry for this uid
            return str(os.getuid())

    def note(self, deed: Deed, service: str, instance: str, container_id: str = "", *, cause: str = "") -> None:
        about = (container_id, cause[:MOST_WORDS], self._command, self.user)
        entry = JournalEntry(time.time(), deed, service, instance, *about)
        # Led by a line end: what a full disk has cut off spoils no other entry.
        line = f"\n{json.dumps(asdict(entry), ensure_ascii=False)}".encode("utf-8", "replace")
        with suppress(OSError):
            grown = self._append(line)
            if grown:
                self._cut()

    def read(self) -> Sequence[JournalEntry]:
        try:
            with os.fdopen(_open(self._file, os.O_RDONLY), "rb") as file:
                content = _newest(file, 2 * MOST_BYTES)
        except OSError:
            return ()
        entries = (_entry(line) for line in content.split(b"\n"))
        return sorted(dict.fromkeys(entry for entry in entries if entry is not None), key=attrgetter("time"))

    def _append(self, line: bytes) -> bool:
        """Whether the file is too long. Where it was cut meanwhile the entry is added again, and may be twice."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            with os.fdopen(_open(self._file, _ADD), "ab", buffering=0) as file:
                file.write(line)
                if _is_at(file, self._file):
                    return os.fstat(file.fileno()).st_size > MOST_BYTES
        return False

    def _cut(self) -> None:
        """Keep the newest half, and what others add meanwhile. Only one process cuts."""
        with self._file.open("rb") as old:
            fcntl.flock(old, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_at(old, self._file):
                return
            kept = _newest(old, MOST_BYTES // 2)
            fresh = self._file.with_suffix(".cut")
            fresh.unlink(missing_ok=True)  # of one that was killed
            with os.fdopen(_open(fresh, _ADD), "ab") as new:
                new.write(kept)
                new.flush()
                fresh.replace(self._file)
                new.write(old.read())


def _newest(file: BinaryIO, most: int) -> bytes:
    """The whole lines among the last ``most`` bytes."""
    start = max(0, file.seek(0, os.SEEK_END) - most)
    file.seek(start)
    content = file.read()
    return content if start == 0 else b"".join(content.partition(b"\n")[1:])


def _open(path: Path, how: int) -> int:
    """Raises OSError also for what is no file, such as a pipe that nobody reads: it would be waited for."""
    descriptor = os.open(path, how | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a file", str(path))
    return descriptor


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Whether an open file still is the one of that name."""
    return os.path.samestat(os.fstat(file.fileno()), path.stat())


def _entry(line: bytes) -> JournalEntry | None:
    """None for a line that is broken, or of a later version."""
    try:
        content: Any = json.loads(line)
        texts = {name: str(content.get(name, "")) for name in ("container_id", "cause", "command", "user")}
        deed, at = Deed(content["deed"]), float(content["time"])
        return (
            JournalEntry(at, deed, str(content["service"]), str(content["instance"]), **texts) if isfinite(at) else None
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
