"""Composition root: the only module that names concrete adapters. Each is imported when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshctl.engine.call import Directory, Send
    from meshctl.engine.mesh import Mesh
    from meshctl.engine.session import MeshSession
    from meshctl.model.calls import CallRequest
    from meshctl.model.config import MeshConfig
    from meshctl.model.recording import Recording
    from meshctl.ports.registry import KeyValue
    from meshctl.ports.runtime import Runtime
    from meshctl.ports.telemetry import Collectors, TraceFeed, TraceReader, TraceSender


def open_runtime() -> Runtime:
    """The runtime that the environment names. Connects on first use."""
    from meshctl.adapters.docker.runtime import DockerRuntime

    return DockerRuntime()


def open_mesh(config: MeshConfig) -> Mesh:
    """Everything the engine room needs, on real adapters."""
    from meshctl.adapters.consul.watch import ConsulRegistry
    from meshctl.adapters.host import SystemClock
    from meshctl.adapters.probe import NetworkProber
    from meshctl.engine.mesh import Mesh

    runtime = open_runtime()
    prober = NetworkProber(runtime.exec.run if runtime.exec else None)
    return Mesh(config, runtime, ConsulRegistry, prober, SystemClock(), HttpCollectors())


def open_session(config: MeshConfig) -> MeshSession:
    """What a front end has of a mesh that runs."""
    from meshctl.engine.live import DirectoryCalls, LiveSession

    return LiveSession(open_mesh(config), DirectoryCalls(open_directory(config), sender_for))


def connect_key_value(address: str) -> KeyValue:
    """The ``KeyValueConnector`` of Consul."""
    from meshctl.adapters.consul.kv import ConsulKeyValue

    return ConsulKeyValue(address)


def open_recording(recording: Recording) -> MeshSession:
    """The same of a mesh that was recorded."""
    from meshctl.adapters.otlp.encode import request_json
    from meshctl.engine.recorded import RecordedSession

    return RecordedSession(recording, request_json)


def open_directory(config: MeshConfig) -> Directory:
    """Name look-up for one call: reads the engine and the registry with the standard library alone."""
    from meshctl.adapters.consul.catalog import ConsulReader
    from meshctl.adapters.docker.reader import ContainerReader
    from meshctl.engine.call import Directory

    return Directory(config, lambda: ContainerReader().find(config.name), ConsulReader)


class HttpCollectors:
    """The ways to a collector that talks HTTP; each is loaded when it is needed."""

    def reader(self, query_address: str) -> TraceReader:
        from meshctl.adapters.collector.reader import CollectorReader

        return CollectorReader(query_address)

    def feed(self, query_address: str) -> TraceFeed:
        from meshctl.adapters.collector.feed import CollectorFeed

        return CollectorFeed(query_address)

    def sender(self, otlp_address: str, timeout_s: float = 2.0) -> TraceSender:
        from meshctl.adapters.collector.sender import CollectorSender

        return CollectorSender(otlp_address, timeout_s)


def open_collectors() -> Collectors:
    """The ways to a collector whose address is known."""
    return HttpCollectors()


def open_traces(config: MeshConfig) -> TraceReader:
    """The traces that the project's collector keeps. Raises CollectorUnavailable, RuntimeUnavailable."""
    from meshctl.adapters.docker.reader import ContainerReader
    from meshctl.engine.collector import QUERY, collector_address

    return HttpCollectors().reader(collector_address(config, ContainerReader().find(config.name), QUERY))


def open_sender(config: MeshConfig) -> TraceSender:
    """The way into the project's collector. Raises CollectorUnavailable, RuntimeUnavailable."""
    from meshctl.adapters.docker.reader import ContainerReader
    from meshctl.engine.collector import OTLP, collector_address

    return HttpCollectors().sender(collector_address(config, ContainerReader().find(config.name), OTLP))


def port_is_free(host: str, port: int) -> bool:
    """Whether something could listen on this port of this machine now."""
    from meshctl.adapters import host as machine

    return machine.port_is_free(host, port)


def sender_for(request: CallRequest) -> Send:
    """What speaks the request's protocol; gRPC is loaded only for gRPC."""
    if request.method:
        from meshctl.adapters.http import HttpCaller

        return HttpCaller().send
    from meshctl.adapters.grpc.caller import GrpcCaller

    return GrpcCaller().send
