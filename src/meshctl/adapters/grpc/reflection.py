"""gRPC Server Reflection (v1, else v1alpha): the descriptors of a service, in a pool of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest as Request
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionResponse as Response

from meshctl.core.names import no_such
from meshctl.errors import CallError, UsageError

#: Both versions have the same messages on the wire.
_VERSIONS = ("v1", "v1alpha")
_PREFIX = "grpc.reflection."


class NoReflection(CallError):
    """The server does not offer reflection."""


class Reflection:
    """Asks one server. ``remaining`` gives the seconds left; raises ``grpc.RpcError`` and NoReflection."""

    def __init__(self, channel: grpc.Channel, remaining: Callable[[], float]) -> None:
        self.pool = DescriptorPool()
        self._channel = channel
        self._remaining = remaining
        self._versions = list(_VERSIONS)
        self._added: set[str] = set()

    def services(self) -> tuple[str, ...]:
        """Full names of the server's services, without reflection's own."""
        (response,) = self._ask([Request(list_services="")])
        names = (service.name for service in response.list_services_response.service)
        return tuple(sorted(name for name in names if not name.startswith(_PREFIX)))

    def service(self, name: str) -> ServiceDescriptor:
        """The descriptor of ``pkg.Service``. Raises UsageError naming the nearest one there is."""
        (response,) = self._ask([Request(file_containing_symbol=name)])
        if response.HasField("error_response"):
            raise self._unknown_service(name)
        self._learn(response)
        try:
            return self.pool.FindServiceByName(name)
        except KeyError:
            raise self._unknown_service(name) from None

    def method(self, target: str) -> MethodDescriptor:
        """The descriptor of ``pkg.Service/Method``. Raises UsageError naming the methods there are."""
        service_name, _, method_name = target.strip("/").rpartition("/")
        if not service_name:
            service_name, method_name = method_name, ""
        service = self.service(service_name)
        method = service.methods_by_name.get(method_name)
        if method is None:
            raise _unknown_method(service, method_name)
        return method

    def _unknown_service(self, name: str) -> UsageError:
        known = self.services()
        same = _same_short_name(name, known)
        return no_such("gRPC service", name, [same] if same else known)

    def _learn(self, response: Response) -> None:
        """Add the files of an answer and, as far as they were left out, those they import."""
        files: dict[str, FileDescriptorProto] = {}
        self._collect(response, files)
        while missing := self._missing(files):
            for answer in self._ask([Request(file_by_filename=name) for name in missing]):
                if answer.HasField("error_response"):
                    message = answer.error_response.error_message
                    raise CallError(f"reflection lacks {', '.join(missing)}: {message}")
                self._collect(answer, files)
        for name in files:
            self._add(name, files)

    def _collect(self, response: Response, files: dict[str, FileDescriptorProto]) -> None:
        for content in response.file_descriptor_response.file_descriptor_proto:
            file = FileDescriptorProto.FromString(content)
            files[file.name] = file

    def _missing(self, files: dict[str, FileDescriptorProto]) -> list[str]:
        needed = {name for file in files.values() for name in file.dependency}
        return sorted(needed - set(files) - self._added)

    def _add(self, name: str, files: dict[str, FileDescriptorProto]) -> None:
        """Imports first: a pool wants them in that order."""
        if name in self._added:
            return
        self._added.add(name)
        for dependency in files[name].dependency:
            self._add(dependency, files)
        self.pool.Add(files[name])

    def _ask(self, requests: Sequence[Request]) -> list[Response]:
        """The answers in order, in the newest version the server speaks."""
        while True:
            try:
                return self._stream(self._versions[0], requests)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise
            self._versions.pop(0)
            if not self._versions:
                raise NoReflection("the server does not offer reflection")

    def _stream(self, version: str, requests: Sequence[Request]) -> list[Response]:
        ask = self._channel.stream_stream(
            f"/{_PREFIX}{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=Request.SerializeToString,
            response_deserializer=Response.FromString,
        )
        answers = list(ask(iter(requests), timeout=self._remaining()))
        if len(answers) != len(requests):
            raise CallError("reflection ended without an answer")
        return answers


def _same_short_name(name: str, known: Sequence[str]) -> str:
    """``UserService`` is meant to be ``users.v1.UserService``."""
    short = name.rpartition(".")[2].lower()
    return next((full for full in known if full.rpartition(".")[2].lower() == short), "")


def _unknown_method(service: ServiceDescriptor, name: str) -> UsageError:
    known = sorted(service.methods_by_name)
    if name:
        return no_such("method", name, known, where=f"of {service.full_name}")
    return UsageError(f"{service.full_name} needs a method", hint=f"Methods: {', '.join(known) or 'none'}.")
