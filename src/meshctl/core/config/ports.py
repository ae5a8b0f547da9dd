"""``ports:`` in Compose's short and long form -> named ports; no two services may publish the same one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from meshctl.core.config.keys import PORT
from meshctl.core.config.problems import Problems, Wrong
from meshctl.core.config.reader import Reader
from meshctl.core.config.scalars import choice, describe, filled, integer, port_number, text
from meshctl.model.config import AppProtocol, PortSpec, ServiceSpec

LOCAL = "127.0.0.1"

_SHORT = re.compile(
    r"(?:(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9.]+):)?(?P<published>[0-9]*):)?"
    r"(?P<target>[0-9]+)(?:/(?P<protocol>tcp|udp))?\Z"
)
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}\Z|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\Z")
_SPOKEN = (AppProtocol.HTTP, AppProtocol.GRPC)

_EVERYWHERE = ("0.0.0.0", "::")
#: Whose, which, and where it is written.
_Claim = tuple[ServiceSpec, PortSpec, str]

_any_or_port = integer(0, 65535)


@dataclass(slots=True)
class Port:
    """A port while the service is read. ``named``/``spoken``: its name or app_protocol was written."""

    spec: PortSpec
    path: str
    named: bool
    spoken: bool


def read_ports(service: Reader) -> list[Port]:
    """The ports of a service, each with a name of its own."""
    ports: list[Port] = []
    for value, path in service.items("ports"):
        port = _read_port(service, value, path)
        if port is not None:
            ports.append(port)
    _name_ports(service, ports)
    return ports


def find_port(ports: list[Port], word: str) -> Port | None:
    """The port of that name, or of that number inside the container."""
    for port in ports:
        if port.spec.name == word:
            return port
    return next((port for port in ports if str(port.spec.target) == word), None)


def speaks(port: Port, protocol: AppProtocol) -> None:
    """Note that ``protocol`` is spoken on a port whose app_protocol was left open."""
    if not port.spoken:
        port.spec = replace(port.spec, app_protocol=protocol)
        port.spoken = True


def _read_port(service: Reader, value: object, path: str) -> Port | None:
    if isinstance(value, dict):
        return _long(Reader(value, path, PORT, service.problems))
    spec = service.converted(value, path, short_form, None)
    return None if spec is None else Port(spec, path, named=False, spoken=False)


def short_form(value: object) -> PortSpec:
    """``80``, ``8080:80``, ``127.0.0.1:8080:80``, ``127.0.0.1::80``, with ``/udp``. Raises Wrong."""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise Wrong(f"expected a port such as 8080:80 or a mapping with target:, found {describe(value)}")
    written = str(value).strip()
    if re.search(r"[0-9]-[0-9]", written):
        raise Wrong("port ranges are not supported yet by meshctl", hint="Write one entry for each port.")
    match = _SHORT.match(written)
    if match is None:
        raise Wrong(f"expected a port such as 80, 8080:80 or 127.0.0.1:8080:80, found {describe(value)}")
    published = _any_or_port(match["published"] or "0")
    return PortSpec(
        name="",
        target=port_number(match["target"]),
        published=published or None,
        host_ip=_address((match["host"] or LOCAL).strip("[]")),
        protocol=match["protocol"] or "tcp",
    )


def _long(port: Reader) -> Port | None:
    if not port.has("target"):
        return None
    protocol = port.get("app_protocol", choice(AppProtocol), "")
    name = port.get("name", _port_name, "")
    if not protocol and name in _SPOKEN:
        protocol = name
    spec = PortSpec(
        name=name,
        target=port.get("target", port_number, 1),
        published=port.get("published", _published, 0) or None,
        host_ip=port.get("host_ip", _address, LOCAL),
        app_protocol=AppProtocol(protocol or AppProtocol.TCP),
        protocol=port.get("protocol", choice(("tcp", "udp")), "tcp"),
    )
    return Port(spec, port.path, named=bool(name), spoken=bool(protocol))


def _name_ports(service: Reader, ports: list[Port]) -> None:
    """Check written names, then name the others after their protocol or number."""
    taken: dict[str, str] = {}
    for port in ports:
        name = port.spec.name
        if name in taken:
            service.problems.add(f"{port.path}.name", f"two ports are named '{name}' (see {taken[name]})")
        if name:
            taken[name] = port.path
    for port in ports:
        if not port.named:
            name = next((word for word in _derived(port.spec) if word not in taken), "")
            if not name:
                service.problems.add(port.path, f"the port {port.spec.target} is written twice", hint="Name them.")
            taken[name] = port.path
            port.spec = replace(port.spec, name=name)


def _derived(spec: PortSpec) -> tuple[str, ...]:
    target = str(spec.target)
    suffixed = f"{target}-{spec.protocol}"
    return (str(spec.app_protocol), target, suffixed) if spec.app_protocol in _SPOKEN else (target, suffixed)


def _port_name(value: object) -> str:
    name = filled(value)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", name):
        raise Wrong(f"'{name}' is no name for a port", hint="Use letters, digits, '-', '_' and '.'.")
    return name


def _published(value: object) -> int:
    if isinstance(value, str) and "-" in value.strip("-"):
        raise Wrong("port ranges are not supported yet by meshctl", hint="Leave published out for any free port.")
    return _any_or_port(value)


def _address(value: object) -> str:
    address = text(value)
    if not _ADDRESS.match(address):
        raise Wrong(f"expected an IP address such as {LOCAL}, found {describe(value)}")
    return address


def check_published(services: Mapping[str, ServiceSpec], problems: Problems) -> None:
    """Note two services that want one port (unless no profile has both), and replicas of a fixed port."""
    claims: dict[tuple[int, str], list[_Claim]] = {}
    for claim in _claims(services):
        spec, port, path = claim
        if spec.replicas > 1:
            problems.add(
                path,
                f"{spec.replicas} replicas of '{spec.name}' cannot share the published port {port.published}",
                hint="Leave published out: each instance gets a free port.",
            )
        earlier = claims.setdefault((port.published or 0, port.protocol), [])
        rival = next((other for other in earlier if _collide(other, claim)), None)
        if rival is not None:
            line = problems.line(rival[2])
            there = f" (line {line})" if line else ""
            problems.add(
                path,
                f"port {port.published} is already published by '{rival[0].name}'{there}",
                hint="Give one of them another published port, or leave it out for any free one.",
            )
        earlier.append(claim)


def _claims(services: Mapping[str, ServiceSpec]) -> Iterator[_Claim]:
    for spec in services.values():
        for index, port in enumerate(spec.ports):
            if port.published is not None:
                yield spec, port, f"services.{spec.name}.ports[{index}].published"


def _collide(one: _Claim, other: _Claim) -> bool:
    (first, first_port, _), (second, second_port, _) = one, other
    addresses = (first_port.host_ip, second_port.host_ip)
    if addresses[0] != addresses[1] and not any(address in _EVERYWHERE for address in addresses):
        return False
    if first is second or not first.profiles or not second.profiles:
        return True
    return bool(set(first.profiles) & set(second.profiles))
