"""How a process ended, in words: the same in reasons, events and errors."""

from __future__ import annotations

_SIGNALS = {130: "interrupted", 134: "aborted", 137: "killed", 139: "segmentation fault", 143: "terminated"}


def exit_words(code: int | None, out_of_memory: bool = False) -> str:
    """``exited 137, out of memory``; ``exited 3``; '' when nothing is known."""
    if code is None:
        return "out of memory" if out_of_memory else ""
    why = "out of memory" if out_of_memory else _SIGNALS.get(code, "")
    return f"exited {code}, {why}" if why else f"exited {code}"
