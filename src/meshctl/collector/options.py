"""The options of `meshctl collector`."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CollectorOptions:
    """Where it listens, what it keeps, where it sends on. A port of 0 is any free one; sizes are bytes.

    ``store`` is a file or ''; ``forward`` the URL of another OTLP receiver or ''; ``allow_hosts`` are names beside
    those of this machine under which the query API may be asked for. A ``max_…`` of 0 is the default of the memory.
    """

    host: str = "127.0.0.1"
    grpc_port: int = 4317
    http_port: int = 4318
    query_port: int = 16686
    store: str = ""
    forward: str = ""
    allow_hosts: tuple[str, ...] = ()
    max_bytes: int = 0
    max_traces: int = 0
    max_spans_per_trace: int = 0
    max_message: int = 16 * MB


@dataclass(frozen=True, slots=True)
class Listening:
    """The ports that were bound, which differ from those asked for when these were 0."""

    grpc_port: int
    http_port: int
    query_port: int
