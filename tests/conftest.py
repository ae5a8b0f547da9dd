"""Shared by all rooms."""

from __future__ import annotations

import asyncio

import pytest


@pytest.fixture
async def eager_tasks() -> None:
    """Tasks start at once where Python can do that (3.12): ``App.run`` has it so, ``run_test`` does not."""
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is not None:
        asyncio.get_running_loop().set_task_factory(factory)
