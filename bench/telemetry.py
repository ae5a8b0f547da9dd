"""What telemetry costs: ``GET /users/1`` of the users service with and without it.

The real service, with PostgreSQL and Redis in containers of their own, has one core; client, data stores and
collector share the other. ``python -m bench.telemetry`` needs a container engine and no stack.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.images import base_image

from bench.timing import Figure

ROOT = Path(__file__).resolve().parents[1]
KEEPS = 0.5
ROUNDS, SECONDS = 7, 3.0
PREFIX = "bench-telemetry-"
SERVER_CORE, OTHER_CORE = "0", "1"
_SERVE = """
import sys, uvicorn
from dataclasses import replace
from meshkit import tracing
from meshkit.logs import capture_stdlib
from stack.services.users.app.config import read_config
from stack.services.users.app.main import create_app
capture_stdlib()
tracing.start()
uvicorn.run(create_app(replace(read_config(), grpc_port=0)), port=int(sys.argv[1]), log_config=None, access_log=False)
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A running service: its port, and the process whose CPU time is read."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Runs:
    """Of one variant: answers a second, and CPU seconds of the service an answer, run by run."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


class Sink:
    """An OTLP/gRPC receiver that keeps what it gets as it is, and counts it afterwards."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(1))
        export = grpc.unary_unary_rpc_method_handler(self._take)
        name = "opentelemetry.proto.collector.trace.v1.TraceService"
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": export}),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Sink:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()

    def spans(self) -> int:
        requests = map(ExportTraceServiceRequest.FromString, self.bodies)
        return sum(len(scope.spans) for one in requests for group in one.resource_spans for scope in group.scope_spans)

    def _take(self, body: bytes, _: object) -> bytes:
        self.bodies.append(body)
        return b""


def figures() -> list[Figure]:
    """Throughput with telemetry over that without, in turns; and that every span has arrived."""
    variants = {"without": {"OTEL_SDK_DISABLED": "true"}, "with": {}}
    with ExitStack() as stack:
        os.sched_setaffinity(0, {int(OTHER_CORE)})
        sink = stack.enter_context(Sink())
        stores = {
            "DATABASE_URL": _url(stack.enter_context(_postgres()), 5432, "postgresql+psycopg://users:users@{}/users"),
            "REDIS_URL": _url(stack.enter_context(_redis()), 6379, "redis://{}/0"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink.port}",
        }
        served = {name: stack.enter_context(_service({**stores, **env})) for name, env in variants.items()}
        runs = measure(served)
        time.sleep(1.0)  # a batch leaves within 100 ms
        spans = sink.spans()
    return _judged(runs, spans)


def measure(served: Mapping[str, Served], rounds: int = ROUNDS) -> dict[str, Runs]:
    """Each service in turn, `rounds` times, after one run to warm up."""
    runs = {name: Runs() for name in served}
    for turn in range(rounds + 1):
        for name, one in served.items():
            before = one.cpu_s()
            rate = _load(one.port)
            if turn:
                runs[name].rates.append(rate)
                runs[name].costs.append((one.cpu_s() - before) / (rate * SECONDS))
    return runs


def _judged(runs: Mapping[str, Runs], spans: int) -> list[Figure]:
    plain, traced = (median(runs[name].rates) for name in ("without", "with"))
    cost, more = (median(runs[name].costs) * 1e6 for name in ("without", "with"))
    kept, expected = traced / plain, 2 * sum(runs["with"].rates) * SECONDS
    return [
        Figure(
            "`GET /users/1` with telemetry against without",
            f"{traced:.0f} of {plain:.0f} requests/s, {kept:.2f}",
            f"≥ {KEEPS}",
            kept >= KEEPS,
        ),
        Figure("its CPU time a request, of the service alone", f"{more:.0f} µs against {cost:.0f} µs"),
        Figure("its spans at the collector, two a request", f"{spans}", f"≥ {expected:.0f}", spans >= expected),
    ]


def _load(port: int) -> float:
    words = [sys.executable, "-m", "bench.load", str(port), "/users/1", str(SECONDS)]
    return float(subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


@contextmanager
def _service(env: Mapping[str, str]) -> Iterator[Served]:
    """users on a port of its own, pinned to its core, until it has answered once."""
    port = _free_port()
    own = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'stack/meshkit/src'}",
        "MESH_SERVICE": "users",
        "CONSUL_HTTP_ADDR": "",
        **env,
    }
    words = ["taskset", "-c", SERVER_CORE, sys.executable, "-c", _SERVE, str(port)]
    running = subprocess.Popen(words, cwd=ROOT, env=own, stdout=subprocess.DEVNULL)
    try:
        _answers(f"http://127.0.0.1:{port}/users/1", running)
        yield Served(port, running.pid)
    finally:
        running.terminate()
        running.wait(10)


def _answers(url: str, running: subprocess.Popen[bytes], within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).read()
        except OSError:
            if running.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{url} does not answer") from None
            threading.Event().wait(0.1)
        else:
            return


@contextmanager
def _postgres() -> Iterator[Any]:
    init = {str(ROOT / "stack/postgres"): {"bind": "/docker-entrypoint-initdb.d", "mode": "ro"}}
    options = {"volumes": init, "environment": {"POSTGRES_PASSWORD": "postgres"}}
    with _container("postgres", base_image("MESH_POSTGRES_IMAGE"), 5432, **options) as started:
        yield started


@contextmanager
def _redis() -> Iterator[Any]:
    with _container("redis", base_image("MESH_REDIS_IMAGE"), 6379) as started:
        yield started


@contextmanager
def _container(name: str, image: str, port: int, **options: Any) -> Iterator[Any]:
    import docker

    client = docker.from_env()
    started = client.containers.run(
        image,
        name=f"{PREFIX}{name}-{os.getpid()}",
        detach=True,
        cpuset_cpus=OTHER_CORE,
        ports={f"{port}/tcp": ("127.0.0.1", None)},
        **options,
    )
    try:
        started.reload()
        yield started
    finally:
        started.remove(force=True, v=True)
        client.close()


def _url(started: Any, port: int, form: str) -> str:
    return form.format(f"127.0.0.1:{started.ports[f'{port}/tcp'][0]['HostPort']}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    from bench.__main__ import main

    sys.exit(main(["telemetry"]))
