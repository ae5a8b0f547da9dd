"""The critical path: from the root's end backwards, always the child that finished last. After Jaeger's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

Stretch = tuple[int, int]
#: A span under way: index, its first moment that counts, the cursor, and its children by end, the last at the end.
_Frame = tuple[int, int, int, list[tuple[int, int, int]]]


def critical_path(
    root: int,
    children: Mapping[int, Sequence[int]],
    starts: Sequence[int],
    ends: Sequence[int],
    detached: Collection[int] = (),
) -> dict[int, tuple[Stretch, ...]]:
    """Stretches of time by span, in order; together they are the time from the root's start to its end.

    A moment belongs to the deepest span that everything above waits for. Children are cut to their parent's time;
    those in ``detached`` are waited for by nobody.
    """
    found: dict[int, list[Stretch]] = {}

    def entered(index: int, low: int, high: int) -> _Frame:
        ready = []
        for child in children.get(index, ()):
            begin, end = max(starts[child], low), min(ends[child], high)
            if end > begin and child not in detached:
                ready.append((end, begin, child))
        ready.sort()
        return index, low, high, ready

    under_way = [entered(root, starts[root], ends[root])]
    while under_way:
        index, low, cursor, ready = under_way.pop()
        while ready and ready[-1][0] > cursor:
            ready.pop()
        if not ready:
            _add(found, index, low, cursor)
            continue
        end, begin, child = ready.pop()
        _add(found, index, end, cursor)
        if ready:
            under_way.append((index, low, begin, ready))
        else:
            _add(found, index, low, begin)
        under_way.append(entered(child, begin, end))
    return {index: tuple(reversed(stretches)) for index, stretches in found.items()}


def _add(found: dict[int, list[Stretch]], index: int, begin: int, end: int) -> None:
    if end > begin:
        found.setdefault(index, []).append((begin, end))
