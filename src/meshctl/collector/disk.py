"""Keeps the memory's traces over a restart: requests as they came, in a file, without holding up what comes in."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from meshctl.collector import store_file
from meshctl.collector.ledger import Ledger
from meshctl.collector.store_writer import StoreWriter

#: The file may hold so many times the bytes of the memory; then traces that are left in old batches are written anew.
SPREAD = 2

#: ``keep(body, counts)`` takes a request and returns the traces of it that are kept.
Keep = Callable[[bytes, Callable[[bytes], bool]], Collection[bytes]]


class DiskStore:
    """The file at ``path``. Used by the thread that adds to the memory; another thread does the writing.

    Raises MeshError when the file cannot be used. A full disk later is no error: ``lost`` says what is not written.
    """

    def __init__(self, path: str, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes * SPREAD
        self._ledger = Ledger()
        self._last = 0
        self._connection = store_file.opened(path)
        self._writer = StoreWriter(self._connection)

    @property
    def lost(self) -> Mapping[str, int]:
        """Spans that are in memory alone, by cause."""
        return Counter(self._writer.lost)

    def restore(self, keep: Keep) -> None:
        """Give every request to ``keep``, oldest first, with what says whether a trace of it still counts; then begin
        to write. Call it once, before anything else. Raises MeshError when the file is broken.
        """
        try:
            gone = store_file.gone(self._connection)
            for batch, body in store_file.batches(self._connection):
                traces = keep(body, partial(_counts, gone, batch))
                self._last = batch
                if traces:
                    self._ledger.add(batch, traces, len(body))
                else:
                    self._writer.forget(batch, (), (batch,))
            store_file.reclaim(self._connection)
        except sqlite3.Error as error:
            self._connection.close()
            raise store_file.broken(self._path, error) from error
        self._writer.start()

    def pinned(self) -> list[bytes]:
        """The traces that are pinned in the file; to be asked before ``restore``. Raises MeshError."""
        try:
            return store_file.pins(self._connection)
        except sqlite3.Error as error:
            self._connection.close()
            raise store_file.broken(self._path, error) from error

    def add(self, body: bytes, traces: Collection[bytes], spans: int) -> None:
        """A request, and the traces of it that are kept."""
        if traces:
            self._last += 1
            self._ledger.add(self._last, traces, len(body))
            self._writer.write(self._last, body, spans)

    def forget(self, traces: Sequence[bytes]) -> None:
        """Traces were evicted: nothing of them counts in what was added before."""
        deleted = [batch for trace_id in traces for batch in self._ledger.forget(trace_id)]
        self._writer.forget(self._last, traces, deleted)

    def spread(self) -> list[bytes]:
        """Traces to be written anew as a whole, because the file grows beyond its size; mostly none."""
        return self._ledger.oldest() if self._ledger.bytes > self._max_bytes else []

    def pin(self, trace_id: bytes, pinned: bool) -> None:
        """Remember a pin, or no longer."""
        self._writer.pin(trace_id, pinned)

    def close(self) -> None:
        """Write what waits and let the file go."""
        self._writer.close()


def _counts(gone: Mapping[bytes, int], batch: int, trace_id: bytes) -> bool:
    return gone.get(trace_id, 0) < batch
