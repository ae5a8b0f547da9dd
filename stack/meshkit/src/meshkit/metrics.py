"""The mesh's own series, and the text that Prometheus scrapes."""

from __future__ import annotations

import os

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_EDGE = ("caller", "target")
BREAKER_STATE = Gauge(
    "mesh_breaker_state",
    "Circuit breaker: 0 closed, 1 half-open, 2 open.",
    _EDGE,
    multiprocess_mode="mostrecent",
)
CALLS = Counter("mesh_calls", "Attempts sent to another service, retries included.", _EDGE)
FAILURES = Counter("mesh_call_failures", "Attempts that the circuit breaker counts as failed.", _EDGE)
REJECTIONS = Counter("mesh_call_rejections", "Calls short-circuited by an open circuit breaker.", _EDGE)

_GRPC = ("grpc_service", "grpc_method")
GRPC_HANDLED = Counter("grpc_server_handled", "gRPC calls completed.", (*_GRPC, "grpc_code"))
GRPC_SECONDS = Histogram(
    "grpc_server_handling_seconds", "Time from a gRPC call to its last reply.", _GRPC, buckets=LATENCY_BUCKETS
)


def exposition() -> bytes:
    """All series in Prometheus text format; over all processes where PROMETHEUS_MULTIPROC_DIR is set."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
