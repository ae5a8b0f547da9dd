"""OTLP JSON <-> OTLP protobuf, field by field from the descriptors (OTLP 1.x, "JSON Protobuf Encoding")."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import EncodeError, Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from meshctl.adapters.otlp.decode import BadPayload, parsed
from meshctl.adapters.otlp.encode import float_data
from meshctl.adapters.otlp.fields import Field, Form, fields_by_key, fields_by_name

#: Messages within messages; protobuf's own parsers give up at 100.
_DEPTH = 90


class BadJson(BadPayload):
    """A document is no OTLP JSON; the sentence names the field where one is known."""


def request_of_json(body: bytes) -> bytes:
    """One OTLP JSON document as ``ExportTraceServiceRequest`` bytes. Raises BadJson.

    Keys in lowerCamelCase or snake_case, enums as numbers or names, 64-bit integers as strings or numbers; what has
    no field is passed over, null is absent.
    """
    try:
        document = json.loads(body)
    except RecursionError:
        raise BadJson("the JSON is nested too deeply") from None
    except ValueError as error:
        raise BadJson(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadJson("not a JSON object with resourceSpans")
    arguments = _message_arguments(document, ExportTraceServiceRequest.DESCRIPTOR, _DEPTH)
    try:
        return ExportTraceServiceRequest(**arguments).SerializeToString()
    except (ValueError, TypeError, EncodeError) as error:
        raise BadJson(f"a value does not fit its field: {error}") from None


def json_of_data(data: bytes) -> bytes:
    """``TracesData`` as one OTLP JSON document, every field that was sent and is known. Raises BadPayload."""
    document = _message_data(parsed(data)) or {"resourceSpans": []}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _message_arguments(data: Any, message: Descriptor, depth: int) -> dict[str, Any]:
    """What the message's constructor takes."""
    if not isinstance(data, dict):
        raise BadJson(f"a JSON object is wanted for {message.name}, not {_kind(data)}")
    if not depth:
        raise BadJson("the JSON is nested too deeply")
    fields = fields_by_key(message)
    arguments: dict[str, Any] = {}
    for key, value in data.items():
        field = fields.get(key)
        if field is not None and value is not None:
            arguments[field.name] = (
                _list_argument(field, value, depth) if field.repeated else _argument(field, value, depth)
            )
    return arguments


def _list_argument(field: Field, value: Any, depth: int) -> list[Any]:
    if not isinstance(value, list):
        raise BadJson(f"{field.json_name} must be a list, not {_kind(value)}")
    return [_argument(field, item, depth) for item in value]


def _argument(field: Field, value: Any, depth: int) -> Any:
    if field.message is not None:
        return _message_arguments(value, field.message, depth - 1)
    try:
        return _READ[field.form](field, value)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        raise BadJson(f"{field.json_name} cannot be {_kind(value)} {str(value)[:40]!r}") from None


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _truth(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        raise TypeError
    if isinstance(value, float) and not value.is_integer():
        raise ValueError
    if isinstance(value, str) and (len(value) > 20 or not value.lstrip("-").isdecimal()):
        raise ValueError
    return int(value)


def _float(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        raise TypeError
    return float(value)


def _enum(field: Field, value: Any) -> int:
    if isinstance(value, str) and field.enum is not None and not value.lstrip("-").isdecimal():
        known = field.enum.values_by_name.get(value)
        if known is None:
            raise ValueError
        return int(known.number)
    return _whole(field, value)


def _hex(field: Field, value: Any) -> bytes:
    return bytes.fromhex(value)


def _base64(field: Field, value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError
    standard = value.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)


_READ: Mapping[Form, Callable[[Field, Any], Any]] = {
    Form.TEXT: _text,
    Form.TRUTH: _truth,
    Form.NUMBER: _whole,
    Form.LONG: _whole,
    Form.FLOAT: _float,
    Form.ENUM: _enum,
    Form.HEX: _hex,
    Form.BASE64: _base64,
}


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _message_data(message: Message) -> dict[str, Any]:
    writers = _writers(message.DESCRIPTOR)
    data = {}
    for field, value in message.ListFields():
        json_name, write = writers[field.name]
        data[json_name] = write(value)
    return data


@cache
def _writers(message: Descriptor) -> Mapping[str, tuple[str, Callable[[Any], Any]]]:
    return {name: (field.json_name, _writer(field)) for name, field in fields_by_name(message).items()}


def _writer(field: Field) -> Callable[[Any], Any]:
    write = _WRITE[field.form]
    return (lambda values: [write(value) for value in values]) if field.repeated else write


def _as_is(value: Any) -> Any:
    return value


_WRITE: Mapping[Form, Callable[[Any], Any]] = {
    Form.TEXT: _as_is,
    Form.TRUTH: _as_is,
    Form.NUMBER: int,
    Form.LONG: str,
    Form.FLOAT: float_data,
    Form.ENUM: int,
    Form.HEX: bytes.hex,
    Form.BASE64: lambda value: base64.b64encode(value).decode(),
    Form.MESSAGE: _message_data,
}
