"""What is read from a file or from standard input, never more than fits."""

from __future__ import annotations

import sys
from pathlib import Path

from meshctl.errors import UsageError

STDIN = "-"
_MIB = 1024 * 1024


def content_of(name: str, most: int, *, said: str = "", hint: str = "") -> bytes:
    """All of the file ``name``, of standard input for ``-``. Raises UsageError beyond ``most`` bytes.

    ``said`` is what the user wrote for it, if that is more than the name.
    """
    try:
        if name == STDIN:
            content = sys.stdin.buffer.read(most + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{said or name}: {error.strerror}", hint=hint) from None
    return within(content, most, "standard input" if name == STDIN else said or name)


def within(content: bytes, most: int, said: str) -> bytes:
    """The content. Raises UsageError beyond ``most`` bytes."""
    if len(content) > most:
        raise UsageError(f"{said} is larger than {most // _MIB} MiB")
    return content
