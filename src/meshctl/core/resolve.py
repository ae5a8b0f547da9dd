"""From a service's registrations and containers to addresses this process can reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meshctl.core.names import no_such
from meshctl.core.registry import complaint, fold_checks
from meshctl.core.text import shorten
from meshctl.errors import CallError, CollectorUnavailable, NoHealthyInstance
from meshctl.model.calls import GRPC, HTTP, Endpoint
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus, Registration

#: Names of the collector's ports: its query API, and OTLP over HTTP.
QUERY = "http"
OTLP = "otlp-http"


def published_address(container: Container, protocol: str) -> str:
    """``host:port`` of the published port that speaks ``protocol``, '' if there is none.

    A port named after the protocol goes before others that speak it.
    """
    speaking = [name for name in container.ports if container.protocols.get(name) == protocol]
    if protocol in container.ports and (protocol in speaking or protocol not in container.protocols):
        return container.ports[protocol]
    return container.ports[speaking[0]] if speaking else ""


def registry_address(config: MeshConfig, containers: Sequence[Container]) -> str | None:
    """``host:port`` of the registry's published ``http`` port; None while it does not run."""
    for container in containers:
        if container.service == config.registry and container.state is ContainerState.RUNNING:
            address = published_address(container, HTTP)
            if address:
                return address
    return None


def collector_address(config: MeshConfig, containers: Sequence[Container], port: str = QUERY) -> str:
    """``host:port`` of a published port of the collector that runs. Raises CollectorUnavailable."""
    name = config.collector
    if not name:
        raise CollectorUnavailable(
            "this project has no collector of traces",
            hint="Name one in the file: collector: SERVICE; its ports are named http, otlp-grpc and otlp-http.",
        )
    mine = [container for container in containers if container.service == name]
    running = [container for container in mine if container.state is ContainerState.RUNNING]
    for container in running:
        if container.ports.get(port):
            return container.ports[port]
    if running:
        raise CollectorUnavailable(
            f"the collector '{name}' publishes no port named {port}", hint=f"Name it under services.{name}.ports."
        )
    how, mend = absence(name, containers)
    raise CollectorUnavailable(f"the collector '{name}' {how}", hint=mend)


def absence(service: str, containers: Iterable[Container]) -> tuple[str, str]:
    """How a service is that does not run (``is paused``), and what mends it."""
    states = {container.state for container in containers if container.service == service}
    if ContainerState.PAUSED in states:
        return "is paused", f"Let it go on: meshctl unpause {service}"
    return "is not running", f"Start it: meshctl {'start' if states else 'up'} {service}"


def registered_endpoints(
    service: str,
    registrations: Sequence[Registration],
    containers: Sequence[Container],
    protocol: str,
) -> tuple[Endpoint, ...]:
    """Every instance the registry calls passing and that runs.

    Raises NoHealthyInstance when there is none, CallError when none publishes a port for ``protocol``.
    """
    homes = {container.instance_id: container for container in containers}
    down = {instance for instance, home in homes.items() if home.state is not ContainerState.RUNNING}
    fit = [r for r in registrations if r.id not in down and fold_checks(r.checks) is CheckStatus.PASSING]
    if not fit:
        raise _nobody(service, _complaints(registrations, containers), containers)
    addresses = (
        (r.id, published_address(homes[r.id], protocol) if r.id in homes else registered_address(r, protocol))
        for r in fit
    )
    return _reachable(service, addresses, protocol)


def unregistered_endpoints(service: str, containers: Sequence[Container], protocol: str) -> tuple[Endpoint, ...]:
    """The running instances of a service that does not register by design. Raises as above."""
    running = [c for c in containers if c.state is ContainerState.RUNNING]
    if not running:
        raise _nobody(service, _complaints((), containers), containers)
    addresses = ((c.instance_id, published_address(c, protocol)) for c in running)
    return _reachable(service, addresses, protocol)


def exact_endpoint(
    service: str,
    instance: str,
    registrations: Sequence[Registration],
    containers: Sequence[Container],
    protocol: str,
) -> Endpoint:
    """The instance that was asked for, whatever its checks say, as long as it runs.

    Raises UsageError for an unknown id, NoHealthyInstance if it does not run, CallError without a port.
    """
    homes = {container.instance_id: container for container in containers}
    entries = {r.id: r for r in registrations}
    if instance not in homes and instance not in entries:
        raise no_such("instance", instance, {*homes, *entries}, where=f"of {service}")
    home = homes.get(instance)
    if home is not None and home.state is not ContainerState.RUNNING:
        raise NoHealthyInstance(f"{instance} is {home.state}", hint=f"Start it: meshctl start {service}.")
    address = published_address(home, protocol) if home else registered_address(entries[instance], protocol)
    return _reachable(service, [(instance, address)], protocol)[0]


def registered_address(registration: Registration, protocol: str) -> str:
    """Where an instance that runs elsewhere has registered, '' if it does not speak ``protocol``."""
    other = GRPC if protocol == HTTP else HTTP
    if other in registration.tags and protocol not in registration.tags:
        return ""
    port = registration.meta.get(f"{protocol}_port") or str(registration.port or "")
    return f"{registration.address}:{port}" if port and registration.address else ""


def _reachable(service: str, addresses: Iterable[tuple[str, str]], protocol: str) -> tuple[Endpoint, ...]:
    endpoints = tuple(Endpoint(service, instance, address) for instance, address in addresses if address)
    if not endpoints:
        raise CallError(
            f"{service} publishes no {protocol} port",
            hint=f"Give it a port with `app_protocol: {protocol}`, then: meshctl up {service}.",
        )
    return endpoints


def _nobody(service: str, complaints: Sequence[str], containers: Sequence[Container]) -> NoHealthyInstance:
    if not containers and not complaints:
        return NoHealthyInstance(f"{service} is not created", hint=f"Create it: meshctl up {service}.")
    why = "; ".join(complaints) or "nothing is registered"
    runs = any(container.state is ContainerState.RUNNING for container in containers)
    hint = f"See meshctl ps and meshctl logs {service}." if runs else f"Start it: meshctl start {service}."
    return NoHealthyInstance(f"{service} has no healthy instance: {why}", hint=hint)


def _complaints(registrations: Sequence[Registration], containers: Sequence[Container]) -> list[str]:
    """Why each instance takes no requests: stopped, not registered, or what its check says."""
    entries = {r.id: r for r in registrations}
    complaints = []
    for container in containers:
        entry = entries.pop(container.instance_id, None)
        if container.state is not ContainerState.RUNNING:
            complaints.append(f"{container.instance_id} is {container.state}")
        elif entry is None:
            complaints.append(f"{container.instance_id} is not registered")
        elif fold_checks(entry.checks) is not CheckStatus.PASSING:
            complaints.append(_check_words(entry))
    complaints += [_check_words(entry) for entry in entries.values()]
    return complaints


def _check_words(entry: Registration) -> str:
    output = shorten(complaint(entry.checks))
    return f"{entry.id} is {fold_checks(entry.checks)}{f': {output}' if output else ''}"
