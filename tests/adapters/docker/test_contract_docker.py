"""The container contract on a real Docker engine."""

from __future__ import annotations

import pytest

from tests.adapters.contract_containers import ContainerEngineContract


@pytest.mark.docker
class TestDockerEngine(ContainerEngineContract):
    pass
