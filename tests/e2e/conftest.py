"""One stack for the whole suite, under a project name of its own, beside whatever else runs here."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import docker
import pytest

from tests.e2e.command import Meshctl

PROJECT = "meshctl-e2e"


@pytest.fixture(scope="session", autouse=True)
def heeded_interrupts() -> None:
    """A shell that runs the tests in the background has SIGINT ignored, and what they start would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
