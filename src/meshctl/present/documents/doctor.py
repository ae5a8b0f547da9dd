"""``doctor``: what it found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from meshctl.present.documents.reading import Fields


@dataclass(frozen=True, slots=True)
class Finding:
    """``status`` ok, warn, fail or skip; ``mend`` is the command or step that helps, '' if none is needed."""

    check: str
    status: str
    detail: str
    mend: str = ""


def finding_to_data(finding: Finding) -> dict[str, Any]:
    return asdict(finding)


def finding_from_data(data: Any) -> Finding:
    """Raises DocumentError."""
    fields = Fields(data)
    return Finding(*(fields.text(key) for key in ("check", "status", "detail", "mend")))
