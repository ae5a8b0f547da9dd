"""What an instance listens on inside, from Linux' own tables, and what that says about a port that does not answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from meshctl.errors import MeshError
from meshctl.model.containers import Container, ExecResult
from meshctl.model.status import LISTEN_EVERYWHERE, ProbeProblem

#: ``exec(container_id, argv, timeout_s)``: runs a command inside the container.
Exec = Callable[[str, Sequence[str], float], Awaitable[ExecResult]]

#: An instance younger than this is given time to listen.
YOUNG_S = 1.0
#: The same run of an instance is looked into this often.
AGAIN_S = 5.0
_LOOK_S = 1.0
_TABLES = ("cat", "/proc/net/tcp", "/proc/net/tcp6")
_HEAD = ["sl", "local_address", "rem_address"]
_LISTEN = "0A"
#: Where Docker's own name server listens inside of every container.
_DOCKER_DNS = IPv4Address("127.0.0.11")
_TOLD = 3


class Listener(NamedTuple):
    """One socket that listens; an IPv4 address in IPv6's clothes is the IPv4 address."""

    address: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}"


@dataclass(slots=True)
class _Run:
    """Of one run of an instance: when it was first asked about, when it was looked into, and what was seen."""

    began: float | None
    asked_at: float
    looked_at: float | None = None
    seen: tuple[Listener, ...] | None = None


class Listeners:
    """Looks into instances, seldom: each look is a command inside."""

    def __init__(
        self,
        exec: Exec,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exec = exec
        self._now = now
        self._monotonic = monotonic
        self._runs: dict[str, _Run] = {}

    async def of(self, container: Container) -> tuple[Listener, ...] | None:
        """None where it is too early, or where it cannot be found out."""
        moment = self._monotonic()
        run = self._runs.get(container.id)
        if run is None or run.began != container.started_at:
            run = self._runs[container.id] = _Run(container.started_at, moment)
        if run.looked_at is not None and moment - run.looked_at < AGAIN_S:
            return run.seen
        age = 0.0 if container.started_at is None else self._now() - container.started_at
        if max(age, moment - run.asked_at) < YOUNG_S:
            return None
        run.looked_at = moment
        run.seen = None
        with suppress(MeshError):
            run.seen = listeners((await self._exec(container.id, _TABLES, _LOOK_S)).output)
        return run.seen

    def forget(self, container: Container) -> None:
        """It answers."""
        self._runs.pop(container.id, None)


def listeners(tables: str) -> tuple[Listener, ...] | None:
    """From ``/proc/net/tcp`` and ``tcp6``, in order of ports. None: the first of them is not there, or not whole."""
    rows = [line.split() for line in tables.splitlines()]
    if not any(row[:3] == _HEAD for row in rows):
        return None
    with suppress(ValueError):
        found = {_listener(row[1]) for row in rows if len(row) > 3 and row[3] == _LISTEN}
        seen = (one for one in found if one.address != _DOCKER_DNS)
        return tuple(sorted(seen, key=lambda one: (one.port, one.address.version, int(one.address))))
    return None


def _listener(field: str) -> Listener:
    """``0100007F:1F90``: words of four bytes in the machine's order, little-endian wherever containers run."""
    digits, _, port = field.partition(":")
    words = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    address = ip_address(b"".join(words))
    return Listener(getattr(address, "ipv4_mapped", None) or address, int(port, 16))


class Finding(NamedTuple):
    """What the listeners say about a port that was asked in vain. ``problem`` None: nothing more than was known."""

    problem: ProbeProblem | None
    words: str


def explain(seen: Collection[Listener], port: int, own: Collection[int], *, open: bool) -> Finding:
    """Why ``port`` does not answer from outside. ``own``: all ports that the service is known to have.

    ``open``: something accepts connections there and waits, so that what listens on ``[::]`` hears IPv4 too.
    """
    here = [one for one in seen if one.port == port]
    outside = [one for one in here if not one.address.is_loopback]
    if here and (open or any(one.address.version == 4 for one in outside)):
        return Finding(None, "")
    if here:
        where = f"over IPv6 only ({outside[0]})" if outside else f"on {_hosts(here)} only"
        return Finding(ProbeProblem.LOCAL_ONLY, f"it listens {where}; {LISTEN_EVERYWHERE}")
    others = [one for one in seen if one.port not in own]
    if others:
        return Finding(ProbeProblem.OTHER_PORT, f"it listens on {_ports(others)}, not on {port}")
    return Finding(None, "nothing listens there")


def _hosts(seen: Sequence[Listener]) -> str:
    return " and ".join(str(one.address) for one in seen)


def _ports(seen: Sequence[Listener]) -> str:
    """``9000, 127.0.0.1:9001``: whole addresses where only the port would not do either."""
    names = list(dict.fromkeys(str(one) if one.address.is_loopback else str(one.port) for one in seen))
    return ", ".join([*names[:_TOLD], "…"] if len(names) > _TOLD else names)
