"""Where the project's collector answers."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.errors import CollectorUnavailable
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, ContainerState

#: Names of the collector's ports: its query API, and OTLP over HTTP.
QUERY = "http"
OTLP = "otlp-http"


def collector_address(config: MeshConfig, containers: Sequence[Container], port: str = QUERY) -> str:
    """``host:port`` of a published port of the collector that runs. Raises CollectorUnavailable."""
    name = config.collector
    if not name:
        raise CollectorUnavailable(
            "this project has no collector of traces",
            hint="Name one in the file: collector: SERVICE; its ports are named http, otlp-grpc and otlp-http.",
        )
    mine = [container for container in containers if container.service == name]
    running = [container for container in mine if container.state is ContainerState.RUNNING]
    for container in running:
        if container.ports.get(port):
            return container.ports[port]
    if running:
        raise CollectorUnavailable(
            f"the collector '{name}' publishes no port named {port}", hint=f"Name it under services.{name}.ports."
        )
    begin = f"meshctl start {name}" if mine else f"meshctl up {name}"
    raise CollectorUnavailable(f"the collector '{name}' is not running", hint=f"Start it: {begin}")
