"""Who has to go first when a limit bites."""

from __future__ import annotations

from collections import OrderedDict

from meshctl.core.traces.stored import Limits, StoredTrace

Place = OrderedDict[bytes, StoredTrace]


class EvictionQueue:
    """Plain traces go first, oldest first. Precious ones (errors, slow) go when nothing plain is left, or when they
    take more than half the room. Pinned ones never go."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._plain: Place = OrderedDict()
        self._precious: Place = OrderedDict()
        self._pinned: Place = OrderedDict()
        self._precious_bytes = 0

    def enter(self, trace: StoredTrace) -> None:
        """A new trace, or one whose ``precious`` or ``pinned`` has changed: it is the newest of its rank."""
        self.leave(trace)
        place = self._pinned if trace.pinned else self._precious if trace.precious else self._plain
        place[trace.trace_id] = trace
        trace.place = place
        if place is self._precious:
            self._precious_bytes += trace.bytes

    def leave(self, trace: StoredTrace) -> None:
        """It is gone; nothing happens when it has no rank."""
        if trace.place is not None:
            del trace.place[trace.trace_id]
            if trace.place is self._precious:
                self._precious_bytes -= trace.bytes
            trace.place = None

    def grew(self, trace: StoredTrace, grown: int) -> None:
        """A trace that is precious, perhaps only now, has grown by so many bytes."""
        if not trace.precious:
            trace.precious = True
            self.enter(trace)
        elif trace.place is self._precious:
            self._precious_bytes += grown

    def victim(self, spared: StoredTrace | None) -> StoredTrace | None:
        """Who goes next, never ``spared``; None when only pinned traces are left."""
        limits = self._limits
        heavy = self._precious_bytes * 2 > limits.bytes or len(self._precious) * 2 > limits.traces
        places = (self._precious, self._plain) if heavy else (self._plain, self._precious)
        for place in places:
            for trace in place.values():
                if trace is not spared:
                    return trace
        return None

    def pinned(self) -> list[bytes]:
        """Ids in the order in which they were pinned."""
        return list(self._pinned)
