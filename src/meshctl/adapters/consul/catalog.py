"""The catalogue and its checks: one-shot reads, which load nothing but the standard library."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from meshctl.adapters.http_connection import FAILURES, Connection, reason_of
from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import NODE_MAINTENANCE, Check, CheckStatus, Registration, RegistryCheckKind

T = TypeVar("T")

#: What is on the other side, for errors.
AGENT = "a Consul agent"

#: Seconds one whole picture may take.
READ_TIMEOUT_S = 2.0

#: A larger answer is refused.
MAX_ANSWER = 64 * 1024 * 1024


class ConsulReader:
    """Reads the catalogue and its checks at ``host:port``. Blocking; raises RegistryUnavailable.

    A reader makes one round of questions on one connection, each method call being a round.
    """

    def __init__(self, address: str, timeout_s: float = READ_TIMEOUT_S) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._connection = Connection(address, timeout_s)

    def instances(self, service: str) -> tuple[Registration, ...]:
        """Every instance registered under one name, with its checks."""
        return self._round(lambda: registrations_of(self._instances(service), self._agents_checks))

    def services(self) -> tuple[str, ...]:
        """The registered names, sorted."""
        return self._round(self._services)

    def registrations(self) -> tuple[Registration, ...]:
        """Every instance of every service."""
        return self._round(
            lambda: registrations_of(
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

    def _instances(self, service: str) -> Iterable[Mapping[str, Any]]:
        path = f"/v1/health/service/{urllib.parse.quote(service, safe='')}"
        entries: Iterable[Mapping[str, Any]] = self._ask("GET", path)
        return entries

    def _agents_checks(self) -> Mapping[str, Any]:
        checks: Mapping[str, Any] = self._ask("GET", "/v1/agent/checks")
        return checks

    def _ask(self, method: str, path: str, *, gone_is_fine: bool = False) -> Any:
        answer = self._connection.exchange(method, path, max_body=MAX_ANSWER)
        if answer.status == 404 and gone_is_fine:
            return None
        if answer.status != 200:
            said = " ".join(answer.body.decode("utf-8", errors="replace").split())[:120]
            raise unavailable(self.address, f"{answer.status} {said}")
        return json.loads(answer.body) if answer.body else None

    def _round(self, questions: Callable[[], T]) -> T:
        self._connection.allow(self._timeout_s)
        try:
            return questions()
        except (*FAILURES, ValueError, TypeError, KeyError) as error:
            raise unavailable(self.address, reason_of(error, AGENT)) from error
        finally:
            self._connection.close()


def registrations_of(
    entries: Iterable[Mapping[str, Any]], agents_checks: Callable[[], Mapping[str, Any]]
) -> tuple[Registration, ...]:
    """The elements of ``/v1/health/service/<name>``, with what the agent's failing checks say now.

    The catalogue learns a check's status at once but, while that stays the same, its output only every
    five minutes (``check_update_interval``). The agent is asked only if something does not pass.
    """
    listed = tuple(entries)
    if all(check["Status"] == CheckStatus.PASSING for entry in listed for check in entry.get("Checks") or ()):
        return tuple(_registration(entry, {}) for entry in listed)
    said = {
        _place(check): _output(check) for check in agents_checks().values() if check["Status"] != CheckStatus.PASSING
    }
    return tuple(_registration(entry, said) for entry in listed)


def _registration(entry: Mapping[str, Any], said: Mapping[tuple[str, str], str]) -> Registration:
    service = entry["Service"]
    return Registration(
        id=service["ID"],
        service=service["Service"],
        address=service.get("Address") or entry.get("Node", {}).get("Address", ""),
        port=service.get("Port") or 0,
        checks=tuple(_check(check, said) for check in entry.get("Checks") or ()),
        tags=tuple(service.get("Tags") or ()),
        meta={str(key): str(value) for key, value in (service.get("Meta") or {}).items()},
    )


def _check(check: Mapping[str, Any], said: Mapping[tuple[str, str], str]) -> Check:
    status = CheckStatus(check["Status"])
    fresh = "" if status is CheckStatus.PASSING else said.get(_place(check), "")
    return Check(_kind(check), check["CheckID"], check.get("Name") or "", status, fresh or _output(check))


def _kind(check: Mapping[str, Any]) -> RegistryCheckKind:
    """``api.HealthChecks.AggregatedStatus`` of Consul knows maintenance by the id alone."""
    name = check["CheckID"]
    if name == NODE_MAINTENANCE or name.startswith("_service_maintenance:"):
        return RegistryCheckKind.MAINTENANCE
    if not check.get("ServiceID"):
        return RegistryCheckKind.NODE
    return RegistryCheckKind.TTL if check.get("Type") == "ttl" else RegistryCheckKind.SERVICE


def _output(check: Mapping[str, Any]) -> str:
    """A maintenance check says why in its notes."""
    return str(check.get("Output") or check.get("Notes") or "").strip()


def _place(check: Mapping[str, Any]) -> tuple[str, str]:
    """A check's id is unique on its node."""
    return check.get("Node") or "", check["CheckID"]


def unavailable(address: str, why: str) -> RegistryUnavailable:
    """The error every read raises."""
    return RegistryUnavailable(
        f"the registry at {address} does not answer: {why}",
        hint="meshctl ps shows how it is, meshctl up starts what is missing.",
    )
