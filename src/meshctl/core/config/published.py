"""Published ports of the whole file: no two may ask for the same one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshctl.core.config.problems import Problems
from meshctl.model.config import PortSpec, ServiceSpec

_EVERYWHERE = ("0.0.0.0", "::")
_Claim = tuple[ServiceSpec, PortSpec]


def check_published(services: Mapping[str, ServiceSpec], problems: Problems) -> None:
    """Note two services that want one port (unless no profile has both), and replicas of a fixed port."""
    claims: dict[tuple[int, str], list[_Claim]] = {}
    for spec, port, path in _claims(services):
        if spec.replicas > 1:
            problems.add(
                path,
                f"{spec.replicas} replicas of '{spec.name}' cannot share the published port {port.published}",
                hint="Leave published out: each instance gets a free port.",
            )
        earlier = claims.setdefault((port.published or 0, port.protocol), [])
        rival = next((claim for claim in earlier if _collide(claim, (spec, port))), None)
        if rival is not None:
            problems.add(path, f"port {port.published} is already published by '{rival[0].name}'")
        earlier.append((spec, port))


def _claims(services: Mapping[str, ServiceSpec]) -> Iterator[tuple[ServiceSpec, PortSpec, str]]:
    for spec in services.values():
        for index, port in enumerate(spec.ports):
            if port.published is not None:
                yield spec, port, f"services.{spec.name}.ports[{index}].published"


def _collide(one: _Claim, other: _Claim) -> bool:
    (first, first_port), (second, second_port) = one, other
    addresses = (first_port.host_ip, second_port.host_ip)
    if addresses[0] != addresses[1] and not any(address in _EVERYWHERE for address in addresses):
        return False
    if first is second or not first.profiles or not second.profiles:
        return True
    return bool(set(first.profiles) & set(second.profiles))
