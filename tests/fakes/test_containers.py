"""The fake engine keeps the contract that the real one keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from meshctl.errors import PortInUse, RuntimeUnavailable
from meshctl.model.config import PortSpec, RestartPolicy
from meshctl.model.containers import ContainerState
from tests.adapters.contract_containers import ContainerEngineContract, only, sleeper
from tests.fakes.containers import Behaviour, Death, FakeEngine
from tests.fakes.world import FakeClock

IMAGE = "python:3.11"


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    engine = FakeEngine(FakeClock(), images=[IMAGE])
    yield engine
    await engine.close()


@pytest.fixture
def image() -> str:
    return IMAGE


@pytest.fixture
def project() -> str:
    return "shop"


class TestFakeEngine(ContainerEngineContract):
    pass


async def test_a_policy_brings_it_back_with_growing_pauses_and_counts(engine: FakeEngine) -> None:
    engine.behaviours["web"] = Behaviour(deaths=(Death(0.5, 3), Death(0.5, 3, oom=True)))
    await engine.start_container(await engine.create_container(sleeper("shop", IMAGE, restart=RestartPolicy.ALWAYS)))
    await engine.clock.sleep(0.55)
    assert (await only(engine, "shop")).state is ContainerState.RESTARTING
    assert (await only(engine, "shop")).exit_code == 3
    await engine.clock.sleep(0.65)
    again = await only(engine, "shop")
    assert (again.state, again.restarts) == (ContainerState.RESTARTING, 2)
    assert again.oom_killed
    await engine.clock.sleep(1.0)
    assert (await only(engine, "shop")).restarts == 2
    await engine.start_container(again.id)


async def test_on_failure_gives_up_after_its_number_and_lets_a_zero_rest(engine: FakeEngine) -> None:
    engine.behaviours["web"] = Behaviour(deaths=(Death(0.1, 1),), always=True)
    request = sleeper("shop", IMAGE, restart=RestartPolicy.ON_FAILURE, restart_max=2)
    container_id = await engine.create_container(request)
    await engine.start_container(container_id)
    await engine.clock.sleep(30)
    assert (await only(engine, "shop")).state is ContainerState.EXITED
    assert (await only(engine, "shop")).restarts == 2
    engine.behaviours["web"] = Behaviour(deaths=(Death(0.1, 0),), always=True)
    await engine.start_container(container_id)
    await engine.clock.sleep(30)
    assert (await only(engine, "shop")).restarts == 0


async def test_a_fixed_port_is_given_once(engine: FakeEngine) -> None:
    port = (PortSpec("http", 8000, 18000),)
    await engine.start_container(await engine.create_container(sleeper("shop", IMAGE, ports=port)))
    second = await engine.create_container(sleeper("shop", IMAGE, instance=2, ports=port))
    with pytest.raises(PortInUse, match="Port 18000"):
        await engine.start_container(second)


async def test_an_engine_that_goes_away_ends_streams_and_answers_nothing(engine: FakeEngine) -> None:
    await engine.start_container(await engine.create_container(sleeper("shop", IMAGE)))
    container = await only(engine, "shop")

    async def follow() -> list[str]:
        return [line.text async for line in engine.logs(container, since=None, tail=None, follow=True)]

    async def listen() -> list[str]:
        return [event.action async for event in engine.events("shop")]

    following, listening = asyncio.ensure_future(follow()), asyncio.ensure_future(listen())
    await engine.clock.sleep(1)
    engine.write("web-1", "hello")
    await engine.clock.sleep(1)
    engine.go_away()
    assert (await following, await listening) == (["hello"], [])
    with pytest.raises(RuntimeUnavailable):
        await engine.observe("shop")


async def test_what_was_seeded_is_as_if_made_before(engine: FakeEngine) -> None:
    engine.seed(replace(sleeper("shop", IMAGE), networks=("shop_default",)))
    observed = await engine.observe("shop")
    assert observed.networks == ("shop_default",)
    assert observed.containers[0].state is ContainerState.RUNNING
