"""From a service's name to its endpoints: who is asked where, and what is said when nobody can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from meshctl.blocking import in_place, run_blocking
from meshctl.engine.calls.directory import ServiceDirectory
from meshctl.errors import (
    CallError,
    CollectorUnavailable,
    NoHealthyInstance,
    RegistryUnavailable,
    RuntimeUnavailable,
    UsageError,
)
from meshctl.model.calls import CallRequest
from meshctl.model.config import MeshConfig, MeshSpec, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus, Registration
from tests.builders import registration

SERVICES = {
    "orders": ServiceSpec("orders", mesh=MeshSpec(register="orders")),
    "stock": ServiceSpec("stock", mesh=MeshSpec(register="inventory")),
    "consul": ServiceSpec("consul"),
    "collector": ServiceSpec("collector"),
}
CONFIG = MeshConfig("shop", "meshctl.yaml", SERVICES, registry="consul", collector="collector")


def container(service: str, number: int = 1, **changes: object) -> Container:
    register = SERVICES[service].mesh.register
    seen = Container(
        f"{service}{number}",
        f"shop-{service}-{number}",
        service,
        number,
        ContainerState.RUNNING,
        register=register,
        ports={"http": f"{service}:{number}"},
        protocols={"http": "http"},
    )
    return replace(seen, **changes)  # type: ignore[arg-type]


def entry(instance: str, service: str = "orders", status: CheckStatus = CheckStatus.PASSING) -> Registration:
    return registration(instance, status, "timeout", service=service, address="172.18.0.9")


@dataclass
class World:
    """Containers and registrations; ``asked`` is where the registry was looked for, ``found`` whose containers were."""

    containers: list[Container] = field(
        default_factory=lambda: [container("consul"), container("orders"), container("orders", 2)]
    )
    entries: list[Registration] = field(default_factory=lambda: [entry("orders-1"), entry("orders-2")])
    asked: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    down: bool = False
    away: bool = False

    def directory(
        self, config: MeshConfig = CONFIG, collector_ports: Mapping[str, str] | None = None
    ) -> ServiceDirectory:
        def connect(address: str) -> World:
            self.asked.append(address)
            return self

        return ServiceDirectory(config, self.find, connect, in_place, lambda: collector_ports or {})

    async def find(self, service: str) -> Sequence[Container]:
        self.found.append(service)
        if self.away:
            raise RuntimeUnavailable("no container engine answers")
        return [each for each in self.containers if service in ("", each.service)]

    def instances(self, service: str) -> tuple[Registration, ...]:
        if self.down:
            raise RegistryUnavailable("consul does not answer")
        return tuple(each for each in self.entries if each.service == service)

    def services(self) -> tuple[str, ...]:
        return tuple({each.service for each in self.entries})


def get(service: str = "orders", instance: str = "") -> CallRequest:
    return CallRequest(service, "GET", "/", instance=instance)


def addresses(world: World, request: CallRequest) -> list[str]:
    return [endpoint.address for endpoint in run_blocking(world.directory().endpoints(request))]


def test_the_registry_is_asked_where_its_container_publishes_it() -> None:
    world = World()
    assert addresses(world, get()) == ["orders:1", "orders:2"]
    assert world.asked == ["consul:1"]


def test_a_service_is_found_by_its_name_in_the_file_and_in_the_registry() -> None:
    world = World([container("consul"), container("stock")], [entry("stock-1", "inventory")])
    assert addresses(world, get("stock")) == addresses(world, get("inventory")) == ["stock:1"]


def test_a_name_of_the_file_means_that_services_instances_only() -> None:
    world = World(
        [container("consul"), container("stock")],
        [entry("stock-1", "inventory"), entry("elsewhere-1", "inventory")],
    )
    assert addresses(world, get("stock")) == ["stock:1"]
    assert addresses(world, get("inventory")) == ["stock:1", "172.18.0.9:8000"]


def test_what_only_the_registry_knows_is_called_where_it_registered() -> None:
    world = World(entries=[entry("legacy-a", "legacy")])
    assert addresses(world, get("legacy")) == ["172.18.0.9:8000"]


def test_what_does_not_register_by_design_needs_no_registry() -> None:
    world = World(down=True)
    assert addresses(world, get("consul")) == ["consul:1"]
    with pytest.raises(UsageError, match="no instance 'consul-9' of consul"):
        addresses(world, get("consul", "consul-9"))


def test_without_a_registry_in_the_file_every_service_is_called_directly() -> None:
    world = World()
    found = run_blocking(world.directory(replace(CONFIG, registry="")).endpoints(get()))
    assert [endpoint.address for endpoint in found] == ["orders:1", "orders:2"]
    assert world.asked == []


def test_one_instance_can_be_asked_for_even_if_the_registry_is_gone() -> None:
    assert addresses(World(down=True), get(instance="orders-2")) == ["orders:2"]
    assert addresses(World([container("orders")]), get(instance="orders-1")) == ["orders:1"]


def test_an_instance_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UsageError, match="no instance 'orders-7' of orders") as caught:
        addresses(World(), get(instance="orders-7"))
    assert caught.value.hint == "Did you mean orders-1 or orders-2?"


def test_an_unknown_service_names_the_nearest_of_file_and_registry() -> None:
    world = World(entries=[entry("legacy-a", "legacy")])
    with pytest.raises(UsageError) as caught:
        addresses(world, get("order"))
    assert caught.value.hint == "Did you mean orders?"
    with pytest.raises(UsageError) as caught:
        addresses(world, get("legaci"))
    assert caught.value.hint == "Did you mean legacy?"


def test_an_unknown_service_is_unknown_without_a_registry_too() -> None:
    with pytest.raises(UsageError, match="no service 'order'"):
        addresses(World([]), get("order"))


def test_a_service_that_was_never_started_says_how_to_start_it() -> None:
    for world in (World([]), World([container("consul")], [])):
        with pytest.raises(NoHealthyInstance, match="orders is not created") as caught:
            addresses(world, get())
        assert "meshctl up orders" in caught.value.hint


def test_nobody_passing_says_why() -> None:
    world = World(
        [container("consul"), container("orders"), container("orders", 2, state=ContainerState.EXITED)],
        [entry("orders-1", status=CheckStatus.CRITICAL)],
    )
    with pytest.raises(NoHealthyInstance, match="orders-1 is critical: timeout; orders-2 is exited"):
        addresses(world, get())


def test_a_registry_that_is_stopped_is_missed() -> None:
    stopped = container("consul", state=ContainerState.EXITED)
    with pytest.raises(RegistryUnavailable, match="'consul' is not running") as caught:
        addresses(World([stopped, container("orders")]), get())
    assert "meshctl start consul" in caught.value.hint
    with pytest.raises(RegistryUnavailable, match="'consul' is paused") as caught:
        addresses(World([container("consul", state=ContainerState.PAUSED), container("orders")]), get())
    assert "meshctl unpause consul" in caught.value.hint


def test_a_registry_that_does_not_answer_is_missed() -> None:
    with pytest.raises(RegistryUnavailable):
        addresses(World(down=True), get())


def test_an_engine_that_is_not_there_is_missed() -> None:
    with pytest.raises(RuntimeUnavailable):
        addresses(World(away=True), get())


def test_a_protocol_that_is_not_published_is_named() -> None:
    with pytest.raises(CallError, match="orders publishes no grpc port"):
        addresses(World(), CallRequest("orders", "", "shop.v1.Orders/Get"))


def collector(**changes: object) -> Container:
    ports = {"http": "collector:1", "otlp-http": "collector:2"}
    return container("collector", **{"ports": ports, **changes})


def test_the_collector_is_found_with_one_question_and_then_with_none() -> None:
    world = World([container("orders"), collector()])
    directory = world.directory()
    assert run_blocking(directory.collector()) == "collector:1"
    assert run_blocking(directory.collector("otlp-http")) == "collector:2"
    assert world.found == ["collector"]


def test_a_list_that_was_read_for_a_call_tells_where_the_collector_is() -> None:
    world = World([container("consul"), container("orders"), collector()])
    directory = world.directory()
    run_blocking(directory.endpoints(get()))
    assert run_blocking(directory.collector()) == "collector:1"
    assert world.found == [""]


def test_where_the_collector_is_can_be_known_already() -> None:
    world = World([collector(ports={"http": "moved:1"})])
    directory = world.directory(collector_ports={"http": "known:1"})
    assert run_blocking(directory.collector()) == "known:1"
    assert world.found == []
    assert run_blocking(directory.collector(anew=True)) == "moved:1"


def test_a_collector_that_does_not_run_says_how_to_start_it() -> None:
    with pytest.raises(CollectorUnavailable) as caught:
        run_blocking(World([collector(state=ContainerState.EXITED)]).directory().collector())
    assert "meshctl start collector" in caught.value.hint


def test_without_a_collector_in_the_file_nobody_is_asked() -> None:
    world = World()
    with pytest.raises(CollectorUnavailable, match="no collector"):
        run_blocking(world.directory(replace(CONFIG, collector="")).collector())
    assert world.found == []
