"""Who has to go first when a limit bites."""

from __future__ import annotations

from collections import OrderedDict

from meshctl.core.traces.stored import Limits, StoredTrace

Queue = OrderedDict[bytes, StoredTrace]


class EvictionQueue:
    """Plain traces go first, oldest first. Precious ones (errors, slow) go when nothing plain is left, or when they
    take more than half the room. Pinned ones never go."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._plain: Queue = OrderedDict()
        self._precious: Queue = OrderedDict()
        self._pinned: Queue = OrderedDict()
        self._precious_bytes = 0

    def enter(self, trace: StoredTrace) -> None:
        """A new trace, or one whose ``precious`` or ``pinned`` has changed: it is the newest of its queue."""
        self.leave(trace)
        queue = self._pinned if trace.pinned else self._precious if trace.precious else self._plain
        queue[trace.trace_id] = trace
        trace.queue = queue
        if queue is self._precious:
            self._precious_bytes += trace.bytes

    def leave(self, trace: StoredTrace) -> None:
        """It is gone; nothing happens when it is in no queue."""
        if trace.queue is not None:
            del trace.queue[trace.trace_id]
            if trace.queue is self._precious:
                self._precious_bytes -= trace.bytes
            trace.queue = None

    def grew(self, trace: StoredTrace, grown: int) -> None:
        """A trace that is precious, perhaps only now, has grown by so many bytes."""
        if not trace.precious:
            trace.precious = True
            self.enter(trace)
        elif trace.queue is self._precious:
            self._precious_bytes += grown

    def victim(self, spared: StoredTrace | None) -> StoredTrace | None:
        """Who goes next, never ``spared``; None when only pinned traces are left."""
        limits = self._limits
        heavy = self._precious_bytes * 2 > limits.bytes or len(self._precious) * 2 > limits.traces
        queues = (self._precious, self._plain) if heavy else (self._plain, self._precious)
        for queue in queues:
            for trace in queue.values():
                if trace is not spared:
                    return trace
        return None

    def pinned(self) -> list[bytes]:
        """Ids in the order in which they were pinned."""
        return list(self._pinned)
