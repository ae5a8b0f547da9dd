"""Words that stand for values: durations, sizes, numbers."""

from __future__ import annotations

import argparse
import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_SIZES = {"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30}


def seconds(text: str) -> float:
    """``500ms``, ``2s``, ``1m30s``, or a plain number of seconds."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration such as 500ms, 2s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def replicas(text: str) -> tuple[str, int]:
    """``users=3``."""
    name, equals, count = text.partition("=")
    if not (name and equals and count.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is not SERVICE=NUMBER, such as users=3")
    return name, int(count)


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return int(text)


def size(text: str) -> int:
    """``256MB`` in bytes; units are powers of 1024, their case does not matter."""
    found = re.fullmatch(r"(\d+)\s*([kmg]?b?)", text.strip().lower())
    if found is None or not int(found[1]):
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 64MB or 1GB")
    return int(found[1]) * _SIZES[found[2]]


def port(text: str) -> int:
    """A port number; 0 is any free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port from 0 to 65535")
    return int(text)
