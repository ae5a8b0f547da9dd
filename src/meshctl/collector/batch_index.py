"""Which batch of the store's file still has which trace, so that batches can go when nothing in them is kept."""

from __future__ import annotations

from collections.abc import Iterable


class BatchIndex:
    """``bytes`` is the size of all batches that have a trace. Batch numbers grow."""

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
