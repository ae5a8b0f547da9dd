"""What went wrong, in meshctl's words: every failure of Docker becomes one of ``errors``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from meshctl.adapters.docker.address import Address
from meshctl.adapters.docker.refusals import refusal, sentence
from meshctl.errors import ImageUnavailable, NotFound, OperationFailed, RuntimeUnavailable

NO_REGISTRY_HINT = (
    "This machine reaches no container registry: run `make images` to build base images from Debian packages."
)

# Patterns stay text until they are needed: compiling them would cost every command a millisecond.
_UNREACHABLE = (
    r"dial tcp|no such host|i/o timeout|client\.timeout|connection refused|connection reset|proxyconnect"
    r"|tls handshake|server misbehaving|network is unreachable|temporary failure in name resolution"
    r"|context deadline exceeded|request canceled|certificate|: eof$"
)
_ABSENT = r"manifest unknown|access denied|does not exist|not found"
_NO_IMAGE = r"no such image|unable to find image|image .* not found"


def unavailable(address: Address, cause: BaseException | None = None) -> RuntimeUnavailable:
    """RuntimeUnavailable whose hint is the command that mends it on this machine."""
    if _has(cause, PermissionError):
        return RuntimeUnavailable(
            f"The Docker engine at {address.url} refuses this user: permission denied.",
            hint="Run `sudo usermod -aG docker $USER`, then log out and in again.",
        )
    if _has(cause, TimeoutError):
        return RuntimeUnavailable(
            f"The Docker engine at {address.url} does not answer in time.",
            hint="Restart it: `sudo systemctl restart docker`, or restart Docker Desktop.",
        )
    if address.chosen:
        hint = "Start that engine, or correct DOCKER_HOST (or `docker context use default`)."
    else:
        hint = start_hint(
            platform=sys.platform,
            systemd=Path("/run/systemd/system").is_dir(),
            installed=any(Path(d, "dockerd").exists() for d in _search_path()),
            root=hasattr(os, "geteuid") and os.geteuid() == 0,
        )
    return RuntimeUnavailable(f"No Docker engine answers at {address.url}.", hint=hint)


def not_an_engine(address: Address, detail: str) -> RuntimeUnavailable:
    """What answers speaks, but not the Engine API."""
    return RuntimeUnavailable(
        f"What answers at {address.url} is not a Docker engine: {detail}.",
        hint="Point DOCKER_HOST at a Docker engine, or unset it.",
    )


_INSTALL = "Install Docker Engine: https://docs.docker.com/engine/install/"
_IN_TREE = "in meshctl's own tree: `make engine`."


def start_hint(*, platform: str, systemd: bool, installed: bool, root: bool) -> str:
    """One sentence with the command that starts (or gets) an engine."""
    sudo = "" if root else "sudo "
    if platform == "darwin":
        return "Open Docker Desktop (`open -a Docker`) and wait until it is running."
    if not installed:
        return f"{_INSTALL}; {_IN_TREE}"
    if systemd:
        return f"Start it with `{sudo}systemctl start docker`."
    return f"Start it with `{sudo}sh -c 'dockerd >/var/log/dockerd.log 2>&1 &'`; {_IN_TREE}"


def _search_path() -> list[str]:
    return [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/local/sbin", "/sbin"]


def _has(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Whether ``error``, its arguments or its causes hold an exception of that kind."""
    pending: list[object] = [error]
    for _ in range(32):
        if not pending:
            return False
        current = pending.pop()
        if isinstance(current, kind) or (kind is TimeoutError and type(current).__name__.endswith("Timeout")):
            return True
        if isinstance(current, BaseException):
            pending += [current.__cause__, current.__context__, *current.args]
    return False


def refused(status: int, message: str) -> OperationFailed | ImageUnavailable:
    """Docker's own refusal of one operation, by HTTP status and text."""
    if status == 404 and _says(_NO_IMAGE, message):
        hint = "Run `meshctl up`, which pulls or builds what is missing."
        return ImageUnavailable(sentence(message), hint=hint)
    if status == 404:
        return NotFound(sentence(message))
    said = refusal(message)
    return OperationFailed(said.says, hint=said.hint)


def _says(pattern: str, message: str) -> bool:
    return re.search(pattern, message, re.IGNORECASE) is not None


def image_failure(what: str, message: str, log: Sequence[str] = ()) -> ImageUnavailable:
    """An image that could not be got; ``what`` begins the sentence (``Image x cannot be pulled``)."""
    hint = ""
    if _says(_UNREACHABLE, message):
        hint = NO_REGISTRY_HINT
    elif _says(_ABSENT, message):
        hint = "Check the image's name and tag; a private one needs `docker login`."
    return ImageUnavailable(f"{what}: {sentence(message)}", hint=hint, log=log)
