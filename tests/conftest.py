"""Shared by all rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What meshctl remembers of projects, here and in processes that tests start, is not the developer's."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
async def eager_tasks() -> None:
    """Tasks start at once where Python can do that (3.12): ``App.run`` has it so, ``run_test`` does not."""
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is not None:
        asyncio.get_running_loop().set_task_factory(factory)
