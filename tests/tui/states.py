"""Mesh states that screens are shown with. Times count from ``NOW``."""

from __future__ import annotations

from dataclasses import replace

from meshctl.model.config import (
    BuildSpec,
    CheckKind,
    Condition,
    DependsOn,
    HealthCheck,
    MeshConfig,
    MeshSpec,
    ServiceKind,
    ServiceSpec,
)
from meshctl.model.containers import ContainerState
from meshctl.model.status import (
    CheckStatus,
    Happening,
    Health,
    InstanceStatus,
    LinkState,
    MeshState,
    ProbeResult,
    ServiceStatus,
    Usage,
)

#: 2026-11-23 14:02:11 UTC.
NOW = 1795442531.0
APPLICATION = ("users", "orders", "inventory", "notifications", "worker", "echo")
INFRASTRUCTURE = ("consul", "postgres", "redis", "rabbitmq")


def config() -> MeshConfig:
    """The bundled stack in outline."""
    services = {name: _application(name) for name in APPLICATION}
    services |= {
        name: ServiceSpec(name, image=f"{name}:1", healthcheck=HealthCheck(kind=CheckKind.TCP))
        for name in INFRASTRUCTURE
    }
    return MeshConfig(name="shop", file="meshctl.yaml", services=services, registry="consul", collector="collector")


def _application(name: str) -> ServiceSpec:
    return ServiceSpec(
        name,
        kind=ServiceKind.APPLICATION,
        build=BuildSpec("stack"),
        image=f"shop/{name}:dev",
        healthcheck=HealthCheck(kind=CheckKind.HTTP, path="/health", port="http"),
        mesh=MeshSpec(register=name),
        depends_on=(DependsOn("consul", Condition.HEALTHY), DependsOn("postgres", Condition.HEALTHY)),
    )


def instance(name: str, number: int, health: Health = Health.HEALTHY, *reasons: str) -> InstanceStatus:
    """One instance that runs since twelve minutes, unless it is stopped."""
    runs = health not in (Health.STOPPED, Health.DONE)
    registered = name in APPLICATION
    return InstanceStatus(
        id=f"{name}-{number}",
        container=f"shop-{name}-{number}",
        container_id=f"{number}f3a9c51d2e7b{name}",
        state=ContainerState.RUNNING if runs else ContainerState.EXITED,
        health=health,
        reasons=reasons,
        ports={"http": f"127.0.0.1:4{9150 + number}"} if runs else {},
        probe=ProbeResult(health is not Health.UNHEALTHY, "connection refused", 0.0042) if runs else None,
        registry=CheckStatus.PASSING if registered and runs else None,
        started_at=NOW - 725 if runs else None,
    )


def service(name: str, health: Health = Health.HEALTHY, *reasons: str, count: int = 1) -> ServiceStatus:
    """A service whose instances all have the same health."""
    ready = count if health in (Health.HEALTHY, Health.DONE) else 0
    return ServiceStatus(
        service=name,
        kind=ServiceKind.APPLICATION if name in APPLICATION else ServiceKind.INFRASTRUCTURE,
        state="running",
        health=health,
        ready=ready,
        desired=count,
        reasons=reasons,
        instances=tuple(instance(name, n + 1, health, *reasons) for n in range(count)),
    )


def usage(seed: int) -> Usage:
    """Thirty samples that look like something."""
    return Usage(cpu=tuple(((seed * 7 + n * n) % 23) / 100 for n in range(30)), memory=(41 + seed * 9) * 1_000_000)


def healthy() -> MeshState:
    """All is well."""
    services = [service(name, count=3 if name == "orders" else 1) for name in (*APPLICATION, *INFRASTRUCTURE)]
    return MeshState(
        project="shop",
        services=tuple(services),
        links=(
            LinkState("docker", True, NOW - 900, "20.10"),
            LinkState("consul", True, NOW - 890, "8 passing"),
        ),
        usage={s.service: usage(n) for n, s in enumerate(services)},
        happenings=(
            Happening(NOW - 16, "orders", "scaled 1 → 3"),
            Happening(NOW - 14, "orders", "healthy after 2.1 s", instance="orders-3"),
        ),
        observed_at=NOW - 0.5,
        revision=1,
    )


def with_services(state: MeshState, *changed: ServiceStatus) -> MeshState:
    """The same mesh with some services as given."""
    by_name = {status.service: status for status in changed}
    services = tuple(by_name.get(s.service, s) for s in state.services)
    return replace(state, services=services, revision=state.revision + 1)


def troubled() -> MeshState:
    """Every kind of trouble at once."""
    state = with_services(
        healthy(),
        service("inventory", Health.DEGRADED, "probe passes, consul critical: connection refused on port 8001"),
        service("notifications", Health.STARTING, "waits for rabbitmq, which is starting since 6 s"),
        replace(service("worker", Health.CRASH_LOOP, "crash loop: 4 restarts", "exit 1"), restarts=4),
        service("echo", Health.STOPPED),
        service("rabbitmq", Health.STARTING, "own probe fails: connection refused"),
    )
    trouble = Happening(NOW - 4, "inventory", "restarted: exit 137, out of memory", True, "inventory-1")
    return replace(state, happenings=(*state.happenings, trouble))


def starting() -> MeshState:
    """The stack on its way up."""
    waits = [service(name, Health.STARTING, "waits for postgres, which is starting since 3 s") for name in APPLICATION]
    return with_services(healthy(), *waits, service("postgres", Health.STARTING, "own probe fails: starting"))


def engine_lost() -> MeshState:
    """Docker went away twelve seconds ago."""
    state = healthy()
    links = (LinkState("docker", False, NOW - 12, "connection refused"), state.links[1])
    return replace(state, links=links, observed_at=NOW - 12.5)


def no_engine() -> MeshState:
    """Docker never answered."""
    link = LinkState(
        "engine",
        False,
        NOW - 3,
        "No container engine answers at unix:///var/run/docker.sock",
        "Start Docker, or set DOCKER_HOST to where it listens.",
    )
    return MeshState(project="shop", links=(link,), revision=1)
