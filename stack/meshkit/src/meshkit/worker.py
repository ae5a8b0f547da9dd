"""Registration, /health and /metrics for a process without FastAPI, in threads beside its own work."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import tracing
from .consul import Consul
from .logs import log
from .metrics import exposition
from .registration import Ports, Probe, Registration, grpc_probe, http_probe
from .settings import Settings, settings

Ready = Callable[[], None]
_CONSUL_WAIT_S = 60.0
_LEAVE_S = 1.5


class Worker:
    """What `register_worker` started. A context manager; `leave` may be called twice."""

    def __init__(self, http: _Server, keeper: _Keeper | None) -> None:
        self._http = http
        self._keeper = keeper
        self._left = False

    def leave(self) -> None:
        """Take the registration back, close the port, send the last spans; blocks two or three seconds at most."""
        if self._left:
            return
        self._left = True
        if self._keeper is not None:
            self._keeper.end()
        self._http.end()
        tracing.shutdown()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


def register_worker(*, ready: Ready | None = None, port: int = 9100, grpc_port: int | None = None) -> Worker:
    """Serve GET /health and /metrics on `port` and register; TimeoutError if there is no Consul in a minute.

    `ready` is called by /health, in a thread; what it raises is the reason of a 503. With `grpc_port` the
    service is registered under that port with a gRPC check, else under `port` with an HTTP check.
    """
    own = settings()
    tracing.start()
    http = _Server(port, own, ready)
    if not own.consul_url:
        log.info("registry.none")
        return Worker(http, None)
    main = http.server_address[1] if grpc_port is None else grpc_port
    probe = http_probe(main) if grpc_port is None else grpc_probe(main)
    try:
        keeper = _Keeper(own, Ports(main=main, grpc=grpc_port), probe)
    except TimeoutError:
        http.end()
        raise
    return Worker(http, keeper)


class _Keeper:
    """Runs a Registration in the event loop of a thread of its own."""

    def __init__(self, own: Settings, ports: Ports, probe: Probe) -> None:
        self._own = own
        self._ports = ports
        self._probe = probe
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="mesh-registration", daemon=True)
        self._thread.start()
        self._registration = asyncio.run_coroutine_threadsafe(self._join(), self._loop).result()

    def end(self) -> None:
        leaving = asyncio.run_coroutine_threadsafe(self._leave(), self._loop)
        try:
            leaving.result(_LEAVE_S)
        except TimeoutError:
            log.warning("registry.deregister_failed", id=self._own.instance, error="timeout")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LEAVE_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    async def _join(self) -> Registration:
        self._consul = Consul(self._own.consul_url)
        await self._consul.wait_ready(_CONSUL_WAIT_S)
        registration = Registration(self._consul, self._own, self._ports, self._probe)
        registration.begin()
        return registration

    async def _leave(self) -> None:
        await self._registration.leave()
        await self._consul.close()


class _Server(ThreadingHTTPServer):
    """Serves /health and /metrics from a daemon thread."""

    daemon_threads = True

    def __init__(self, port: int, own: Settings, ready: Ready | None) -> None:
        super().__init__(("0.0.0.0", port), _Handler)
        self.own = own
        self.ready = ready
        threading.Thread(target=self.serve_forever, args=(0.1,), name="mesh-http", daemon=True).start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()

    def health(self) -> tuple[int, dict[str, str]]:
        """Status and body of GET /health."""
        who = {"service": self.own.service, "instance": self.own.instance}
        try:
            if self.ready is not None:
                self.ready()
        except Exception as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            return 503, {"status": "unavailable", "reason": reason, **who}
        return 200, {"status": "ok", **who}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(200, exposition(), "text/plain; version=0.0.4; charset=utf-8")
            return
        status, body = self.server.health() if path == "/health" else (404, {"detail": "Not Found"})
        self._answer(status, json.dumps(body).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Probes and scrapes are not worth a line."""
