"""Writes to the store's file in a thread of its own, many things in one transaction, off the way of what comes in."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Bytes that may wait to be written; then the oldest are given up.
MAX_WAITING = 64 * 1024 * 1024

#: Requests that are written as one, and when: as soon as there are so many bytes, or so many seconds after the first.
BATCH_BYTES = 4 * 1024 * 1024
GROUP_S = 0.2

#: Seconds until a file that could not be written to is tried again, and that the last write may take at the end.
RETRY_S = 5.0
CLOSE_S = 30.0

BEHIND = "store behind"


@dataclass(slots=True)
class _Batch:
    """Requests that are written as one: protobuf messages one after the other are one message."""

    number: int
    bodies: list[bytes] = field(default_factory=list)
    size: int = 0
    spans: int = 0


@dataclass(slots=True)
class _Transaction:
    """What is written at once. ``gone`` are (upto, ids), ``pins`` id -> pinned."""

    batches: deque[_Batch] = field(default_factory=deque)
    gone: dict[int, list[bytes]] = field(default_factory=dict)
    deleted: list[int] = field(default_factory=list)
    pins: dict[bytes, bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.batches or self.gone or self.deleted or self.pins)


class StoreWriter:
    """``lost`` counts spans that are in memory alone, by cause; ``last`` is the last batch that was begun.

    Requests come together in batches of about ``batch_bytes``: each statement waits its turn beside the thread that
    takes requests, so there must be few. Nothing is written before ``start``; only ``close`` waits.
    """

    def __init__(self, connection: sqlite3.Connection, batch_bytes: int = BATCH_BYTES) -> None:
        self.lost: Counter[str] = Counter()
        self.last = 0
        self._batch_bytes = batch_bytes
        self._connection = connection
        self._work = _Transaction()
        self._waiting = 0
        self._open: _Batch | None = None
        self._failure = ""
        self._ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)

    def start(self) -> None:
        """From now on the connection belongs to the writer's thread."""
        self._thread.start()

    def write(self, body: bytes, spans: int) -> int:
        """One request; return the number of the batch it is written with."""
        with self._changed:
            batch = self._open
            if batch is None:
                self.last += 1
                batch = self._open = _Batch(self.last)
                if not self._failure:
                    self._work.batches.append(batch)
            if self._failure:
                self.lost[self._failure] += spans
                return self.last
            batch.bodies.append(body)
            batch.size += len(body)
            batch.spans += spans
            self._waiting += len(body)
            if batch.size >= self._batch_bytes:
                self._open = None
            self._give_up()
            self._changed.notify()
            return batch.number

    def seal(self) -> None:
        """The next request belongs to a new batch."""
        with self._changed:
            self._open = None

    def forget(self, upto: int, ids: Iterable[bytes], deleted: Iterable[int]) -> None:
        """Traces of which nothing counts up to a batch, and batches with nothing any more."""
        with self._changed:
            self._work.gone.setdefault(upto, []).extend(ids)
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
                self._commit(self._next())
        finally:
            self._connection.close()

    def _gather(self) -> bool:
        """Wait until there is enough to write, or what there is has waited long enough; False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ending or self._work)
            pause = RETRY_S if self._failure else GROUP_S
            self._changed.wait_for(lambda: self._ending or self._waiting >= self._batch_bytes, pause)
            return bool(self._work)

    def _give_up(self) -> None:
        """What waits beyond its bounds, the oldest first."""
        while self._waiting > MAX_WAITING:
            oldest = self._work.batches.popleft()
            self._waiting -= oldest.size
            self.lost[BEHIND] += oldest.spans
            if oldest is self._open:
                self._open = None

    def _next(self) -> _Transaction:
        with self._changed:
            work, self._work, self._waiting, self._open = self._work, _Transaction(), 0, None
            return work

    def _commit(self, work: _Transaction) -> None:
        try:
            self._write(work)
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            with self._changed:
                self._failure = f"not stored: {error}"
                self.lost[self._failure] += sum(batch.spans for batch in work.batches)
                if not self._ending:
                    self._again(work)
            return
        with self._changed:
            self._failure = ""

    def _again(self, work: _Transaction) -> None:
        """All but the requests is small, and makes room: it is tried again."""
        later = self._work
        for upto, ids in work.gone.items():
            later.gone.setdefault(upto, []).extend(ids)
        later.deleted += work.deleted
        later.pins = work.pins | later.pins

    def _write(self, work: _Transaction) -> None:
        dead = set(work.deleted)
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for number in dead:
            execute("DELETE FROM batches WHERE id = ?", (number,))
        for batch in work.batches:
            if batch.number not in dead:
                execute("INSERT INTO batches (id, body) VALUES (?, ?)", (batch.number, b"".join(batch.bodies)))
        for upto, ids in work.gone.items():
            if ids:
                execute("INSERT INTO gone (upto, ids) VALUES (?, ?)", (upto, b"".join(ids)))
        if dead:
            execute("DELETE FROM gone WHERE upto < (SELECT ifnull(min(id), 9e18) FROM batches)")
        for trace_id, pinned in work.pins.items():
            execute("INSERT OR IGNORE INTO pins VALUES (?)" if pinned else "DELETE FROM pins WHERE id = ?", (trace_id,))
        execute("COMMIT")
