"""The framing of protobuf by hand: where the entries of a repeated message lie in the bytes that were sent."""

from __future__ import annotations

from typing import NamedTuple


class OddFraming(Exception):
    """Legal perhaps, but not as senders write it (groups, cut off): read it by other means."""


class Entries(NamedTuple):
    """``found`` are the entries in order, tag and length included; ``rest`` is every other field, as it was."""

    found: list[bytes]
    rest: bytes


def entries(data: bytes, tag: int, begin: int = 0) -> Entries:
    """The entries of one repeated message field of the message in ``data[begin:]``. Raises OddFraming.

    ``tag`` is the field's tag byte.
    """
    found: list[bytes] = []
    rest: list[bytes] = []
    at, end = begin, len(data)
    try:
        while at < end:
            if data[at] == tag:
                size = data[at + 1]
                if size < 0x80:
                    stop = at + 2 + size
                elif data[at + 2] < 0x80:
                    stop = at + 3 + (size & 0x7F | data[at + 2] << 7)
                else:
                    size, body = varint(data, at + 1)
                    stop = body + size
                found.append(data[at:stop])
            else:
                number, stop = _skipped(data, at)
                (found if number == tag else rest).append(data[at:stop])
            at = stop
    except IndexError:
        raise OddFraming from None
    if at != end:
        raise OddFraming
    return Entries(found, b"".join(rest))


def content(entry: bytes) -> int:
    """Where the content of an entry begins."""
    return varint(entry, varint(entry, 0)[1])[1]


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number and where the next byte after it lies. Raises IndexError, OddFraming."""
    value = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise OddFraming


def framed(tag: int, body: bytes) -> bytes:
    """A message entry with this tag byte."""
    return bytes((tag,)) + encoded(len(body)) + body


def encoded(value: int) -> bytes:
    """A number from 0 as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _skipped(data: bytes, at: int) -> tuple[int, int]:
    """The tag of a field, overlong or not, and where it ends."""
    tag, at = varint(data, at)
    kind = tag & 7
    if kind == 0:
        return tag, varint(data, at)[1]
    if kind == 2:
        size, at = varint(data, at)
        return tag, at + size
    if kind == 1:
        return tag, at + 8
    if kind == 5:
        return tag, at + 4
    raise OddFraming
