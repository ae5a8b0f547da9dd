"""A verdict as a symbol, a word and a tone: the same on every screen and in every table."""

from __future__ import annotations

from meshctl.model.status import Health
from meshctl.present.lines import BAD, BUSY, GOOD, MUTED, WARN

_LOOKS = {
    Health.HEALTHY: ("●", "healthy", GOOD),
    Health.WAITING: ("◌", "waiting", MUTED),
    Health.STARTING: ("◐", "starting", BUSY),
    Health.DEGRADED: ("▲", "degraded", WARN),
    Health.UNHEALTHY: ("✖", "unhealthy", BAD),
    Health.FAILED: ("✖", "failed", BAD),
    Health.STOPPED: ("○", "stopped", MUTED),
    Health.CRASH_LOOP: ("↻", "crash loop", BAD),
    Health.DONE: ("✔", "done", MUTED),
    Health.PAUSED: ("‖", "paused", MUTED),
    Health.UNKNOWN: ("?", "unknown", MUTED),
}


def symbol(health: Health) -> str:
    """One character."""
    return _LOOKS[health][0]


def word(health: Health) -> str:
    """One or two words."""
    return _LOOKS[health][1]


def tone(health: Health) -> str:
    """A tone of ``present.lines``."""
    return _LOOKS[health][2]
