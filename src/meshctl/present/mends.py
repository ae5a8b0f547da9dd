"""What mends a finding, in words: a command where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from meshctl.model.findings import Finding, Mend, MendKind
from meshctl.model.registry import NODE_MAINTENANCE


def mend_text(finding: Finding) -> str:
    """The command or the step that mends it, '' if nothing is known."""
    return _MENDS[finding.mend.kind](finding, finding.mend) if finding.mend is not None else ""


def reached_by(findings: Sequence[Finding], where: str) -> tuple[Finding, ...]:
    """The same, with the options that lead to the project in every command."""
    return tuple(replace(f, mend=replace(f.mend, where=where)) if f.mend is not None else f for f in findings)


def _end_maintenance(finding: Finding, mend: Mend) -> str:
    check = finding.reason.check if finding.reason is not None else None
    registry = finding.reason.source if finding.reason is not None and finding.reason.source else "consul"
    one = "" if check is not None and check.id == NODE_MAINTENANCE else f" -service={mend.instance or mend.service}"
    return _meshctl(mend, f"exec {registry} -- consul maint -disable{one}")


def _make_room(finding: Finding, mend: Mend) -> str:
    room = next((fact.room for fact in finding.evidence if fact.room is not None), None)
    where = f"where {mend.service} writes" if room is None else f"at {room.target} of {mend.service}"
    return f"make room {where}; if that is on the engine's own disk: docker system prune"


def _command(finding: Finding, mend: Mend) -> str:
    return _meshctl(mend, f"{mend.kind} {mend.service}".rstrip())


def _meshctl(mend: Mend, words: str) -> str:
    command, inner, rest = words.partition(" -- ")
    return " ".join(filter(None, ("meshctl", command, mend.where))) + inner + rest


_MENDS: dict[MendKind, Callable[[Finding, Mend], str]] = {
    MendKind.START: _command,
    MendKind.UNPAUSE: _command,
    MendKind.RESTART: _command,
    MendKind.UP: _command,
    MendKind.LOGS: _command,
    MendKind.END_MAINTENANCE: _end_maintenance,
    MendKind.MORE_MEMORY: lambda finding, mend: (
        f"give {mend.service} a higher mem_limit, then {_meshctl(mend, f'up {mend.service}')}"
    ),
    MendKind.FREE_ROOM: _make_room,
    MendKind.OTHER_PORT: lambda finding, mend: (
        f"free the port, or give {mend.service} another `published:` one, then {_meshctl(mend, f'up {mend.service}')}"
    ),
    MendKind.LISTEN_EVERYWHERE: lambda finding, mend: f"have {mend.service} listen on all addresses: --host 0.0.0.0",
    MendKind.CHECKED_PORT: lambda finding, mend: f"have `healthcheck:` ask {mend.service} at the port it listens on",
    MendKind.TOLD: lambda finding, mend: mend.text,
}
