"""The contract of a runtime, kept by a real Docker engine."""

from __future__ import annotations

import pytest

from tests.adapters.contract_runtime import WholeRuntimeContract


@pytest.mark.docker
class TestDockerRuntime(WholeRuntimeContract):
    pass
