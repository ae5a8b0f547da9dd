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
from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.findings import Evidence, EvidenceKind, Finding, Mend, MendKind
from meshctl.model.journal import Deed, JournalEntry
from meshctl.model.registry import Check, CheckStatus, RegistryCheckKind
from meshctl.model.status import (
    FindingKind,
    Health,
    InstanceStatus,
    LinkState,
    ProbeResult,
    Reason,
    ReasonKind,
    ServiceStatus,
    Usage,
)
from meshctl.model.traces import ServiceEdge
from tests.fakes.sessions import Shown

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


def instance(name: str, number: int, health: Health = Health.HEALTHY, *reasons: Reason) -> InstanceStatus:
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


def service(name: str, health: Health = Health.HEALTHY, *reasons: Reason, count: int = 1) -> ServiceStatus:
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


def waits(service: str, seconds: float) -> Reason:
    """What an instance waits for."""
    return Reason(ReasonKind.WAITS, source=service, since=NOW - seconds)


def probe_fails(detail: str) -> Reason:
    """Both sides are against it."""
    return Reason(ReasonKind.PROBE_FAILS, detail=detail)


def usage(seed: int) -> Usage:
    """Thirty samples that look like something."""
    return Usage(cpu=tuple(((seed * 7 + n * n) % 23) / 100 for n in range(30)), memory=(41 + seed * 9) * 1_000_000)


def healthy() -> Shown:
    """All is well."""
    services = [service(name, count=3 if name == "orders" else 1) for name in (*APPLICATION, *INFRASTRUCTURE)]
    return Shown(
        services=tuple(services),
        links=(
            LinkState("docker", True, NOW - 900, "20.10"),
            LinkState("consul", True, NOW - 890, "8 passing"),
        ),
        usage={s.service: usage(n) for n, s in enumerate(services)},
        events=(
            MeshEvent(EventKind.SCALED, NOW - 16, "orders", before=1, after=3),
            MeshEvent(EventKind.BECAME_HEALTHY, NOW - 14, "orders", "orders-3", since=NOW - 16.1),
        ),
        observed_at=NOW - 0.5,
    )


def with_services(state: Shown, *changed: ServiceStatus) -> Shown:
    """The same mesh with some services as given."""
    by_name = {status.service: status for status in changed}
    services = tuple(by_name.get(s.service, s) for s in state.services)
    return replace(state, services=services)


def troubled() -> Shown:
    """Every kind of trouble at once."""
    output = "connection refused on port 8001"
    check = Check(RegistryCheckKind.SERVICE, "service:inventory-1", "inventory", CheckStatus.CRITICAL, output)
    loop, exited = Reason(ReasonKind.CRASH_LOOP, count=4), Reason(ReasonKind.EXITED, exit_code=1)
    state = with_services(
        healthy(),
        service("inventory", Health.DEGRADED, Reason(ReasonKind.CHECK_FAILS, source="consul", check=check, alone=True)),
        service("notifications", Health.STARTING, waits("rabbitmq", 6)),
        replace(service("worker", Health.CRASH_LOOP, loop, exited), restarts=4),
        service("echo", Health.STOPPED),
        service("rabbitmq", Health.STARTING, probe_fails("connection refused")),
    )
    trouble = MeshEvent(EventKind.RESTARTED, NOW - 4, "inventory", "inventory-1", exit_code=137, oom=True)
    return replace(state, events=(*state.events, trouble))


def caused(service: str, kind: FindingKind) -> Reason:
    """Through another one."""
    return Reason(ReasonKind.CAUSED, source=service, cause=kind)


def stopped_redis() -> Finding:
    """Somebody stopped it two minutes ago, and two others need it."""
    deed = JournalEntry(NOW - 130, Deed.STOPPED, "redis", "redis-1", command="stop redis", user="ada")
    event = MeshEvent(EventKind.STOPPED, NOW - 130, "redis", "redis-1", exit_code=0)
    edge = ServiceEdge("worker", "redis", 48, 48, 0.4, 1.0, 1, 1, 1)
    evidence = (
        Evidence(EvidenceKind.RUNTIME, "redis-1", NOW - 130, event=event),
        Evidence(EvidenceKind.JOURNAL, "redis-1", NOW - 130, entry=deed),
        Evidence(EvidenceKind.TRACES, edge=edge),
    )
    return Finding(
        "redis",
        FindingKind.STOPPED,
        since=NOW - 130,
        by="you",
        evidence=evidence,
        victims=("worker", "notifications"),
        mend=Mend(MendKind.START, "redis"),
    )


def redis_stopped() -> Shown:
    """One cause, two that fail through it, and something else that has nothing to do with it."""
    loop = Reason(ReasonKind.CRASH_LOOP, count=4)
    line = '{"level": "error", "event": "no module named echo_pb2", "service": "echo"}'
    other = Finding(
        "echo",
        FindingKind.CRASH_LOOP,
        since=NOW - 20,
        reason=loop,
        evidence=(Evidence(EvidenceKind.LOG, "echo-1", NOW - 3, text=line),),
        mend=Mend(MendKind.LOGS, "echo"),
    )
    stopped, refused = caused("redis", FindingKind.STOPPED), probe_fails("503: Error -2 connecting to redis:6379")
    state = with_services(
        healthy(),
        service("redis", Health.STOPPED),
        service("worker", Health.UNHEALTHY, stopped, refused),
        service("notifications", Health.UNHEALTHY, stopped, refused),
        replace(service("echo", Health.CRASH_LOOP, loop), restarts=4),
    )
    return replace(state, findings=(stopped_redis(), other))


def starting() -> Shown:
    """The stack on its way up."""
    waiting = [service(name, Health.WAITING, waits("postgres", 3)) for name in APPLICATION]
    postgres = service("postgres", Health.STARTING, probe_fails("starting"))
    first = Finding(
        "postgres", FindingKind.STARTING, since=NOW - 3, reason=probe_fails("starting"), victims=APPLICATION
    )
    return replace(with_services(healthy(), *waiting, postgres), findings=(first,))


def engine_lost() -> Shown:
    """Docker went away twelve seconds ago."""
    state = healthy()
    links = (LinkState("docker", False, NOW - 12, "connection refused"), state.links[1])
    return replace(state, links=links, observed_at=NOW - 12.5)


def no_engine() -> Shown:
    """Docker never answered."""
    link = LinkState(
        "engine",
        False,
        NOW - 3,
        "No container engine answers at unix:///var/run/docker.sock",
        "Start Docker, or set DOCKER_HOST to where it listens.",
    )
    return Shown(links=(link,))
