"""What the instances write, as one stream."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from meshctl.core.plan.selection import require_known
from meshctl.engine.follow import Follower
from meshctl.engine.mesh import Mesh
from meshctl.errors import NotFound, UsageError
from meshctl.model.containers import Container, LogLine
from meshctl.ports.runtime import Search


async def stream_logs(
    mesh: Mesh,
    services: Sequence[str] = (),
    *,
    follow: bool,
    since: float | None = None,
    tail: int | None = None,
    grep: str | None = None,
    trace: str | None = None,
    absent: Callable[[], None] = lambda: None,
) -> AsyncGenerator[LogLine, None]:
    """Lines of the services by time, all when none is named; ``tail`` counts per instance, before filtering.

    With ``follow`` it goes on through restarts, new instances and an engine that comes back, until it is closed.
    ``absent`` is called when none of the services has a container to read from.
    Raises UsageError for a bad pattern or name, RuntimeUnavailable.
    """
    searches = searches_of(grep, trace)
    observed = await mesh.runtime.observe(mesh.config.name)
    require_known(mesh.config, services, {container.service for container in observed.containers})
    chosen = [c for c in observed.containers if not services or c.service in services]
    if not chosen:
        absent()
    follower = Follower(mesh, services, since, tail, searches)
    kept = (_kept(mesh, container, since, tail, searches) for container in chosen)
    async with aclosing(_merged(list(kept))) as lines:
        async for line, container in lines:
            follower.reached(container, line)
            if found(line, searches):
                yield line
    if follow:
        async with aclosing(follower.lines(chosen)) as coming:
            async for line in coming:
                if found(line, searches):
                    yield line


async def find_lines(
    mesh: Mesh, containers: Sequence[Container], word: str, since: float, most: int
) -> Sequence[LogLine]:
    """The newest ``most`` lines of these containers that hold a word, by time. Raises RuntimeUnavailable."""
    newest: deque[LogLine] = deque(maxlen=most)
    searches = searches_of(None, word)
    async with aclosing(_merged([_kept(mesh, one, since, None, searches) for one in containers])) as lines:
        async for line, _ in lines:
            if found(line, searches):
                newest.append(line)
    return tuple(newest)


async def _kept(
    mesh: Mesh, container: Container, since: float | None, tail: int | None, searches: Sequence[Search]
) -> AsyncGenerator[tuple[LogLine, Container], None]:
    try:
        async for line in mesh.runtime.logs(container, since=since, tail=tail, follow=False, searches=searches):
            yield line, container
    except NotFound:
        return  # It was removed since we looked.


async def _merged(
    streams: Sequence[AsyncGenerator[tuple[LogLine, Container], None]],
) -> AsyncGenerator[tuple[LogLine, Container], None]:
    """One stream in the order of time from several that are; holds one line of each."""
    try:
        first = await asyncio.gather(*(anext(stream, None) for stream in streams), return_exceptions=True)
        heads: dict[int, tuple[LogLine, Container]] = {}
        for index, head in enumerate(first):
            if isinstance(head, BaseException):
                raise head
            if head is not None:
                heads[index] = head
        while heads:
            earliest = min(heads, key=lambda index: heads[index][0].time)
            yield heads.pop(earliest)
            following = await anext(streams[earliest], None)
            if following is not None:
                heads[earliest] = following
    finally:
        for stream in streams:
            await stream.aclose()


def searches_of(grep: str | None, trace: str | None) -> tuple[Search, ...]:
    """All that a wanted line holds. Raises UsageError for a bad pattern."""
    try:
        pattern = re.compile(grep) if grep else None
    except re.error as error:
        raise UsageError(f"--grep: not a regular expression: {error}") from None
    searches: list[Search] = []
    if pattern is not None:
        searches.append(lambda text: pattern.search(text) is not None)
    if trace is not None:
        searches.append(lambda text: trace in text)
    return tuple(searches)


def found(line: LogLine, searches: Sequence[Search]) -> bool:
    """What a cut line holds the runtime knows."""
    return all(search(line.text) for search in searches) if line.hit is None else line.hit
