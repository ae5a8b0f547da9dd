"""``ports.Journal`` as a file of JSON lines in the user's state folder."""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from meshctl.model.journal import Deed, JournalEntry

#: A file that has grown beyond this many bytes is cut to its newest half.
MOST_BYTES = 512 * 1024


def project_folder(project: str, engine: str, environ: Mapping[str, str] | None = None) -> Path:
    """Where what this machine remembers of a project on that engine is kept (XDG Base Directory: state)."""
    env = os.environ if environ is None else environ
    state = env.get("XDG_STATE_HOME") or str(Path(env.get("HOME") or "~").expanduser() / ".local" / "state")
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", project)
    return Path(state) / "meshctl" / f"{name}-{sha256(engine.encode()).hexdigest()[:8]}"


class FileJournal:
    """One line an entry, appended by a single write, so that processes do not mix theirs."""

    def __init__(self, folder: Path, command: str = "") -> None:
        self._file = folder / "journal.jsonl"
        self._command = command or " ".join(sys.argv[1:])

    @property
    def user(self) -> str:
        try:
            return getpass.getuser()
        except (KeyError, OSError):  # no entry for this uid
            return str(os.getuid())

    def note(self, deed: Deed, service: str, instance: str, container_id: str = "", *, cause: str = "") -> None:
        entry = JournalEntry(time.time(), deed, service, instance, container_id, cause, self._command, self.user)
        line = json.dumps(asdict(entry), ensure_ascii=False) + "\n"
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line.encode("utf-8", "replace"))
                grown = os.fstat(descriptor).st_size > MOST_BYTES
            finally:
                os.close(descriptor)
            if grown:
                self._cut()

    def read(self) -> Sequence[JournalEntry]:
        try:
            text = self._file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ()
        return [entry for line in text.splitlines() if (entry := _entry(line)) is not None]

    def _cut(self) -> None:
        """Keep the newest half. An entry that another process adds meanwhile may be lost."""
        kept = self._file.read_bytes()[-MOST_BYTES // 2 :].partition(b"\n")[2]
        fresh = self._file.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(kept)
        fresh.replace(self._file)


def _entry(line: str) -> JournalEntry | None:
    """None for a line that is broken, or of a later version."""
    try:
        content: Any = json.loads(line)
        texts = {name: str(content.get(name, "")) for name in ("container_id", "cause", "command", "user")}
        deed = Deed(content["deed"])
        return JournalEntry(float(content["time"]), deed, str(content["service"]), str(content["instance"]), **texts)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
