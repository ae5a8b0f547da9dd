"""Why something is not simply healthy, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from meshctl.core.exits import exit_words
from meshctl.model.registry import NODE_MAINTENANCE, Check, RegistryCheckKind
from meshctl.model.status import FindingKind, Reason, ReasonKind
from meshctl.present.units import age


def reason_text(reason: Reason, now: float | None = None) -> str:
    """One clause, the instance first where a service has several; ``now`` adds how long it has been so."""
    text = _TEXTS[reason.kind](reason, now)
    return f"{reason.instance}: {text}" if reason.instance else text


def reasons_text(reasons: Sequence[Reason], now: float | None = None) -> str:
    """All of them in one line; where others are the cause, these alone: the rest is what comes of it."""
    caused = any(reason.kind is ReasonKind.CAUSED for reason in reasons)
    told = [reason for reason in reasons if reason.cause is not None] if caused else reasons
    return "; ".join(dict.fromkeys(reason_text(reason, now) for reason in told))


def _crash_loop(reason: Reason, now: float | None) -> str:
    return f"crash loop: {reason.count} restarts"


def _exited(reason: Reason, now: float | None) -> str:
    return reason.detail or exit_words(reason.exit_code, reason.oom) or "exited"


def _restarting(reason: Reason, now: float | None) -> str:
    words = exit_words(reason.exit_code, reason.oom)
    times = f", {reason.count} times" if reason.count > 1 else ""
    return f"{words} · restarting{times}" if words else f"restarting{times}"


def _waits(reason: Reason, now: float | None) -> str:
    how = finding_words(reason.cause or FindingKind.STARTING)
    return f"waits for {reason.source}, which {how}{_since(reason.since, now)}"


def _since(since: float | None, now: float | None) -> str:
    return "" if since is None or now is None else f" since {age(max(0.0, now - since))}"


def _probe_fails(reason: Reason, now: float | None) -> str:
    lone = "once" if reason.count == 1 else f"{reason.count} times"
    failed = _with_detail(f"own probe failed {lone}" if reason.count else "own probe fails", reason.detail)
    return f"{reason.source} passes, {failed}" if reason.alone else failed


def _check_fails(reason: Reason, now: float | None) -> str:
    assert reason.check is not None
    failed = _with_detail(_check(reason.check, reason.source, now), reason.check.output)
    return f"probe passes, {failed}" if reason.alone else failed


def _check(check: Check, registry: str, now: float | None) -> str:
    since = _since(check.since, now)
    match check.kind:
        case RegistryCheckKind.MAINTENANCE:
            who = "its node is in" if check.id == NODE_MAINTENANCE else "in"
            return f"{who} maintenance in {registry}{since}"
        case RegistryCheckKind.NODE:
            return f"{registry} {check.status} by a check of the node ({check.name or check.id}){since}"
        case RegistryCheckKind.TTL:
            return f"{registry} {check.status} by its TTL check{since}"
        case RegistryCheckKind.SERVICE:
            return f"{registry} {check.status}{since}"


def _caused(reason: Reason, now: float | None) -> str:
    """``redis is stopped``."""
    return f"{reason.source} {finding_words(reason.cause)}" if reason.cause is not None else reason.source


def finding_words(kind: FindingKind) -> str:
    """How a service is that has such a finding."""
    return _FINDINGS[kind]


def _with_detail(words: str, detail: str) -> str:
    return f"{words}: {detail}" if detail else words


_FINDINGS = {
    FindingKind.NOT_CREATED: "does not exist",
    FindingKind.STOPPED: "is stopped",
    FindingKind.PAUSED: "is paused",
    FindingKind.EXITED: "has ended",
    FindingKind.OUT_OF_MEMORY: "ran out of memory",
    FindingKind.CRASH_LOOP: "is in a crash loop",
    FindingKind.COULD_NOT_START: "could not start",
    FindingKind.CUT_OFF: "is on no network",
    FindingKind.DISK_FULL: "has no disk space left",
    FindingKind.MAINTENANCE: "is in maintenance",
    FindingKind.STARTING: "is starting",
    FindingKind.FAILED: "failed to start",
    FindingKind.UNHEALTHY: "is unhealthy",
    FindingKind.DEGRADED: "is degraded",
    FindingKind.NOT_REGISTERED: "is not registered",
    FindingKind.REGISTRY_SILENT: "cannot be asked",
    FindingKind.SILENT: "does not answer",
    FindingKind.REGISTRY_EMPTY: "lists none of the services",
    FindingKind.TOO_FEW: "has too few instances",
}

_TEXTS: dict[ReasonKind, Callable[[Reason, float | None], str]] = {
    ReasonKind.CRASH_LOOP: _crash_loop,
    ReasonKind.EXITED: _exited,
    ReasonKind.RESTARTING: _restarting,
    ReasonKind.COULD_NOT_START: lambda reason, now: _with_detail("could not start", reason.detail),
    ReasonKind.DEAD: lambda reason, now: _with_detail("dead", reason.detail),
    ReasonKind.REMOVING: lambda reason, now: "being removed",
    ReasonKind.NOT_STARTED: lambda reason, now: "created, not started",
    ReasonKind.WAITS: _waits,
    ReasonKind.NOT_PROBED: lambda reason, now: reason.detail or "not probed yet",
    ReasonKind.PROBE_FAILS: _probe_fails,
    ReasonKind.CHECK_FAILS: _check_fails,
    ReasonKind.NOT_REGISTERED: lambda reason, now: f"not registered in {reason.source}",
    ReasonKind.REGISTRY_SILENT: lambda reason, now: f"{reason.source} cannot be asked: {reason.detail}",
    ReasonKind.TOO_FEW: lambda reason, now: f"{reason.count} of {reason.of} instances exist",
    ReasonKind.WATCH_BROKE: lambda reason, now: f"watching {reason.source} failed, trying again: {reason.detail}",
    ReasonKind.CAUSED: _caused,
    ReasonKind.CUT_OFF: lambda reason, now: "its container is connected to no network",
    ReasonKind.STARVED: lambda reason, now: "a process in it was killed: out of memory",
    ReasonKind.TOLD: lambda reason, now: reason.detail,
}
