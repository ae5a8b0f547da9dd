"""Writes to the store's file in a thread of its own, many things in one transaction, off the way of what comes in."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

#: Bytes that may wait to be written; then the oldest are given up.
MAX_WAITING = 64 * 1024 * 1024

#: A transaction starts when so many bytes wait, or so many seconds after the first.
GROUP_BYTES = 4 * 1024 * 1024
GROUP_S = 0.2

#: Seconds until a file that could not be written to is tried again, and that the last write may take at the end.
RETRY_S = 5.0
CLOSE_S = 30.0

BEHIND = "store behind"


class _Body(NamedTuple):
    batch: int
    body: bytes
    spans: int


@dataclass(slots=True)
class _Work:
    """What one transaction writes. ``gone`` are (upto, ids), ``pins`` id -> pinned."""

    bodies: deque[_Body] = field(default_factory=deque)
    gone: list[tuple[int, bytes]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    pins: dict[bytes, bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.bodies or self.gone or self.deleted or self.pins)


class StoreWriter:
    """``lost`` counts spans that are in memory alone, by cause. Every method returns at once but ``close``.

    Nothing is written before ``start``.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.lost: Counter[str] = Counter()
        self._connection = connection
        self._work = _Work()
        self._waiting = 0
        self._failure = ""
        self._ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)

    def start(self) -> None:
        """From now on the connection belongs to the writer's thread."""
        self._thread.start()

    def write(self, batch: int, body: bytes, spans: int) -> None:
        """One request."""
        with self._changed:
            if self._failure:
                self.lost[self._failure] += spans
                return
            self._work.bodies.append(_Body(batch, body, spans))
            self._waiting += len(body)
            while self._waiting > MAX_WAITING:
                oldest = self._work.bodies.popleft()
                self._waiting -= len(oldest.body)
                self.lost[BEHIND] += oldest.spans
            self._changed.notify()

    def forget(self, upto: int, ids: Iterable[bytes], deleted: Iterable[int]) -> None:
        """Traces of which nothing counts up to a batch, and batches with nothing any more."""
        with self._changed:
            self._work.gone.append((upto, b"".join(ids)))
            self._work.deleted += deleted
            self._changed.notify()

    def pin(self, trace_id: bytes, pinned: bool) -> None:
        """Remember a pin, or no longer."""
        with self._changed:
            self._work.pins[trace_id] = pinned
            self._changed.notify()

    def close(self) -> None:
        """Write what waits, at most for half a minute, and let the file go."""
        if self._thread.ident is None:
            self._connection.close()
            return
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            while self._gather():
                self._commit(self._taken())
        finally:
            self._connection.close()

    def _gather(self) -> bool:
        """Wait until there is enough to write, or what there is has waited long enough; False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ending or self._work)
            pause = RETRY_S if self._failure else GROUP_S
            self._changed.wait_for(lambda: self._ending or self._waiting >= GROUP_BYTES, pause)
            return bool(self._work)

    def _taken(self) -> _Work:
        with self._changed:
            work, self._work, self._waiting = self._work, _Work(), 0
            return work

    def _commit(self, work: _Work) -> None:
        try:
            self._write(work)
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            with self._changed:
                self._failure = f"not stored: {error}"
                self.lost[self._failure] += sum(body.spans for body in work.bodies)
                if not self._ending:
                    self._again(work)
            return
        with self._changed:
            self._failure = ""

    def _again(self, work: _Work) -> None:
        """All but the bodies is small, and makes room: it is tried again."""
        later = self._work
        later.gone[:0], later.deleted[:0] = work.gone, work.deleted
        later.pins = work.pins | later.pins

    def _write(self, work: _Work) -> None:
        dead = set(work.deleted)
        execute, executemany = self._connection.execute, self._connection.executemany
        execute("BEGIN IMMEDIATE")
        executemany("DELETE FROM batches WHERE id = ?", ((batch,) for batch in work.deleted))
        alive = ((one.batch, one.body) for one in work.bodies if one.batch not in dead)
        executemany("INSERT INTO batches (id, body) VALUES (?, ?)", alive)
        executemany("INSERT INTO gone (upto, ids) VALUES (?, ?)", work.gone)
        if dead:
            execute("DELETE FROM gone WHERE upto < (SELECT ifnull(min(id), 9e18) FROM batches)")
        for trace_id, pinned in work.pins.items():
            execute("INSERT OR IGNORE INTO pins VALUES (?)" if pinned else "DELETE FROM pins WHERE id = ?", (trace_id,))
        execute("COMMIT")
