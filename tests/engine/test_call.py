"""From a service's name to an answer: who is asked where, and what is said when nobody can be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from meshctl.engine.call import ALL, Directory, call_every, call_one, resolve
from meshctl.errors import CallError, NoHealthyInstance, RegistryUnavailable, RuntimeUnavailable, UsageError
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.config import MeshConfig, MeshSpec, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus, Registration
from tests.builders import registration

SERVICES = {
    "orders": ServiceSpec("orders", mesh=MeshSpec(register="orders")),
    "stock": ServiceSpec("stock", mesh=MeshSpec(register="inventory")),
    "consul": ServiceSpec("consul"),
}
CONFIG = MeshConfig("shop", "meshctl.yaml", SERVICES, registry="consul")


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
    """Containers and registrations; ``asked`` is where the registry was looked for."""

    containers: list[Container] = field(
        default_factory=lambda: [container("consul"), container("orders"), container("orders", 2)]
    )
    entries: list[Registration] = field(default_factory=lambda: [entry("orders-1"), entry("orders-2")])
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def directory(self, config: MeshConfig = CONFIG) -> Directory:
        def connect(address: str) -> World:
            self.asked.append(address)
            return self

        return Directory(config, lambda: self.containers, connect)

    def instances(self, service: str) -> tuple[Registration, ...]:
        if self.down:
            raise RegistryUnavailable("consul does not answer")
        return tuple(each for each in self.entries if each.service == service)

    def services(self) -> tuple[str, ...]:
        return tuple({each.service for each in self.entries})


class Echo:
    """A caller that answers with the address it was sent to."""

    async def call(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        return self.send(endpoint, request)

    def send(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        return CallReply(endpoint.service, endpoint.instance, "http", 200, True, elapsed_ms=1.0, body=endpoint.address)


def get(service: str = "orders", instance: str = "") -> CallRequest:
    return CallRequest(service, "GET", "/", instance=instance)


def addresses(world: World, request: CallRequest) -> list[str]:
    return [endpoint.address for endpoint in resolve(world.directory(), request)]


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
    with pytest.raises(UsageError, match="consul has no instance 'consul-9'"):
        addresses(world, get("consul", "consul-9"))


def test_without_a_registry_in_the_file_every_service_is_called_directly() -> None:
    world = World()
    found = resolve(world.directory(replace(CONFIG, registry="")), get())
    assert [endpoint.address for endpoint in found] == ["orders:1", "orders:2"]
    assert world.asked == []


def test_one_instance_can_be_asked_for_even_if_the_registry_is_gone() -> None:
    assert addresses(World(down=True), get(instance="orders-2")) == ["orders:2"]
    assert addresses(World([container("orders")]), get(instance="orders-1")) == ["orders:1"]


def test_an_instance_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UsageError, match="orders has no instance 'orders-7'") as caught:
        addresses(World(), get(instance="orders-7"))
    assert caught.value.hint == "Instances of orders: orders-1, orders-2."


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


def test_a_registry_that_does_not_answer_is_missed() -> None:
    with pytest.raises(RegistryUnavailable):
        addresses(World(down=True), get())


def test_an_engine_that_is_not_there_is_missed() -> None:
    def containers() -> list[Container]:
        raise RuntimeUnavailable("no container engine answers")

    world = World()
    with pytest.raises(RuntimeUnavailable):
        resolve(replace(world.directory(), containers=containers), get())


def test_a_protocol_that_is_not_published_is_named() -> None:
    with pytest.raises(CallError, match="orders publishes no grpc port"):
        addresses(World(), CallRequest("orders", "", "shop.v1.Orders/Get"))


def test_a_call_goes_to_one_of_the_endpoints() -> None:
    directory = World().directory()
    first = call_one(directory, Echo().send, get(), pick=lambda endpoints: endpoints[0])
    last = call_one(directory, Echo().send, get(), pick=lambda endpoints: endpoints[-1])
    assert (first.body, last.body) == ("orders:1", "orders:2")


def test_repeated_calls_reach_every_instance() -> None:
    directory = World().directory()
    assert {call_one(directory, Echo().send, get()).instance for _ in range(60)} == {
        "orders-1",
        "orders-2",
    }


def test_all_means_every_endpoint() -> None:
    directory, send = World().directory(), Echo().send
    replies = call_every(directory, send, get(instance=ALL))
    assert [reply.instance for reply in replies] == ["orders-1", "orders-2"]
    assert len(call_every(directory, send, get())) == 1
