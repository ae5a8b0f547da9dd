"""Pulling and building images, with progress. Cancelling the caller ends Docker's work too."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshctl.adapters.docker.client import Client
from meshctl.adapters.docker.failures import image_failure, unavailable
from meshctl.adapters.docker.refusals import sentence
from meshctl.adapters.docker.translate import number
from meshctl.errors import BuildFailed, ConfigError, ImageUnavailable, MeshError, OperationFailed
from meshctl.model.config import BuildSpec
from meshctl.ports.runtime import Tell

if TYPE_CHECKING:
    from docker.api.client import APIClient

_LOG_LINES = 40
_MAX_LAYERS = 1000
_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")


class DockerImages:
    """``ports.runtime.Images``."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def pull(self, reference: str, tell: Tell) -> str:
        what = f"Image {reference} cannot be pulled"
        progress = PullProgress(tell)
        failure = ""
        try:
            async with aclosing(self._client.stream(lambda api: _pull(api, reference))) as messages:
                async for message in messages:
                    progress.take(message)
                    failure = _error_text(message) if "error" in message else failure
            if not failure:
                return await self._client.run(lambda api: _image_id(api, reference))
        except (OperationFailed, ImageUnavailable) as error:
            raise image_failure(what, str(error)) from error
        raise image_failure(what, failure)

    async def build(self, build: BuildSpec, tag: str, tell: Tell) -> str:
        what = f"Image {tag} cannot be built"
        progress = BuildProgress(tell)
        try:
            async with aclosing(self._client.stream(lambda api: _build(api, build, tag, what))) as messages:
                async for message in messages:
                    if "error" in message:
                        raise _build_failure(what, build, _error_text(message), progress)
                    progress.take(message)
        except BuildFailed:
            raise
        except OperationFailed as error:
            raise _build_failure(what, build, str(error), progress) from error
        if not progress.image_id:
            raise unavailable(self._client.address)
        return await self._client.run(lambda api: _image_id(api, tag))


def _image_id(api: APIClient, reference: str) -> str:
    return str(api.inspect_image(reference)["Id"])  # type: ignore[no-untyped-call]


def _pull(api: APIClient, reference: str) -> Iterator[Any]:
    yield from api.pull(reference, stream=True, decode=True)


def _build_failure(what: str, build: BuildSpec, message: str, progress: BuildProgress) -> MeshError:
    """A base image that cannot be got is no fault of the Dockerfile."""
    if progress.step.partition(": ")[2].upper().startswith("FROM "):
        return image_failure(what, message, progress.log)
    at = f"{progress.step} failed: " if progress.step else ""
    hint = f"Correct {Path(build.context, build.dockerfile)}."
    return BuildFailed(f"{what}: {at}{sentence(message)}", hint=hint, log=progress.log)


def _check(spec: BuildSpec, what: str) -> None:
    if not Path(spec.context).is_dir():
        raise ConfigError(
            f"{what}: its context {spec.context} is not a directory.", hint="Correct `build: {context: …}`."
        )
    if not Path(spec.context, spec.dockerfile).is_file():
        raise ConfigError(
            f"{what}: there is no {spec.dockerfile} in {spec.context}.",
            hint="Correct `build: {dockerfile: …}`.",
        )


def _build(api: APIClient, spec: BuildSpec, tag: str, what: str) -> Iterator[Any]:
    import requests.exceptions

    _check(spec, what)
    try:
        yield from api.build(
            path=spec.context,
            dockerfile=spec.dockerfile,
            tag=tag,
            buildargs=dict(spec.args),
            target=spec.target or None,
            pull=False,
            rm=True,
            forcerm=True,
            decode=True,
        )
    except requests.exceptions.RequestException:
        raise
    except OSError as error:  # a file of the context, not Docker
        raise BuildFailed(f"{what}: {error}.", hint="List what the image does not need in .dockerignore.") from error


def _error_text(message: Mapping[str, Any]) -> str:
    detail = message.get("errorDetail")
    text = detail.get("message") if isinstance(detail, dict) else None
    return str(text or message.get("error") or "the engine gave no reason")


class PullProgress:
    """Layer messages of a pull to one fraction, told when it moved by a hundredth."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._layers: dict[str, tuple[int, int]] = {}
        self._told = ("", -1.0)

    def take(self, message: Mapping[str, Any]) -> None:
        """One message of Docker's stream."""
        status = str(message.get("status") or "")
        layer = str(message.get("id") or "")
        detail = message.get("progressDetail")
        if isinstance(detail, dict) and detail.get("total") and status == "Downloading":
            if layer in self._layers or len(self._layers) < _MAX_LAYERS:
                self._layers[layer] = (number(detail.get("current")), number(detail.get("total")))
        elif layer in self._layers and status in ("Download complete", "Pull complete", "Extracting"):
            total = self._layers[layer][1]
            self._layers[layer] = (total, total)
        self._report(status)

    def _report(self, status: str) -> None:
        total = sum(layer[1] for layer in self._layers.values())
        if not total:
            return
        fraction = min(1.0, sum(layer[0] for layer in self._layers.values()) / total)
        if status != self._told[0] or abs(fraction - self._told[1]) >= 0.01:
            self._told = (status, fraction)
            self._tell(status, fraction)


class BuildProgress:
    """Output of the builder: steps told with their fraction, the end of the text kept for a failure."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._lines: deque[str] = deque(maxlen=_LOG_LINES)
        self._partial = ""
        #: The step that is under way.
        self.step = ""
        self.image_id = ""

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines, oldest first."""
        rest = (self._partial,) if self._partial.strip() else ()
        return (*self._lines, *rest)[-_LOG_LINES:]

    def take(self, message: Mapping[str, Any]) -> None:
        """One message of Docker's stream."""
        aux = message.get("aux")
        if isinstance(aux, dict) and aux.get("ID"):
            self.image_id = str(aux["ID"])
        text = message.get("stream")
        if isinstance(text, str):
            self._write(text)
        elif message.get("status"):
            self._tell(f"base image: {message['status']}", None)

    def _write(self, text: str) -> None:
        *lines, self._partial = (self._partial + text).replace("\r", "\n").split("\n")
        self._partial = self._partial[-4096:]
        for line in lines:
            if not line.strip():
                continue
            self._lines.append(line.rstrip()[:4096])
            step = _STEP.match(line)
            if step:
                at, of = int(step[1]), int(step[2])
                self.step = f"Step {at}/{of}: {step[3].strip()}"
                self._tell(self.step, (at - 1) / of if of else None)
