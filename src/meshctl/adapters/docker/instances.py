"""The life of containers, on docker-py's low-level client."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from meshctl.adapters.docker import creation
from meshctl.adapters.docker.client import Client
from meshctl.adapters.docker.networks import with_distinct_names
from meshctl.adapters.docker.refusals import holder, owner, port_taken, refusal, taken_port
from meshctl.errors import DeadlineExceeded, NotFound, OperationFailed, PortInUse
from meshctl.model.containers import LABEL_PROJECT, ContainerRequest

if TYPE_CHECKING:
    from docker.api.client import APIClient
    from docker.errors import APIError

_REMOVAL_S = 20.0
#: A name may be taken for so long by a container that is being made or removed.
_CONFLICT_S = 20.0


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
    import docker.errors

    deadline = time.monotonic() + _CONFLICT_S
    while True:
        try:
            created = api.create_container_from_config(creation.body(request), request.name)  # type: ignore[no-untyped-call]
            break
        except docker.errors.APIError as error:
            if error.status_code != 409 or "already in use" not in str(error.explanation):
                raise _network_gone(error) from error
            adopted = _adopted(api, request, error)
        if adopted:
            return adopted
        if time.monotonic() > deadline:
            raise OperationFailed(
                f"The name {request.name} is taken by a container that neither comes into being nor goes away.",
                hint=f"Remove it: `docker rm -f {request.name}`.",
            )
        time.sleep(0.05)
    container_id = str(created["Id"])
    try:
        _join(api, container_id, request, request.networks[1:])
    except Exception:
        api.remove_container(container_id, force=True, v=True)
        raise
    return container_id


def _adopted(api: APIClient, request: ContainerRequest, conflict: APIError) -> str:
    """The container that has the name, if another meshctl has just made it for the same; '' while it is not there.

    Raises ``conflict`` where it is not ours, OperationFailed where it is of other settings.
    """
    import docker.errors

    try:
        found = api.inspect_container(request.name)
    except docker.errors.NotFound:
        return ""  # its name is taken before it can be seen
    labels, (project, networks) = _labels(found), _networks(found)
    if project != request.project:
        raise conflict
    if found["State"].get("Status") in ("removing", "dead"):
        return ""
    if any(labels.get(key) != value for key, value in creation.identity(request).items()):
        message = f"another meshctl is changing {request.project}: it has just made {request.name} of other settings"
        raise OperationFailed(message, hint="Run the command again.")
    container_id = str(found["Id"])
    _join(api, container_id, request, [name for name in request.networks if name not in networks])
    return container_id


def _join(api: APIClient, container_id: str, request: ContainerRequest, networks: Sequence[str]) -> None:
    """Who adopts a container and who made it may both be at it."""
    import docker.errors

    aliases = creation.endpoint(request)["Aliases"]
    for network in networks:
        connect = partial(api.connect_container_to_network, container_id, network, aliases=aliases)
        try:
            with_distinct_names(api, lambda: (request.project, networks), connect)
        except docker.errors.APIError as error:
            if "already" not in str(error.explanation):
                raise _network_gone(error) from error


def _start(api: APIClient, container_id: str) -> None:
    """Running already: nothing happens. Raises PortInUse with the holder's name where it is a container."""
    import docker.errors

    try:
        with_distinct_names(api, lambda: _networks_of(api, container_id), partial(api.start, container_id))
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


def _networks_of(api: APIClient, container_id: str) -> tuple[str, Sequence[str]]:
    return _networks(api.inspect_container(container_id))


def _networks(found: dict[str, Any]) -> tuple[str, Sequence[str]]:
    """The project of an inspected container, and the names of its networks."""
    return _labels(found).get(LABEL_PROJECT, ""), list(found["NetworkSettings"].get("Networks") or {})


def _labels(found: dict[str, Any]) -> dict[str, str]:
    return dict(found["Config"].get("Labels") or {})


def _network_gone(error: APIError) -> Exception:
    """A network that is not there is a refusal, not NotFound; anything else stays what it is."""
    message = str(error.explanation)
    return _refused(message) if error.status_code == 404 and "network" in message.lower() else error


def _refused(message: str) -> OperationFailed:
    said = refusal(message)
    return OperationFailed(said.says, hint=said.hint)


def _not_started(api: APIClient, container_id: str, error: APIError) -> Exception:
    """A 404 that is not about the container (a network that is gone) is a refusal, not NotFound."""
    message = str(error.explanation)
    port = taken_port(message)
    if port is not None:
        labels = _labels(api.inspect_container(container_id))
        said = port_taken(*port, owner("", labels), holder(api.containers(), *port))
        return PortInUse(said.sentence, hint=said.hint)
    if "marked for removal" in message:
        return NotFound(refusal(message).says)
    if error.status_code == 404 and "no such container" not in message.lower():
        return _refused(message)
    return error
