"""What speaks for a finding: who says it, and what."""

from __future__ import annotations

from dataclasses import replace

from meshctl.core.plan.verbs import ASKED_FOR
from meshctl.model.containers import Room
from meshctl.model.findings import Evidence, EvidenceKind
from meshctl.model.journal import Deed, JournalEntry
from meshctl.model.traces import ServiceEdge
from meshctl.present.events import event_text
from meshctl.present.log_rows import log_text
from meshctl.present.reasons import reason_text
from meshctl.present.units import ago, percent, size

_TELLERS = {
    EvidenceKind.RUNTIME: "engine",
    EvidenceKind.PROBE: "probe",
    EvidenceKind.REGISTRY: "registry",
    EvidenceKind.LOG: "log",
    EvidenceKind.JOURNAL: "meshctl",
    EvidenceKind.TRACES: "traces",
    EvidenceKind.VOLUME: "volume",
}
_DEEDS = {
    Deed.CREATED: "created",
    Deed.STARTED: "started",
    Deed.STOPPED: "stopped",
    Deed.PAUSED: "paused",
    Deed.UNPAUSED: "let go on",
    Deed.REMOVED: "removed",
    Deed.READY: "was ready",
    Deed.FAILED: "given up on",
}
#: With room for more files than these it is not the files that are too many.
_FEW_FILES = 1000


def teller(kind: EvidenceKind) -> str:
    """Who says so, in one word."""
    return _TELLERS[kind]


def evidence_text(evidence: Evidence, now: float | None = None) -> str:
    """``redis-1: exited 0, 2 min ago``; without ``now`` it has no age."""
    who = f"{evidence.instance}: " if evidence.instance else ""
    return f"{who}{_fact(evidence, now)}{_when(evidence, now)}"


def _when(evidence: Evidence, now: float | None) -> str:
    """A check tells since when by itself, and room is as it is now."""
    told = evidence.room is not None or (evidence.reason is not None and evidence.reason.check is not None)
    return "" if told or evidence.time is None or now is None else f", {ago(max(0.0, now - evidence.time))}"


def _fact(evidence: Evidence, now: float | None) -> str:
    if evidence.reason is not None:
        return reason_text(replace(evidence.reason, instance=""), now)
    if evidence.event is not None:
        return event_text(evidence.event)
    if evidence.entry is not None:
        return _deed(evidence.entry)
    if evidence.edge is not None:
        return _calls(evidence.edge)
    return _room(evidence.room) if evidence.room is not None else log_text(evidence.text)


def _deed(entry: JournalEntry) -> str:
    """``stopped with meshctl stop redis by ada: image changed``."""
    how = f" with meshctl {entry.command}" if entry.command else ""
    who = f" by {entry.user}" if entry.user else ""
    cause = f": {entry.cause}" if entry.cause and entry.cause not in (ASKED_FOR, *entry.command.split()) else ""
    return f"{_DEEDS[entry.deed]}{how}{who}{cause}"


def _calls(edge: ServiceEdge) -> str:
    many = "message" if edge.kind == "message" else "call"
    failed = f", {percent(edge.error_ratio)} failed" if edge.errors else ""
    return f"{edge.caller} → {edge.target}: {edge.calls:,} {many}{'' if edge.calls == 1 else 's'}{failed}"


def _room(room: Room) -> str:
    where = f"{room.source} at {room.target}" if room.source else room.target
    files = f", room for {room.files:,} more files" if room.files is not None and room.files < _FEW_FILES else ""
    return f"{size(room.free)} of {size(room.total)} free on {where}{files}"
