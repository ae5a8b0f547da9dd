"""A gRPC server made of a descriptor alone: ``shop.v1.Greeter`` answers, fails, waits and streams."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, timestamp_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection, reflection_pb2

SERVICE = "shop.v1.Greeter"

_Field = descriptor_pb2.FieldDescriptorProto


def greeter_file() -> descriptor_pb2.FileDescriptorProto:
    """Greet, Deny, Sleep are unary; Chat streams. The answer carries a timestamp of another file."""
    file = descriptor_pb2.FileDescriptorProto(name="shop/v1/greeter.proto", package="shop.v1", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    request = file.message_type.add(name="GreetRequest")
    request.field.add(name="user_name", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    request.field.add(name="tags", number=2, type=_Field.TYPE_STRING, label=_Field.LABEL_REPEATED)
    reply = file.message_type.add(name="GreetReply")
    reply.field.add(name="text", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    reply.field.add(name="times_seen", number=2, type=_Field.TYPE_INT32, label=_Field.LABEL_OPTIONAL)
    reply.field.add(name="tags", number=3, type=_Field.TYPE_STRING, label=_Field.LABEL_REPEATED)
    reply.field.add(
        name="at",
        number=4,
        type=_Field.TYPE_MESSAGE,
        type_name=".google.protobuf.Timestamp",
        label=_Field.LABEL_OPTIONAL,
    )
    service = file.service.add(name="Greeter")
    for name in ("Greet", "Deny", "Sleep", "Garble"):
        service.method.add(name=name, input_type=".shop.v1.GreetRequest", output_type=".shop.v1.GreetReply")
    service.method.add(
        name="Chat",
        input_type=".shop.v1.GreetRequest",
        output_type=".shop.v1.GreetReply",
        client_streaming=True,
        server_streaming=True,
    )
    return file


class Greeter:
    """The servicer; ``metadata`` is what the last request carried, ``asleep`` is set while Sleep waits."""

    def __init__(self) -> None:
        self.pool = DescriptorPool()
        self.pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
        self.pool.AddSerializedFile(greeter_file().SerializeToString())
        self.metadata: dict[str, Any] = {}
        self.asleep = threading.Event()
        self.woken = threading.Event()
        self._request = GetMessageClass(self.pool.FindMessageTypeByName("shop.v1.GreetRequest"))
        self._reply = GetMessageClass(self.pool.FindMessageTypeByName("shop.v1.GreetReply"))

    def handlers(self) -> grpc.GenericRpcHandler[Any, Any]:
        unary = {"Greet": self._greet, "Deny": self._deny, "Sleep": self._sleep, "Garble": self._garble}
        return grpc.method_handlers_generic_handler(
            SERVICE, {name: grpc.unary_unary_rpc_method_handler(answer) for name, answer in unary.items()}
        )

    def _greet(self, wire: bytes, context: grpc.ServicerContext) -> bytes:
        self.metadata = dict(context.invocation_metadata())
        request: Any = self._request.FromString(wire)
        context.send_initial_metadata((("x-served-by", "greeter"),))
        context.set_trailing_metadata((("x-raw-bin", b"\x00\xff"),))
        reply: Any = self._reply(text=f"hello {request.user_name}")
        reply.at.FromSeconds(0)
        return bytes(reply.SerializeToString())

    def _deny(self, wire: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.NOT_FOUND, "nobody of that name")
        raise AssertionError

    def _sleep(self, wire: bytes, context: grpc.ServicerContext) -> bytes:
        context.add_callback(self.woken.set)
        self.asleep.set()
        self.woken.wait()
        return b""

    def _garble(self, wire: bytes, context: grpc.ServicerContext) -> bytes:
        return b"\xff\xff\xff"


class PartialReflection(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Reflection v1 as some servers do it: each file alone, what it imports only when asked for."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        if details.method != "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":
            return None
        return grpc.stream_stream_rpc_method_handler(
            self._answer,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )

    def _answer(self, requests: Iterable[Any], _: grpc.ServicerContext) -> Iterator[Any]:
        for request in requests:
            find: Callable[[str], Any] = self._pool.FindFileContainingSymbol
            if request.file_by_filename:
                find = self._pool.FindFileByName
            file = find(request.file_by_filename or request.file_containing_symbol)
            response = reflection_pb2.ServerReflectionResponse()
            response.file_descriptor_response.file_descriptor_proto.append(file.serialized_pb)
            yield response


@contextlib.contextmanager
def serving(*handlers: grpc.GenericRpcHandler[Any, Any], reflect: DescriptorPool | None = None) -> Iterator[str]:
    """``host:port`` of a server with these handlers and, given a pool, Python's own reflection."""
    with ThreadPoolExecutor(8) as workers:
        server = grpc.server(workers)
        server.add_generic_rpc_handlers(handlers)
        if reflect is not None:
            reflection.enable_server_reflection([SERVICE, reflection.SERVICE_NAME], server, pool=reflect)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()
