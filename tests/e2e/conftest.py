"""One stack for the whole suite, under a project name of its own, beside whatever else runs here."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from tests.e2e.command import Meshctl

PROJECT = "meshctl-e2e"


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """The real engine, to look at it past meshctl."""
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def stack() -> Iterator[Meshctl]:
    """The bundled stack, up. Whatever an earlier run left behind is removed first."""
    meshctl = Meshctl(PROJECT)
    meshctl("down", "-v")
    meshctl("up", "--build", timeout=900)
    yield meshctl
    meshctl("down", "-v")
