"""The fake runtime keeps the contract that the real one keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from meshctl.errors import PortInUse, RuntimeUnavailable
from meshctl.model.config import PortSpec, RestartPolicy
from meshctl.model.containers import EVERY_CAPABILITY, Capability, ContainerState
from tests.adapters.contract_runtime import (
    ExecContract,
    PausingContract,
    RuntimeContract,
    StatsContract,
    WholeRuntimeContract,
    only,
    sleeper,
)
from tests.fakes.containers import Behaviour, Death, FakeEngine
from tests.fakes.world import FakeClock

IMAGE = "python:3.11"


@pytest.fixture
async def runtime() -> AsyncIterator[FakeEngine]:
    runtime = FakeEngine(FakeClock(), images=[IMAGE])
    yield runtime
    await runtime.close()


@pytest.fixture
def image() -> str:
    return IMAGE


@pytest.fixture
def project() -> str:
    return "shop"


class TestFakeRuntime(WholeRuntimeContract):
    pass


class TestFakeRuntimeWithoutImagesNetworksAndVolumes(RuntimeContract, PausingContract, StatsContract, ExecContract):
    @pytest.fixture
    async def runtime(self) -> AsyncIterator[FakeEngine]:
        can = EVERY_CAPABILITY - {Capability.IMAGES, Capability.NETWORKS, Capability.VOLUMES}
        runtime = FakeEngine(FakeClock(), can=can)
        yield runtime
        await runtime.close()


async def test_a_policy_brings_it_back_with_growing_pauses_and_counts(runtime: FakeEngine) -> None:
    runtime.behaviours["web"] = Behaviour(deaths=(Death(0.5, 3), Death(0.5, 3, oom=True)))
    await runtime.instances.start(await runtime.instances.create(sleeper("shop", IMAGE, restart=RestartPolicy.ALWAYS)))
    await runtime.clock.sleep(0.55)
    assert (await only(runtime, "shop")).state is ContainerState.RESTARTING
    assert (await only(runtime, "shop")).exit_code == 3
    await runtime.clock.sleep(0.65)
    again = await only(runtime, "shop")
    assert (again.state, again.restarts) == (ContainerState.RESTARTING, 2)
    assert again.oom_killed
    await runtime.clock.sleep(1.0)
    assert (await only(runtime, "shop")).restarts == 2
    await runtime.instances.start(again.id)


async def test_on_failure_gives_up_after_its_number_and_lets_a_zero_rest(runtime: FakeEngine) -> None:
    runtime.behaviours["web"] = Behaviour(deaths=(Death(0.1, 1),), always=True)
    request = sleeper("shop", IMAGE, restart=RestartPolicy.ON_FAILURE, restart_max=2)
    container_id = await runtime.instances.create(request)
    await runtime.instances.start(container_id)
    await runtime.clock.sleep(30)
    assert (await only(runtime, "shop")).state is ContainerState.EXITED
    assert (await only(runtime, "shop")).restarts == 2
    runtime.behaviours["web"] = Behaviour(deaths=(Death(0.1, 0),), always=True)
    await runtime.instances.start(container_id)
    await runtime.clock.sleep(30)
    assert (await only(runtime, "shop")).restarts == 0


async def test_a_fixed_port_is_given_once(runtime: FakeEngine) -> None:
    port = (PortSpec("http", 8000, 18000),)
    await runtime.instances.start(await runtime.instances.create(sleeper("shop", IMAGE, ports=port)))
    second = await runtime.instances.create(sleeper("shop", IMAGE, instance=2, ports=port))
    with pytest.raises(PortInUse, match="Port 18000"):
        await runtime.instances.start(second)


async def test_an_engine_that_goes_away_ends_streams_and_answers_nothing(runtime: FakeEngine) -> None:
    await runtime.instances.start(await runtime.instances.create(sleeper("shop", IMAGE)))
    container = await only(runtime, "shop")

    async def follow() -> list[str]:
        return [line.text async for line in runtime.logs(container, since=None, tail=None, follow=True)]

    async def listen() -> list[str]:
        return [event.action async for event in runtime.events("shop")]

    following, listening = asyncio.ensure_future(follow()), asyncio.ensure_future(listen())
    await runtime.clock.sleep(1)
    runtime.write("web-1", "hello")
    await runtime.clock.sleep(1)
    runtime.go_away()
    assert (await following, await listening) == (["hello"], [])
    with pytest.raises(RuntimeUnavailable):
        await runtime.observe("shop")


async def test_what_was_seeded_is_as_if_made_before(runtime: FakeEngine) -> None:
    runtime.seed(replace(sleeper("shop", IMAGE), networks=("shop_default",)))
    observed = await runtime.observe("shop")
    assert observed.networks == ("shop_default",)
    assert observed.containers[0].state is ContainerState.RUNNING
