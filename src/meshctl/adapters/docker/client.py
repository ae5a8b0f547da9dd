"""docker-py, made on first use and shared by threads; its failures in meshctl's words."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from meshctl.adapters.docker.address import Address
from meshctl.adapters.docker.failures import not_an_engine, refused, unavailable
from meshctl.adapters.docker.refusals import sentence
from meshctl.adapters.docker.stream_handle import Cancelled, StreamHandle, connected_socket
from meshctl.adapters.docker.wire import check_reachable, failed
from meshctl.errors import MeshError, NotFound, OperationFailed, RuntimeUnavailable
from meshctl.threads import run_in_thread, stream_from_thread

if TYPE_CHECKING:
    from docker.api.client import APIClient
    from requests import Response

T = TypeVar("T")

_CHUNK = 1 << 16


class Client:
    """Runs blocking work on docker-py's low-level client. ``timeout_s`` bounds one answer."""

    def __init__(self, address: Address, *, timeout_s: float = 60.0) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._made: APIClient | None = None
        self._closed = False
        self._here = threading.local()
        self._handles: set[StreamHandle] = set()

    async def run(self, work: Callable[[APIClient], T]) -> T:
        """``work`` in a thread. Raises RuntimeUnavailable, NotFound, OperationFailed, ImageUnavailable."""
        return await run_in_thread(lambda: self.blocking(work))

    def blocking(self, work: Callable[[APIClient], T]) -> T:
        """``work`` here and now, with the same errors."""
        try:
            return work(self._api())
        except Exception as error:
            raise self.translated(error) from error

    def stream(
        self,
        read: Callable[[APIClient], Iterator[T]],
        *,
        limit: int = 1000,
        latest: bool = False,
    ) -> AsyncGenerator[T, None]:
        """What ``read`` yields, from a thread; closing it ends the request that ``read`` has open."""
        handle = StreamHandle()

        def handled() -> Iterator[T]:
            self._here.handle = handle
            self._handles.add(handle)
            try:
                yield from read(self._api())
            except Cancelled:
                return
            except Exception as error:
                if not handle.is_cut:
                    raise self.translated(error) from error
            finally:
                self._handles.discard(handle)
                handle.release()

        return stream_from_thread(handled, handle.cut, limit=limit, latest=latest)

    async def close(self) -> None:
        """End every stream and drop the connections."""
        for handle in list(self._handles):
            handle.cut()
        with self._lock:
            self._closed = True
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def translated(self, error: Exception) -> Exception:
        """The error of ``errors`` that this one stands for; itself when it is nobody's fault but ours."""
        import docker.errors
        import requests.exceptions
        import urllib3.exceptions

        if isinstance(error, MeshError):
            return error
        if isinstance(error, docker.errors.APIError):
            return refused(error.status_code or 500, str(error.explanation or error))
        if isinstance(error, docker.errors.InvalidVersion):
            return not_an_engine(self.address, str(error))
        if isinstance(error, docker.errors.DockerException):
            return self._complaint(error)
        if isinstance(error, requests.exceptions.JSONDecodeError):
            return not_an_engine(self.address, "no JSON in its answer")
        kinds = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)
        return unavailable(self.address, error) if isinstance(error, kinds) else error

    def _complaint(self, error: Exception) -> MeshError:
        """What docker-py itself objects to, before or instead of Docker."""
        import docker.errors

        if "paramiko" in str(error):
            return RuntimeUnavailable(
                f"The engine at {self.address.url} is reached over SSH, which needs paramiko.",
                hint="Install it beside meshctl: `pip install 'docker[ssh]'`.",
            )
        if isinstance(error, docker.errors.TLSParameterError):
            return RuntimeUnavailable(str(error), hint="Correct DOCKER_CERT_PATH, or unset DOCKER_TLS_VERIFY.")
        if "fetching server API version" in str(error):
            return unavailable(self.address, error)
        return OperationFailed(sentence(str(error)))

    def _api(self) -> APIClient:
        """Knocks first: docker-py forgets to close a socket that cannot connect."""
        if not self._closed:
            check_reachable(self.address)
        with self._lock:
            if self._closed:
                raise RuntimeUnavailable("The connection to the Docker engine has been closed.")
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> APIClient:
        from docker.api.client import APIClient
        from docker.utils import kwargs_from_env

        options = kwargs_from_env(dict(os.environ)) if self.address.tls else {}
        client = APIClient(**{**options, "base_url": self.address.url}, timeout=self._timeout_s)  # type: ignore[arg-type]
        client.hooks["response"].append(self._opened)
        return client

    def _opened(self, response: Response, **options: Any) -> None:
        """Tie a streamed response to the stream of this thread; from here on it may be silent for long."""
        handle = getattr(self._here, "handle", None)
        if handle is None or not options.get("stream"):
            return
        handle.hold(response)
        sock = connected_socket(response)
        if sock is not None:
            sock.settimeout(None)


def url_of(api: APIClient, path: str) -> str:
    """``path`` at the version docker-py agreed on with Docker."""
    return f"{api.base_url}/v{api.api_version}{path}"


class ClientWire:
    """Wire over docker-py's session: for TLS and SSH."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return self._client.blocking(lambda api: _get(api, path, params))

    def get_each(self, paths: Sequence[str]) -> list[Any]:
        return [self._get_or_none(path) for path in paths]

    def post(self, path: str, content: Any, timeout_s: float | None = None) -> Any:
        return json.loads(b"".join(self.chunks(path, content, timeout_s)))

    def chunks(self, path: str, content: Any = None, timeout_s: float | None = None) -> Iterator[bytes]:
        try:
            yield from self._client.blocking(lambda api: _chunks(api, path, content, timeout_s))
        except Exception as error:
            raise self._client.translated(error) from error

    def _get_or_none(self, path: str) -> Any:
        try:
            return self.get(path)
        except NotFound:
            return None


def _chunks(api: APIClient, path: str, content: Any, timeout_s: float | None) -> Iterator[bytes]:
    ask = api.get if content is None else partial(api.post, json=content)
    with ask(url_of(api, path), stream=True, timeout=timeout_s or api.timeout) as response:
        if response.status_code >= 400:
            raise failed(response.status_code, response.json())
        yield from iter(lambda: response.raw.read1(_CHUNK), b"")


def _get(api: APIClient, path: str, params: Mapping[str, str] | None) -> Any:
    response = api.get(url_of(api, path), params=params, timeout=api.timeout)
    content = response.json()
    if response.status_code >= 400:
        raise failed(response.status_code, content)
    return content
