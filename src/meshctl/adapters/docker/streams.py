"""What Docker sends as it happens: logs, events, resource use. Blocking iterators and their decoding."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from meshctl.adapters.docker import translate
from meshctl.adapters.docker.client import Client, url_of
from meshctl.adapters.docker.failures import refused
from meshctl.adapters.docker.log_lines import frames, log_lines
from meshctl.adapters.docker.wire import failed
from meshctl.errors import NotFound, OperationFailed
from meshctl.model.containers import LABEL_PROJECT, Container, LogLine, ResourceSample, RuntimeEvent

if TYPE_CHECKING:
    from docker.api.client import APIClient

    from meshctl.ports.runtime import Search


def logs(
    api: APIClient, container: Container, params: Mapping[str, str], searches: Sequence[Search]
) -> Iterator[LogLine]:
    """Lines in Docker's order, as ``log_params`` ask for them. Raises NotFound."""
    try:
        chunks = _chunks(api, f"/containers/{container.id}/logs", params)
        yield from log_lines(frames(chunks), container, searches)
    except OperationFailed as error:
        if "marked for removal" in str(error):
            raise NotFound(str(error)) from error
        raise


def events(api: APIClient, project: str, since: float) -> Iterator[RuntimeEvent]:
    """What happened to the project's containers from ``since`` (Unix seconds) on."""
    filters = json.dumps({"type": ["container"], "label": [f"{LABEL_PROJECT}={project}"]})
    for entry in documents(_chunks(api, "/events", {"filters": filters, "since": f"{since:.9f}"})):
        event = translate.event(entry)
        if event is not None:
            yield event


class DockerStats:
    """``ports.runtime.Stats``."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def follow(self, instance: str) -> AsyncIterator[ResourceSample]:
        return self._client.stream(lambda api: _stats(api, instance), limit=1, latest=True)


def _stats(api: APIClient, container_id: str) -> Iterator[ResourceSample]:
    for entry in documents(_chunks(api, f"/containers/{container_id}/stats", {"stream": "1"})):
        sample = translate.sample(entry, container_id)
        if sample is not None:
            yield sample


def _chunks(api: APIClient, path: str, params: Mapping[str, str]) -> Iterator[bytes]:
    """The body as it comes. A Docker that goes away in the middle ends it."""
    import requests.exceptions

    with api.get(url_of(api, path), params=params, stream=True, timeout=api.timeout) as response:
        if response.status_code >= 400:
            try:
                content = response.json()
            except ValueError:
                content = None
            raise failed(response.status_code, content)
        try:
            yield from response.iter_content(chunk_size=None)
        except (requests.exceptions.RequestException, OSError):
            return


def documents(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """JSON objects, one a line; what is none of that is skipped, a line beyond 1 MiB ends it."""
    pending = b""
    for chunk in chunks:
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            document = _document(line)
            if document is not None:
                yield document
        if len(pending) > 1 << 20:
            raise refused(200, "The engine sent a line of more than 1 MiB.")


def _document(line: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
