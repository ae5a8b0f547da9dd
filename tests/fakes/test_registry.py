"""The fake registry owes its callers what the real one does."""

from __future__ import annotations

import pytest

from tests.adapters.contract_registry import RegistryContract
from tests.fakes.world import FakeRegistry


@pytest.fixture
def backstage() -> FakeRegistry:
    return FakeRegistry()


@pytest.fixture
def registry(backstage: FakeRegistry) -> FakeRegistry:
    return backstage


class TestFakeRegistry(RegistryContract):
    pass
