"""Traces by the time they started, so that the newest are found without sorting all."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from meshctl.core.traces.stored import BUCKET_BITS, PLAUSIBLE_NS, StoredTrace

_start = attrgetter("start_ns")


class Timeline:
    """Buckets of traces. Written by one thread, read by any; a trace that moves meanwhile may be seen twice."""

    def __init__(self) -> None:
        self._buckets: dict[int, dict[bytes, StoredTrace]] = {}

    def put(self, trace: StoredTrace) -> None:
        """Put a trace where its start belongs; nothing happens when it is there."""
        before, now = trace.bucket, trace.start_ns >> BUCKET_BITS
        if now == before:
            return
        bucket = self._buckets.get(now)
        if bucket is None:
            bucket = self._buckets[now] = {}
        bucket[trace.trace_id] = trace
        trace.bucket = now
        if before >= 0:
            self._leave(before, trace)

    def remove(self, trace: StoredTrace) -> None:
        """Forget a trace."""
        self._leave(trace.bucket, trace)

    def newest(self) -> Iterator[StoredTrace]:
        """Every trace, newest first; sorts only the buckets that are looked at."""
        for second in sorted(self._buckets.copy(), reverse=True):
            found = list(self._buckets.get(second, {}).values())
            found.sort(key=_start, reverse=True)
            yield from found

    def oldest_ns(self) -> int:
        """The start of the oldest trace whose clock was set; 0 without one."""
        second = min((second for second in self._buckets.copy() if second > PLAUSIBLE_NS >> BUCKET_BITS), default=0)
        return min(map(_start, list(self._buckets.get(second, {}).values())), default=0)

    def _leave(self, second: int, trace: StoredTrace) -> None:
        bucket = self._buckets[second]
        del bucket[trace.trace_id]
        if not bucket:
            del self._buckets[second]
