"""The few calls of Consul's HTTP API that a service needs (tested with 1.8 to 1.20). Errors are httpx's."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

_SHORT_S = 2.0


@dataclass(frozen=True, slots=True)
class Instance:
    """A healthy instance: `port` speaks HTTP, or gRPC where the service has nothing else."""

    id: str
    address: str
    port: int
    meta: Mapping[str, str] = field(default_factory=dict)

    @property
    def http(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def grpc(self) -> str:
        return f"{self.address}:{self.meta.get('grpc_port') or self.port}"


class Consul:
    """A client of one agent, bound to the event loop it is first used in."""

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._host = urlsplit(url)
        # Loading the CA bundle takes 100 ms, for nothing when the agent speaks plain HTTP.
        secure = self._host.scheme == "https"
        self._http = httpx.AsyncClient(
            base_url=f"{url}/v1", timeout=_SHORT_S, transport=transport, verify=secure, trust_env=False
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def wait_ready(self, timeout_s: float) -> None:
        """Return once there is a leader; TimeoutError after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    if await self._has_leader():
                        return
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise TimeoutError(f"Consul at {self._host.netloc} has no leader after {timeout_s:g} s") from None

    async def register(self, definition: Mapping[str, Any]) -> None:
        answer = await self._http.put(
            "/agent/service/register", params={"replace-existing-checks": "true"}, json=definition
        )
        answer.raise_for_status()

    async def deregister(self, service_id: str) -> None:
        answer = await self._http.put(f"/agent/service/deregister/{quote(service_id, safe='')}")
        if answer.status_code != httpx.codes.NOT_FOUND:
            answer.raise_for_status()

    async def registered_address(self, service_id: str) -> str | None:
        """The address this id is registered with, None if the agent does not know it."""
        answer = await self._http.get(f"/agent/service/{quote(service_id, safe='')}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return str(answer.raise_for_status().json()["Address"])

    async def healthy(self, service: str, *, index: int = 0, wait_s: int = 30) -> tuple[int, list[Instance]]:
        """Passing instances and the index to wait on; an `index` makes it block until something changes."""
        query = {"passing": "true", "index": str(index), "wait": f"{wait_s}s"}
        # Consul adds up to a sixteenth to the wait.
        answer = await self._http.get(
            f"/health/service/{quote(service, safe='')}",
            params=query,
            timeout=httpx.Timeout(_SHORT_S, read=wait_s * 17 / 16 + _SHORT_S),
        )
        found = [_instance(entry) for entry in answer.raise_for_status().json()]
        return int(answer.headers.get("X-Consul-Index", 0)), sorted(found, key=lambda one: one.id)

    async def own_address(self) -> str:
        """The address of this machine on the way to Consul, which is the one Consul can reach."""
        return await asyncio.to_thread(_route_to, self._host.hostname or "localhost", self._host.port or 80)

    async def _has_leader(self) -> bool:
        try:
            answer = await self._http.get("/status/leader")
        except httpx.HTTPError:
            return False
        return answer.is_success and bool(answer.json())


def _route_to(host: str, port: int) -> str:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as route:
        route.connect(address)
        return str(route.getsockname()[0])


def _instance(entry: Mapping[str, Any]) -> Instance:
    service = entry["Service"]
    return Instance(
        id=service["ID"],
        address=service["Address"] or entry["Node"]["Address"],
        port=service["Port"],
        meta=service.get("Meta") or {},
    )


def definition(
    *,
    name: str,
    service_id: str,
    project: str,
    address: str,
    port: int,
    grpc_port: int | None,
    passing: bool,
    tags: Sequence[str] = (),
) -> dict[str, Any]:
    """The registration of one instance. `port` == `grpc_port` means a service that speaks only gRPC."""
    only_grpc = port == grpc_port
    target = {"GRPC": f"{address}:{port}"} if only_grpc else {"HTTP": f"http://{address}:{port}/health"}
    meta = {"project": project}
    if not only_grpc:
        meta["http_port"] = str(port)
    if grpc_port is not None:
        meta["grpc_port"] = str(grpc_port)
    kinds = [kind for kind in ("http", "grpc") if f"{kind}_port" in meta]
    return {
        "Name": name,
        "ID": service_id,
        "Address": address,
        "Port": port,
        "Tags": [f"project={project}", *kinds, *tags],
        "Meta": meta,
        "Check": {
            **target,
            "Name": f"{name} answers",
            "Interval": "1s",
            "Timeout": "2s",
            "DeregisterCriticalServiceAfter": "1m",
            "Status": "passing" if passing else "critical",
        },
    }
