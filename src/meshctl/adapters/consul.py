"""Consul. One-shot reads use the standard library; watching uses python-consul and blocking queries."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from meshctl.adapters.http_wire import DeadlineConnection, reason_of
from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import CheckStatus, Registration

T = TypeVar("T")

#: What is on the other side, for errors.
AGENT = "a Consul agent"

#: Seconds one whole picture may take.
READ_TIMEOUT_S = 2.0

_WORST_FIRST = (CheckStatus.CRITICAL, CheckStatus.WARNING, CheckStatus.PASSING)


class ConsulReader:
    """Reads the catalogue and its checks at ``host:port``. Blocking; raises RegistryUnavailable.

    A reader makes one round of questions on one connection, each method call being a round.
    """

    def __init__(self, address: str, timeout_s: float = READ_TIMEOUT_S) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._connection = DeadlineConnection(address, timeout_s)

    def instances(self, service: str) -> tuple[Registration, ...]:
        """Every instance registered under one name, with its folded check status."""
        return self._round(lambda: freshened(self._instances(service), self._agents_checks))

    def services(self) -> tuple[str, ...]:
        """The registered names, sorted."""
        return self._round(self._services)

    def registrations(self) -> tuple[Registration, ...]:
        """Every instance of every service."""
        return self._round(
            lambda: freshened(
                (entry for name in self._services() for entry in self._instances(name)), self._agents_checks
            )
        )

    def deregister(self, instance_id: str) -> None:
        """Make the agent forget an instance; unknown already: nothing happens."""
        path = f"/v1/agent/service/deregister/{urllib.parse.quote(instance_id, safe='')}"
        self._round(lambda: self._ask("PUT", path, gone_is_fine=True))

    def abort(self) -> None:
        """Callable from any thread: the round under way fails at once."""
        self._connection.abort()

    def _services(self) -> tuple[str, ...]:
        return tuple(sorted(self._ask("GET", "/v1/catalog/services")))

    def _instances(self, service: str) -> tuple[Registration, ...]:
        path = f"/v1/health/service/{urllib.parse.quote(service, safe='')}"
        return tuple(registration_of(entry) for entry in self._ask("GET", path))

    def _agents_checks(self) -> Mapping[str, Any]:
        checks: Mapping[str, Any] = self._ask("GET", "/v1/agent/checks")
        return checks

    def _ask(self, method: str, path: str, *, gone_is_fine: bool = False) -> Any:
        self._connection.request(method, path)
        response = self._connection.getresponse()
        body = response.read()
        if response.status == 404 and gone_is_fine:
            return None
        if response.status != 200:
            raise unavailable(self.address, f"{response.status} {_text(body)}")
        return json.loads(body) if body else None

    def _round(self, questions: Callable[[], T]) -> T:
        self._connection.allow(self._timeout_s)
        try:
            return questions()
        except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError) as error:
            raise unavailable(self.address, reason_of(error, AGENT)) from error
        finally:
            self._connection.close()


class ConsulRegistry:
    """The ``Registry`` at ``host:port``."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def registrations(self) -> tuple[Registration, ...]:
        """Every registered instance of every service with its folded check status."""
        from meshctl.adapters.interruptible import run_interruptible

        reader = ConsulReader(self.address)
        return await run_interruptible(reader.registrations, reader.abort)

    def watch(self) -> AsyncIterator[tuple[Registration, ...]]:
        """The same, now and after every change. Raises RegistryUnavailable when the registry is lost."""
        from meshctl.adapters.consul_watch import watch

        return watch(self.address)

    async def deregister(self, instance_id: str) -> None:
        """Make the agent forget an instance; unknown already: nothing happens."""
        from meshctl.adapters.interruptible import run_interruptible

        reader = ConsulReader(self.address)
        await run_interruptible(lambda: reader.deregister(instance_id), reader.abort)

    async def close(self) -> None:
        """Nothing is held between calls; a watch ends with its iterator."""


def registration_of(entry: Mapping[str, Any]) -> Registration:
    """One element of ``/v1/health/service/<name>``: the instance, its node and the checks of both."""
    service, checks = entry["Service"], entry.get("Checks") or ()
    worst = _worst(checks)
    return Registration(
        id=service["ID"],
        service=service["Service"],
        address=service.get("Address") or entry.get("Node", {}).get("Address", ""),
        port=service.get("Port") or 0,
        status=CheckStatus(worst["Status"]) if worst else CheckStatus.PASSING,
        tags=tuple(service.get("Tags") or ()),
        meta={str(key): str(value) for key, value in (service.get("Meta") or {}).items()},
        output=_complaint(worst),
    )


def freshened(
    found: Iterable[Registration], agents_checks: Callable[[], Mapping[str, Any]]
) -> tuple[Registration, ...]:
    """The registrations with what the agent's failing checks say now.

    The catalogue learns a check's status at once but, while that stays the same, its output only every
    five minutes (``check_update_interval``). The agent is asked only if something does not pass.
    """
    registrations = tuple(found)
    if all(entry.status is CheckStatus.PASSING for entry in registrations):
        return registrations
    said = {
        check["ServiceID"]: _complaint(check)
        for check in agents_checks().values()
        if check.get("ServiceID") and _complaint(check)
    }
    return tuple(
        entry if entry.status is CheckStatus.PASSING else replace(entry, output=said.get(entry.id, entry.output))
        for entry in registrations
    )


def unavailable(address: str, why: str) -> RegistryUnavailable:
    """The error every read raises."""
    return RegistryUnavailable(
        f"consul does not answer at {address}: {why}",
        hint="Look at it with meshctl ps and meshctl logs consul; start it with meshctl start consul.",
    )


def _worst(checks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    if not checks:
        return None
    return min(checks, key=lambda check: _WORST_FIRST.index(CheckStatus(check["Status"])))


def _complaint(check: Mapping[str, Any] | None) -> str:
    """What a check that does not pass says; a maintenance check says it in its notes."""
    if check is None or check["Status"] == CheckStatus.PASSING:
        return ""
    return str(check.get("Output") or check.get("Notes") or "").strip()


def _text(body: bytes) -> str:
    return " ".join(body.decode("utf-8", errors="replace").split())[:120]
