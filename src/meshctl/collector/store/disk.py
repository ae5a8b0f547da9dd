"""Keeps the memory's traces over a restart: requests as they came, in a file, without holding up what comes in."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from meshctl.collector.store import file
from meshctl.collector.store.writer import BATCH_BYTES, StoreWriter

#: The file may hold so many times the bytes of the memory; then traces that are left in old batches are written anew.
FILE_RATIO = 2

#: ``keep(body, counts)`` takes a request; it returns the traces of it that are kept, and all that had to go for it.
Keep = Callable[[bytes, Callable[[bytes], bool]], tuple[Collection[bytes], Collection[bytes]]]


class DiskStore:
    """The file at ``path``. Used by the thread that adds to the memory; another thread does the writing.

    Raises MeshError when the file cannot be used. A full disk later is no error: ``lost`` says what is not written.
    """

    def __init__(self, path: str, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes * FILE_RATIO
        self._index = BatchIndex()
        self._connection = file.open_file(path)
        # Small against the file, so that old ones can be written anew one by one.
        self._writer = StoreWriter(self._connection, min(BATCH_BYTES, max_bytes // 16))

    @property
    def lost(self) -> Mapping[str, int]:
        """Spans that are in memory alone, by cause."""
        return Counter(self._writer.lost)

    def restore(self, keep: Keep) -> None:
        """Give every request to ``keep``, oldest first, with what says whether a trace of it still counts; then begin
        to write. Call it once, before anything else. Raises MeshError when the file is broken.
        """
        try:
            gone = file.gone(self._connection)
            for batch, body in file.batches(self._connection):
                self._writer.last = batch
                kept, evicted = keep(body, partial(_counts, gone, batch))
                empty = [one for trace_id in evicted for one in self._index.forget(trace_id)]
                self._index.add(batch, kept, len(body))
                again = set(kept)
                lost = [trace_id for trace_id in evicted if trace_id not in again]
                self._writer.forget(batch, lost, empty if kept else [*empty, batch])
            file.reclaim(self._connection)
        except sqlite3.Error as error:
            self._connection.close()
            raise file.broken(self._path, error) from error
        self._writer.start()

    def pinned(self) -> list[bytes]:
        """The traces that are pinned in the file; to be asked before ``restore``. Raises MeshError."""
        try:
            return file.pins(self._connection)
        except sqlite3.Error as error:
            self._connection.close()
            raise file.broken(self._path, error) from error

    def add(self, body: bytes, traces: Collection[bytes], spans: int) -> None:
        """A request, and the traces of it that are kept."""
        if traces:
            self._index.add(self._writer.write(body, spans), traces, len(body))

    def forget(self, traces: Sequence[bytes]) -> None:
        """Traces were evicted: nothing of them counts in what was added before."""
        upto = self._writer.last
        if any(self._index.last(trace_id) == upto for trace_id in traces):
            self._writer.seal()
        else:
            upto -= 1
        deleted = [batch for trace_id in traces for batch in self._index.forget(trace_id)]
        self._writer.forget(upto, traces, deleted)

    def to_compact(self) -> list[bytes]:
        """Traces to be written anew as a whole, because the file grows beyond its size; mostly none."""
        return self._index.oldest(self._writer.last) if self._index.bytes > self._max_bytes else []

    def pin(self, trace_id: bytes, pinned: bool) -> None:
        """Remember a pin, or no longer."""
        self._writer.pin(trace_id, pinned)

    def close(self) -> None:
        """Write what waits and let the file go."""
        self._writer.close()


def _counts(gone: Mapping[bytes, int], batch: int, trace_id: bytes) -> bool:
    return gone.get(trace_id, 0) < batch


class BatchIndex:
    """Which batch still has which trace, so that it can go when nothing in it is kept. Batch numbers grow.

    ``bytes`` is the size of all batches that have a trace.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self._sizes: dict[int, int] = {}
        self._live: dict[int, int] = {}
        self._members: dict[int, list[bytes]] = {}
        self._batches: dict[bytes, list[int]] = {}

    def add(self, batch: int, traces: Iterable[bytes], size: int) -> None:
        """So many bytes more of these traces are in a batch."""
        batches, fresh = self._batches, []
        for trace_id in traces:
            known = batches.get(trace_id)
            if known is None:
                batches[trace_id] = [batch]
            elif known[-1] != batch:
                known.append(batch)
            else:
                continue
            fresh.append(trace_id)
        if not fresh and batch not in self._live:
            return
        self._members.setdefault(batch, []).extend(fresh)
        self._live[batch] = self._live.get(batch, 0) + len(fresh)
        self._sizes[batch] = self._sizes.get(batch, 0) + size
        self.bytes += size

    def last(self, trace_id: bytes) -> int:
        """The last batch with this trace; 0 when there is none."""
        return self._batches.get(trace_id, (0,))[-1]

    def forget(self, trace_id: bytes) -> list[int]:
        """A trace is gone; return the batches that have nothing any more."""
        empty = []
        for batch in self._batches.pop(trace_id, ()):
            self._live[batch] -= 1
            if not self._live[batch]:
                del self._live[batch], self._members[batch]
                self.bytes -= self._sizes.pop(batch)
                empty.append(batch)
        return empty

    def oldest(self, before: int) -> list[bytes]:
        """The traces that the oldest batch still has; none when there is no batch before that one."""
        batch = min(self._live, default=before)
        if batch >= before:
            return []
        return [trace_id for trace_id in self._members[batch] if batch in self._batches.get(trace_id, ())]
