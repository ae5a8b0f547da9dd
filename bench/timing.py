"""Whole-process wall times: medians over alternating runs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. ``limit`` '' means recorded, not judged."""

    name: str
    measured: str
    limit: str = ""
    met: bool | None = None


def once(argv: Sequence[str]) -> float:
    """Wall time in seconds of one whole process, which must exit 0."""
    started = time.perf_counter()
    done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL)
    elapsed = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)}: exit {done.returncode}\n{done.stderr.decode()}")
    return elapsed


def alternate(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, float]:
    """Median seconds a command, run in turns so that the machine's mood hits all alike; one warm-up each."""
    for argv in commands.values():
        once(argv)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, argv in commands.items():
            times[name].append(once(argv))
    return {name: median(values) for name, values in times.items()}


def judged(name: str, seconds: float, limit_s: float) -> Figure:
    """A figure with an upper limit in seconds."""
    return Figure(name, f"{seconds * 1000:.0f} ms", f"< {limit_s * 1000:.0f} ms", seconds < limit_s)


def ratio(name: str, ours: float, peer: float, limit: float) -> Figure:
    """A figure against a peer of the same run."""
    value = ours / peer
    return Figure(
        name,
        f"{ours * 1000:.0f} ms, {value:.2f} × the peer's {peer * 1000:.0f} ms",
        f"≤ {limit} ×",
        value <= limit,
    )
