"""What checks come to, and since when."""

from __future__ import annotations

import pytest

from meshctl.core.registry import complaint, first_seen, fold_checks
from meshctl.model.registry import Check, CheckStatus, RegistryCheckKind
from tests.builders import registration

PASSING = Check(RegistryCheckKind.NODE, "serfHealth", "Serf", CheckStatus.PASSING, "alive")
WARNING = Check(RegistryCheckKind.SERVICE, "disk", "disk", CheckStatus.WARNING, "slow")
CRITICAL = Check(RegistryCheckKind.TTL, "alive", "alive", CheckStatus.CRITICAL, "refused")
MAINTENANCE = Check(RegistryCheckKind.MAINTENANCE, "_node_maintenance", "", CheckStatus.CRITICAL, "moving")


@pytest.mark.parametrize(
    ("checks", "status", "words"),
    [
        ((), CheckStatus.PASSING, ""),
        ((PASSING,), CheckStatus.PASSING, ""),
        ((PASSING, WARNING), CheckStatus.WARNING, "slow"),
        ((WARNING, CRITICAL, PASSING), CheckStatus.CRITICAL, "refused"),
        ((CRITICAL, PASSING, MAINTENANCE), CheckStatus.MAINTENANCE, "moving"),
    ],
)
def test_the_worst_check_counts(checks: tuple[Check, ...], status: CheckStatus, words: str) -> None:
    assert (fold_checks(checks), complaint(checks)) == (status, words)


def test_a_status_has_lasted_since_it_was_first_seen() -> None:
    first = first_seen((), [registration("orders-1"), registration("users-1")], 1.0)
    later = first_seen(first, [registration("orders-1", CheckStatus.CRITICAL, "gone"), registration("users-1")], 2.0)
    other = first_seen(later, [registration("orders-1", CheckStatus.CRITICAL, "refused")], 3.0)
    assert [check.since for entry in (*later, *other) for check in entry.checks] == [2.0, 1.0, 2.0]
