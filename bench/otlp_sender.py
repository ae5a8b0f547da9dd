"""``python -m bench.otlp_sender grpc|http PORT SPANS``: sends prepared batches as fast as they are answered.

Prints ``{"spans": sent, "seconds": took}``.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

#: Spans a batch, attributes a span, spans a trace, prepared batches, requests under way.
BATCH, ATTRIBUTES, TRACE, PREPARED, UNDER_WAY = 512, 17, 10, 16, 4

#: Stands for the first half of every trace id of a batch; each time it is sent it is replaced by another.
_MARK = b"\xfe\xed\xfa\xceMARK"

_KEYS = (
    ("http.request.method", "GET"),
    ("url.path", "/users/1"),
    ("url.scheme", "http"),
    ("server.address", "orders"),
    ("network.protocol.version", "1.1"),
    ("user_agent.original", "python-httpx/0.28.1"),
    ("client.address", "172.18.0.7"),
    ("http.route", "/users/{id}"),
    ("db.system.name", "postgresql"),
    ("db.namespace", "orders"),
    ("db.query.text", "SELECT id, name FROM users WHERE id = %s"),
    ("messaging.destination.name", "orders"),
    ("mesh.instance", "orders-1"),
    ("code.function.name", "app.api.get_user"),
)


def batch(number: int) -> bytes:
    """One ``ExportTraceServiceRequest`` of 512 spans of a resource, with 17 attributes each."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    for key, text in (("service.name", f"service-{number % 6}"), ("service.instance.id", f"service-{number % 6}-1")):
        resource.resource.attributes.add(key=key).value.string_value = text
    scope = resource.scope_spans.add()
    scope.scope.name = "bench"
    now = time.time_ns()
    for index in range(BATCH):
        place = index % TRACE
        span = scope.spans.add(
            trace_id=_MARK + (index // TRACE).to_bytes(8, "big"),
            span_id=(number * BATCH + index + 1).to_bytes(8, "big"),
            parent_span_id=(number * BATCH + index - place + 1).to_bytes(8, "big") if place else b"",
            name=f"GET /users/{index % 40}",
            kind=2 if place == 0 else 3,
            start_time_unix_nano=now + index,
            # Every hundredth is a slow one.
            end_time_unix_nano=now + index + (900_000_000 if index % 100 == 0 else 5_000_000 + place),
        )
        for key, text in _KEYS:
            span.attributes.add(key=key).value.string_value = text
        span.attributes.add(key="http.response.status_code").value.int_value = 200
        span.attributes.add(key="thread.id").value.int_value = index
        span.attributes.add(key="order.id").value.string_value = f"order-{number}-{index}"
    return request.SerializeToString()


def bodies(spans: int) -> Iterator[bytes]:
    """So many spans in whole batches; every one of other traces."""
    prepared = [batch(number) for number in range(PREPARED)]
    for number in range(-(-spans // BATCH)):
        yield prepared[number % PREPARED].replace(_MARK, os.urandom(8))


def send_http(port: int, waiting: Iterator[bytes]) -> None:
    """Connections that each send the next request when the last is answered."""
    lock = threading.Lock()
    failures: list[str] = []

    def work() -> None:
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with line:
            while True:
                with lock:
                    body = next(waiting, None)
                if body is None or failures:
                    return
                head = "POST /v1/traces HTTP/1.1\r\nhost: bench\r\ncontent-type: application/x-protobuf\r\n"
                line.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
                answer = line.recv(65536)
                if not answer.startswith(b"HTTP/1.1 200"):
                    failures.append(repr(answer[:200]))

    threads = [threading.Thread(target=work) for _ in range(UNDER_WAY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(failures[0])


def send_grpc(port: int, waiting: Iterator[bytes]) -> None:
    """One channel with some requests under way."""
    import grpc

    method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        export = channel.unary_unary(method)
        under_way: deque[grpc.Future] = deque()
        for body in waiting:
            if len(under_way) >= UNDER_WAY:
                under_way.popleft().result()
            under_way.append(export.future(body, timeout=60))
        for future in under_way:
            future.result()


SENDERS: dict[str, Callable[[int, Iterator[bytes]], None]] = {"grpc": send_grpc, "http": send_http}


def main(protocol: str, port: int, spans: int) -> None:
    waiting = bodies(spans)
    # Connecting and the first batch are not what is measured.
    SENDERS[protocol](port, iter([next(waiting)]))
    began = time.perf_counter()
    SENDERS[protocol](port, waiting)
    seconds = time.perf_counter() - began
    measured = (-(-spans // BATCH) - 1) * BATCH
    print(json.dumps({"spans": measured + BATCH, "measured": measured, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
