"""JSON to protobuf messages and back, by the proto3 JSON mapping with the fields' own names."""

from __future__ import annotations

import re
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from meshctl.core.names import nearest
from meshctl.errors import CallError, UsageError

_TYPE_NAMES = {
    value: name.removeprefix("TYPE_").lower()
    for name, value in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}
_NO_FIELD = re.compile(r'Message type "([^"]+)" has no field named "([^"]+)"')


def encode(body: bytes | None, kind: Descriptor, pool: DescriptorPool) -> bytes:
    """The wire form of a JSON object; no body is an empty message. Raises UsageError naming the field."""
    message = GetMessageClass(kind)()
    if body is None or not body.strip():
        return message.SerializeToString()
    try:
        text = body.decode("utf-8")
        json_format.Parse(text, message, descriptor_pool=pool)
    except UnicodeDecodeError as error:
        raise UsageError("the body is not UTF-8", hint="A gRPC request is given as JSON.") from error
    except (json_format.ParseError, RecursionError) as error:
        raise _refused(error, kind, pool) from error
    if not text.lstrip().startswith("{") and not kind.full_name.startswith("google.protobuf."):
        raise UsageError("the body is not a JSON object", hint=_shape(kind))
    return message.SerializeToString()


def decode(wire: bytes, kind: Descriptor, pool: DescriptorPool) -> Any:
    """The JSON form, zeros and empty lists included. Raises CallError for bytes that are no such message."""
    try:
        message = GetMessageClass(kind).FromString(wire)
        return json_format.MessageToDict(
            message,
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
            descriptor_pool=pool,
        )
    except (DecodeError, json_format.SerializeToJsonError, TypeError, ValueError) as error:
        raise CallError(f"the answer is not a readable {kind.full_name}: {error}") from error


def _refused(error: Exception, kind: Descriptor, pool: DescriptorPool) -> UsageError:
    words = " ".join(str(error).split())
    if words.startswith("Failed to load JSON"):
        reason = words.removeprefix("Failed to load JSON:").strip(" .")
        return UsageError(f"the body is not JSON: {reason}", hint=_shape(kind))
    found = _NO_FIELD.search(words)
    if found:
        type_name, field = found.groups()
        inner = _message_type(type_name, kind, pool)
        close = nearest(field, [*inner.fields_by_name])
        hint = f"Did you mean {close}? " if close else ""
        return UsageError(f"{type_name} has no field '{field}'", hint=hint + _shape(inner))
    return UsageError(f"the body does not fit {kind.full_name}: {words}", hint=_shape(kind))


def _message_type(name: str, default: Descriptor, pool: DescriptorPool) -> Descriptor:
    try:
        return pool.FindMessageTypeByName(name)
    except KeyError:
        return default


def _shape(kind: Descriptor) -> str:
    """``users.v1.GetUserRequest has id (int64).``"""
    fields = ", ".join(f"{field.name} ({_type_name(field)})" for field in kind.fields)
    return f"{kind.full_name} has {fields or 'no fields'}."


def _type_name(field: FieldDescriptor) -> str:
    inner = field.message_type or field.enum_type
    name = inner.full_name if inner is not None else _TYPE_NAMES.get(field.type, "?")
    return f"repeated {name}" if field.is_repeated else name
