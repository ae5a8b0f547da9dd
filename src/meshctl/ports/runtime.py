"""What the engine needs of a runtime: the thing that runs the services. Adapters implement it; tests fake it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from meshctl.model.config import BuildSpec
from meshctl.model.containers import (
    Container,
    ContainerRequest,
    ExecResult,
    LogLine,
    Observed,
    ResourceSample,
    RuntimeEvent,
    RuntimeInfo,
)


class Runtime(Protocol):
    """A container engine. Every method raises RuntimeUnavailable when none answers."""

    async def info(self) -> RuntimeInfo: ...
    async def find(self, project: str, service: str = "") -> tuple[Container, ...]:
        """Containers of a project, or of one service, from one request: state, ports, labels and networks.

        Exit codes, restarts and the times of runs are not in there: ``observe`` has them.
        """
        ...

    async def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
        """All that is known of the project's containers, its networks and volumes, and the ids of ``images``."""
        ...

    async def pull_image(self, reference: str, tell: Callable[[str, float | None], None]) -> str:
        """Pull and return the image id. Raises ImageUnavailable."""
        ...

    async def build_image(self, build: BuildSpec, tag: str, tell: Callable[[str, float | None], None]) -> str:
        """Build, tag, return the image id. Raises ImageUnavailable with the end of the output."""
        ...

    async def create_network(self, project: str, name: str) -> None:
        """``name`` is the engine's full name (``shop_default``). Present already: nothing happens."""
        ...

    async def remove_network(self, name: str) -> None: ...
    async def create_volume(self, project: str, name: str) -> None: ...
    async def remove_volume(self, name: str) -> None: ...
    async def create_container(self, request: ContainerRequest) -> str:
        """Return the container id. Raises ImageUnavailable, OperationFailed (name taken)."""
        ...

    async def start_container(self, container_id: str) -> None:
        """Raises PortInUse, NotFound, OperationFailed."""
        ...

    async def stop_container(self, container_id: str, timeout_s: float) -> None: ...
    async def restart_container(self, container_id: str, timeout_s: float) -> None: ...
    async def pause_container(self, container_id: str) -> None: ...
    async def unpause_container(self, container_id: str) -> None: ...
    async def remove_container(self, container_id: str) -> None:
        """Force; already gone: nothing happens."""
        ...

    async def exec(self, container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult: ...
    async def exec_attached(self, container_id: str, command: Sequence[str], *, tty: bool) -> int:
        """Run with this process's stdin, stdout and stderr; return the exit code."""
        ...

    def logs(
        self, container: Container, *, since: float | None, tail: int | None, follow: bool
    ) -> AsyncIterator[LogLine]:
        """Lines in order. With ``follow`` it ends when the container stops or the engine goes away."""
        ...

    def events(self, project: str) -> AsyncIterator[RuntimeEvent]:
        """Ends (without an error) or raises RuntimeUnavailable when the engine goes away."""
        ...

    def stats(self, container_id: str) -> AsyncIterator[ResourceSample]: ...
    async def close(self) -> None: ...
