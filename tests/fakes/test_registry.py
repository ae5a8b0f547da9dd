"""The fake registry and the fake key-value store owe their callers what the real ones do."""

from __future__ import annotations

import pytest

from tests.adapters.contract_key_value import KeyValueContract
from tests.adapters.contract_registry import RegistryContract
from tests.fakes.key_value import FakeKeyValue
from tests.fakes.world import FakeRegistry


@pytest.fixture
def backstage() -> FakeRegistry:
    return FakeRegistry()


@pytest.fixture
def registry(backstage: FakeRegistry) -> FakeRegistry:
    return backstage


@pytest.fixture
def store_backstage() -> FakeKeyValue:
    return FakeKeyValue()


@pytest.fixture
def store(store_backstage: FakeKeyValue) -> FakeKeyValue:
    return store_backstage


class TestFakeRegistry(RegistryContract):
    pass


class TestFakeKeyValue(KeyValueContract):
    pass
