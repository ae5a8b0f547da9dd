"""What an instance's checks come to, by Consul's own rule, and since when; what has changed among keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from meshctl.model.registry import Check, CheckStatus, KeyChanges, KeyEntry, Registration, RegistryCheckKind

_WORST_FIRST = (CheckStatus.MAINTENANCE, CheckStatus.CRITICAL, CheckStatus.WARNING, CheckStatus.PASSING)


def fold_checks(checks: Sequence[Check]) -> CheckStatus:
    """Maintenance before critical before warning before passing; an instance without a check passes."""
    return min(map(_counts_as, checks), key=_WORST_FIRST.index, default=CheckStatus.PASSING)


def complaint(checks: Sequence[Check]) -> str:
    """What the check that decides says, '' while all pass."""
    worst = worst_check(checks)
    return "" if worst is None or worst.status is CheckStatus.PASSING else worst.output


def first_seen(before: Iterable[Registration], after: Iterable[Registration], now: float) -> tuple[Registration, ...]:
    """``after`` with ``since`` in every check: as ``before`` has it while the status is the same, else ``now``."""
    known = {(entry.id, check.id, check.status): check.since for entry in before for check in entry.checks}
    return tuple(
        replace(
            entry,
            checks=tuple(replace(c, since=known.get((entry.id, c.id, c.status)) or now) for c in entry.checks),
        )
        for entry in after
    )


def key_changes(before: Mapping[str, KeyEntry], after: Mapping[str, KeyEntry]) -> KeyChanges:
    """What ``after`` has that ``before`` had not, or with another value or index, and what is gone."""
    changed = {key: entry for key, entry in after.items() if before.get(key) != entry}
    return KeyChanges(after, changed, frozenset(before.keys() - after.keys()))


def worst_check(checks: Sequence[Check]) -> Check | None:
    """The check that decides; None without any."""
    return min(checks, key=lambda check: _WORST_FIRST.index(_counts_as(check)), default=None)


def _counts_as(check: Check) -> CheckStatus:
    """A maintenance check is there only while maintenance lasts, and is critical by itself."""
    return CheckStatus.MAINTENANCE if check.kind is RegistryCheckKind.MAINTENANCE else check.status
