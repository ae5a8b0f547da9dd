"""What Docker sends as it happens: logs, events, resource use. Blocking iterators and their decoding."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from meshctl.adapters.docker import translate
from meshctl.adapters.docker.client import Client, url_of
from meshctl.adapters.docker.failures import refused
from meshctl.adapters.docker.wire import failed
from meshctl.errors import NotFound, OperationFailed
from meshctl.model.containers import LABEL_PROJECT, Container, LogLine, ResourceSample, RuntimeEvent

if TYPE_CHECKING:
    from docker.api.client import APIClient

#: A longer log line is cut here.
MAX_LINE = 256 * 1024
#: Unix seconds as a float know no nanoseconds.
_ROUNDING_S = 1e-6
_MAX_FRAME = 16 * 1024 * 1024
_STREAMS = {0: "stdout", 1: "stdout", 2: "stderr"}


def logs(
    api: APIClient, container: Container, *, since: float | None, tail: int | None, follow: bool
) -> Iterator[LogLine]:
    """Lines in Docker's order, those of the moment ``since`` included. Raises NotFound."""
    params = {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "follow": "1" if follow else "0",
        "tail": "all" if tail is None else str(max(0, tail)),
    }
    if since is not None:
        params["since"] = f"{since - _ROUNDING_S:.9f}"
    try:
        chunks = _chunks(api, f"/containers/{container.id}/logs", params)
        yield from log_lines(frames(chunks), container)
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


def frames(chunks: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Docker's multiplexed stream: (stdout or stderr, payload). Raises OperationFailed on anything else."""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        start = 0
        while len(pending) - start >= 8:
            size = int.from_bytes(pending[start + 4 : start + 8], "big")
            stream = _STREAMS.get(pending[start])
            if stream is None or size > _MAX_FRAME:
                raise OperationFailed("The engine sent a log that cannot be read.")
            if len(pending) - start - 8 < size:
                break
            if size:
                yield stream, bytes(pending[start + 8 : start + 8 + size])
            start += 8 + size
        del pending[:start]


def log_lines(parts: Iterable[tuple[str, bytes]], container: Container) -> Iterator[LogLine]:
    """Joins the 16 KiB parts of long lines; every part carries a time stamp, the first one's counts."""
    open_lines: dict[str, _OpenLine] = {}
    for stream, payload in parts:
        stamp, _, text = payload.partition(b" ")
        line = open_lines.setdefault(stream, _OpenLine())
        line.add(stamp, text)
        if text.endswith(b"\n"):
            yield line.close(stream, container)
            del open_lines[stream]
    for stream, line in open_lines.items():
        yield line.close(stream, container)


class _OpenLine:
    """A line whose end has not come yet."""

    def __init__(self) -> None:
        self._stamp: bytes | None = None
        self._text = bytearray()
        self._cut = False

    def add(self, stamp: bytes, text: bytes) -> None:
        if self._stamp is None:
            self._stamp = stamp
        room = MAX_LINE - len(self._text)
        self._cut = self._cut or len(text) > room
        self._text += text[:room]

    def close(self, stream: str, container: Container) -> LogLine:
        text = self._text.decode("utf-8", "surrogateescape").rstrip("\r\n")
        return LogLine(
            service=container.service,
            instance_id=container.instance_id,
            time=translate.moment((self._stamp or b"").decode("ascii", "replace")) or 0.0,
            stream=stream,
            text=f"{text}…" if self._cut else text,
        )
