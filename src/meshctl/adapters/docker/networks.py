"""Networks of a project. Two clients that make one in the same moment may get two of its name, which Docker then
calls ambiguous: the oldest of them stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from meshctl.adapters.docker.client import Client
from meshctl.adapters.docker.translate import moment
from meshctl.errors import OperationFailed
from meshctl.model.containers import LABEL_PROJECT

if TYPE_CHECKING:
    from docker.api.client import APIClient

T = TypeVar("T")

#: Seconds between attempts to use a name that stands for two networks.
_PAUSES_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)


class DockerNetworks:
    """``ports.runtime.Resources``: bridges with the project's label."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(self, project: str, name: str) -> None:
        """One of that name, also where there were several."""
        await self._client.run(lambda api: _create(api, project, name))

    async def remove(self, name: str) -> None:
        """All of that name."""
        await self._client.run(lambda api: _remove(api, name))


def with_distinct_names(api: APIClient, of: Callable[[], tuple[str, Iterable[str]]], work: Callable[[], T]) -> T:
    """``work``, anew once networks of one name have been made one; ``of`` tells the project and the names."""
    import docker.errors

    for pause_s in _PAUSES_S:
        try:
            return work()
        except docker.errors.APIError as error:
            if "is ambiguous" not in str(error.explanation):
                raise
        project, names = of()
        for name in names:
            merge(api, project, name)
        time.sleep(pause_s)
    return work()


def merge(api: APIClient, project: str, name: str) -> None:
    """Of the project's networks of one name the oldest stays; what is on the others moves to it."""
    import docker.errors

    found = [network for network in _named(api, name) if _project(network) == project]
    found.sort(key=lambda network: (moment(network.get("Created")) or 0.0, network["Id"]))
    for network in found[1:]:
        for entry in api.containers(all=True, filters={"network": network["Id"]}):
            _move(api, entry["Id"], network["Id"], found[0]["Id"], name)
        # Somebody else may be at it too, or has joined it just now; who uses the name next tries again.
        with suppress(docker.errors.APIError):
            api.remove_network(network["Id"])


def _move(api: APIClient, container_id: str, source: str, target: str, name: str) -> None:
    """A container is on one network of a name only, so it leaves the one before it joins the other."""
    import docker.errors

    with suppress(docker.errors.APIError):
        joined = api.inspect_container(container_id)["NetworkSettings"]["Networks"]
        aliases = (joined.get(name) or {}).get("Aliases")
        api.disconnect_container_from_network(container_id, source)
        api.connect_container_to_network(container_id, target, aliases=aliases)


def _create(api: APIClient, project: str, name: str) -> None:
    import docker.errors

    if not _named(api, name):
        try:
            api.create_network(name, driver="bridge", check_duplicate=True, labels={LABEL_PROJECT: project})
        except docker.errors.APIError as error:
            if error.status_code != 409:
                raise
    merge(api, project, name)


def _remove(api: APIClient, name: str) -> None:
    import docker.errors

    for network in _named(api, name):
        if not _project(network):
            continue
        try:
            api.remove_network(network["Id"])
        except docker.errors.NotFound:
            continue
        except docker.errors.APIError as error:
            users = [
                str(entry["Names"][0]).lstrip("/")
                for entry in api.containers(all=True, filters={"network": network["Id"]})
                if _project(entry) == _project(network)
            ]
            if not users:
                raise
            message = f"Network {name} is used by {', '.join(users)}, which somebody else has made meanwhile."
            raise OperationFailed(message, hint="Run the command again.") from error


def _named(api: APIClient, name: str) -> list[dict[str, Any]]:
    """Docker's own filter takes part of a name for it."""
    return [network for network in api.networks(names=[name]) if network.get("Name") == name]


def _project(entry: dict[str, Any]) -> str:
    return str((entry.get("Labels") or {}).get(LABEL_PROJECT) or "")
