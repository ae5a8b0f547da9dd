"""Which batch of the store's file still has which trace, so that batches can go when nothing in them is kept."""

from __future__ import annotations

from collections.abc import Iterable


class Ledger:
    """``bytes`` is the size of all batches that have a trace."""

    def __init__(self) -> None:
        self.bytes = 0
        self._sizes: dict[int, int] = {}
        self._live: dict[int, int] = {}
        self._batches: dict[bytes, list[int]] = {}

    def add(self, batch: int, traces: Iterable[bytes], size: int) -> None:
        """A batch with these traces, each named once."""
        count, batches = 0, self._batches
        for trace_id in traces:
            count += 1
            known = batches.get(trace_id)
            if known is None:
                batches[trace_id] = [batch]
            else:
                known.append(batch)
        self._live[batch] = count
        self._sizes[batch] = size
        self.bytes += size

    def forget(self, trace_id: bytes) -> list[int]:
        """A trace is gone; return the batches that have nothing any more."""
        empty = []
        for batch in self._batches.pop(trace_id, ()):
            self._live[batch] -= 1
            if not self._live[batch]:
                del self._live[batch]
                self.bytes -= self._sizes.pop(batch)
                empty.append(batch)
        return empty

    def oldest(self) -> list[bytes]:
        """The traces of the oldest batch."""
        batch = next(iter(self._live), None)
        return [trace_id for trace_id, batches in self._batches.items() if batches[0] == batch]
