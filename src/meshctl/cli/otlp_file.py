"""Files of OTLP JSON: one document, or one a line as the OpenTelemetry collector's file exporter writes them."""

from __future__ import annotations

import json
from typing import Any

from meshctl.errors import UsageError

#: Bytes of a file that is taken; the collector takes less in one document.
LARGEST = 256 * 1024 * 1024
_HINT = "`meshctl traces export -o FILE` writes such a file"


def documents_of(content: bytes, name: str) -> list[bytes]:
    """The documents as they are, in order. Raises UsageError with the reason when one of them is none."""
    try:
        _check(json.loads(content), name)
        return [content]
    except RecursionError:
        raise UsageError(f"{name} is JSON nested too deeply") from None
    except ValueError as error:
        lines = [line for line in content.splitlines() if line.strip()]
        if len(lines) < 2:
            raise UsageError(f"{name} is not JSON: {error}", hint=_HINT) from None
    try:
        for line in lines:
            _check(json.loads(line), name)
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is neither JSON nor one JSON document a line", hint=_HINT) from None
    return lines


def _check(document: Any, name: str) -> None:
    resources = document.get("resourceSpans") if isinstance(document, dict) else None
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        raise UsageError(f"{name} is no OTLP JSON: it has no list 'resourceSpans'", hint=_HINT)
