"""The life of containers, on docker-py's low-level client."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from meshctl.adapters.docker import creation
from meshctl.adapters.docker.client import Client
from meshctl.adapters.docker.refusals import holder, owner, port_taken, refusal, taken_port
from meshctl.errors import DeadlineExceeded, OperationFailed, PortInUse
from meshctl.model.containers import ContainerRequest

if TYPE_CHECKING:
    from docker.api.client import APIClient
    from docker.errors import APIError

_REMOVAL_S = 20.0


class DockerInstances:
    """``ports.runtime.Instances`` and ``Pausing``: an instance is a container."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(self, request: ContainerRequest) -> str:
        return await self._client.run(lambda api: _create(api, request))

    async def start(self, instance: str) -> None:
        await self._client.run(lambda api: _start(api, instance))

    async def stop(self, instance: str, timeout_s: float) -> None:
        """The stop signal, SIGKILL after ``timeout_s``. A paused one is thawed first, to hear the signal."""

        def stop(api: APIClient) -> None:
            _thaw(api, instance)
            api.stop(instance, timeout=max(0, math.ceil(timeout_s)))

        await self._client.run(stop)

    async def remove(self, instance: str) -> None:
        """Kill and remove it with its nameless volumes; returns when it is gone."""
        await self._client.run(lambda api: _remove(api, instance))

    async def pause(self, instance: str) -> None:
        await self._client.run(lambda api: None if _is_paused(api, instance) else api.pause(instance))

    async def unpause(self, instance: str) -> None:
        await self._client.run(lambda api: _thaw(api, instance))


def _create(api: APIClient, request: ContainerRequest) -> str:
    """The id of a container that is on all its networks; none is left behind when that fails."""
    created = api.create_container_from_config(creation.body(request), request.name)  # type: ignore[no-untyped-call]
    container_id = str(created["Id"])
    try:
        for network in request.networks[1:]:
            aliases = creation.endpoint(request)["Aliases"]
            api.connect_container_to_network(container_id, network, aliases=aliases)
    except Exception:
        api.remove_container(container_id, force=True, v=True)
        raise
    return container_id


def _start(api: APIClient, container_id: str) -> None:
    """Running already: nothing happens. Raises PortInUse with the holder's name where it is a container."""
    import docker.errors

    try:
        api.start(container_id)
    except docker.errors.APIError as error:
        raise _not_started(api, container_id, error) from error


def _remove(api: APIClient, container_id: str) -> None:
    import docker.errors

    try:
        api.remove_container(container_id, force=True, v=True)
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        if error.status_code != 409 or "already in progress" not in str(error.explanation):
            raise
        _await_removal(api, container_id)


def _await_removal(api: APIClient, container_id: str) -> None:
    import docker.errors

    deadline = time.monotonic() + _REMOVAL_S
    while time.monotonic() < deadline:
        try:
            api.inspect_container(container_id)
        except docker.errors.NotFound:
            return
        time.sleep(0.05)
    raise DeadlineExceeded(f"Container {container_id[:12]} is still being removed after {_REMOVAL_S:.0f} s.")


def _thaw(api: APIClient, container_id: str) -> None:
    if _is_paused(api, container_id):
        api.unpause(container_id)


def _is_paused(api: APIClient, container_id: str) -> bool:
    """Raises docker-py's NotFound."""
    state: dict[str, Any] = api.inspect_container(container_id).get("State") or {}
    return bool(state.get("Paused"))


def _not_started(api: APIClient, container_id: str, error: APIError) -> Exception:
    """A 404 that is not about the container (a network that is gone) is a refusal, not NotFound."""
    message = str(error.explanation)
    port = taken_port(message)
    if port is not None:
        labels = api.inspect_container(container_id)["Config"].get("Labels") or {}
        said = port_taken(*port, owner("", labels), holder(api.containers(), *port))
        return PortInUse(said.sentence, hint=said.hint)
    if error.status_code == 404 and "no such container" not in message.lower():
        said = refusal(message)
        return OperationFailed(said.says, hint=said.hint)
    return error
