"""Messages with a distinct value in every field that their descriptors know."""

from __future__ import annotations

from itertools import count
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

_F = FieldDescriptor


class Filler:
    """``depth`` bounds how often a message may stand within one of its own kind."""

    def __init__(self, depth: int = 2) -> None:
        self._numbers = count(1)
        self._depth = depth

    def fill(self, message: Descriptor, within: tuple[str, ...] = ()) -> list[Message]:
        """One message with every field, and more while a oneof, or one of a message in it, has further choices."""
        within = (*within, message.full_name)
        parts = {field.name: self._variants(field, within) for field in message.fields}
        choices = [len(oneof.fields) for oneof in message.oneofs]
        choices += [len(parts[field.name]) for field in message.fields if not _is_list(field)]
        return [self._filled(message, parts, turn) for turn in range(max(choices, default=1))]

    def _filled(self, message: Descriptor, parts: dict[str, list[Any]], turn: int) -> Message:
        filled = GetMessageClass(message)()
        for field in message.fields:
            oneof, values = field.containing_oneof, parts[field.name]
            if not values or (oneof and list(oneof.fields).index(field) != turn % len(oneof.fields)):
                continue
            if _is_list(field):
                getattr(filled, field.name).extend(values)
            elif field.message_type is not None:
                getattr(filled, field.name).CopyFrom(values[turn % len(values)])
            else:
                setattr(filled, field.name, values[0])
        return filled

    def _variants(self, field: FieldDescriptor, within: tuple[str, ...]) -> list[Any]:
        if field.message_type is None:
            return [self._value(field), self._value(field)] if _is_list(field) else [self._value(field)]
        if within.count(field.message_type.full_name) >= self._depth:
            return []
        return self.fill(field.message_type, within)

    def _value(self, field: FieldDescriptor) -> Any:
        number = next(self._numbers)
        if field.type == _F.TYPE_STRING:
            return f"text {number} ü"
        if field.type == _F.TYPE_BYTES:
            return number.to_bytes(16 if field.name == "trace_id" else 8, "big")
        if field.type == _F.TYPE_BOOL:
            return True
        if field.enum_type is not None:
            return field.enum_type.values[number % (len(field.enum_type.values) - 1) + 1].number
        if field.type in (_F.TYPE_DOUBLE, _F.TYPE_FLOAT):
            return number + 0.5
        # Larger than what a JSON number keeps exactly, where the field is.
        return number + (2**60 if field.type in (_F.TYPE_INT64, _F.TYPE_FIXED64, _F.TYPE_UINT64) else 0)


def _is_list(field: FieldDescriptor) -> bool:
    return bool(field.default_value == [])
