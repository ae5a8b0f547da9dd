"""How a process ended, in words: the same in reasons, events and errors."""

from __future__ import annotations

#: Exit code of a process that heard no signal but the last.
KILLED = 137
_SIGNALS = {130: "interrupted", 134: "aborted", KILLED: "killed", 139: "segmentation fault", 143: "terminated"}


def exit_words(code: int | None, out_of_memory: bool = False) -> str:
    """``exited 137, out of memory``; ``exited 3``; '' when nothing is known."""
    if code is None:
        return "out of memory" if out_of_memory else ""
    why = "out of memory" if out_of_memory else _SIGNALS.get(code, "")
    return f"exited {code}, {why}" if why else f"exited {code}"


def killed_after(exit_code: int | None, seconds: float) -> str:
    """``killed after 2 s`` for an end that was asked for and had to be forced; '' for any other."""
    return f"killed after {round(seconds, 1):g} s" if exit_code == KILLED else ""
