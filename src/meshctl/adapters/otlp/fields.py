"""The fields of OTLP's messages as tables, made from their descriptors once, so that none can be forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from functools import cache
from typing import NamedTuple

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

#: Bytes that OTLP JSON writes in hex instead of base64.
HEX_FIELDS = frozenset({"trace_id", "span_id", "parent_span_id"})


class Form(Enum):
    """How a value is written in OTLP JSON."""

    TEXT = auto()
    TRUTH = auto()
    NUMBER = auto()  # 32 bits
    LONG = auto()  # 64 bits, a string
    FLOAT = auto()
    ENUM = auto()  # its number
    HEX = auto()
    BASE64 = auto()
    MESSAGE = auto()


class Field(NamedTuple):
    """One field. ``message`` and ``enum`` are set for these two forms only."""

    name: str
    json_name: str
    form: Form
    repeated: bool
    message: Descriptor | None = None
    enum: EnumDescriptor | None = None


_F = FieldDescriptor
_FORMS: Mapping[int, Form] = {
    _F.TYPE_STRING: Form.TEXT,
    _F.TYPE_BOOL: Form.TRUTH,
    _F.TYPE_ENUM: Form.ENUM,
    _F.TYPE_MESSAGE: Form.MESSAGE,
    **dict.fromkeys((_F.TYPE_FLOAT, _F.TYPE_DOUBLE), Form.FLOAT),
    **dict.fromkeys((_F.TYPE_INT32, _F.TYPE_UINT32, _F.TYPE_FIXED32, _F.TYPE_SFIXED32, _F.TYPE_SINT32), Form.NUMBER),
    **dict.fromkeys((_F.TYPE_INT64, _F.TYPE_UINT64, _F.TYPE_FIXED64, _F.TYPE_SFIXED64, _F.TYPE_SINT64), Form.LONG),
}


@cache
def fields_by_name(message: Descriptor) -> Mapping[str, Field]:
    """Every field of a message under its own name."""
    return {field.name: _field(field) for field in message.fields}


@cache
def fields_by_key(message: Descriptor) -> Mapping[str, Field]:
    """The same under each key that JSON may use: ``spanId`` and ``span_id``."""
    fields = fields_by_name(message).values()
    return {key: field for field in fields for key in (field.name, field.json_name)}


def _field(field: FieldDescriptor) -> Field:
    if field.type == _F.TYPE_BYTES:
        form = Form.HEX if field.name in HEX_FIELDS else Form.BASE64
    else:
        form = _FORMS[field.type]
    return Field(field.name, field.json_name, form, field.default_value == [], field.message_type, field.enum_type)
