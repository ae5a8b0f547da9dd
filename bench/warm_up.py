"""A warm start of the whole stack against its own critical path."""

from __future__ import annotations

import json
import subprocess
from statistics import median

from bench.commands import MESHCTL
from bench.timing import Figure


def figures(runs: int = 3) -> list[Figure]:
    """``down`` then ``up`` with images and volumes here: elapsed against the longest chain of operations."""
    elapsed, chains, words = [], [], ""
    for _ in range(runs):
        subprocess.run([MESHCTL, "down"], capture_output=True, check=True)
        report = json.loads(subprocess.run([MESHCTL, "up", "--json"], capture_output=True, check=True).stdout)
        elapsed.append(report["elapsed_ms"] / 1000)
        chains.append(sum(step["seconds"] for step in report["critical_path"]))
        words = " → ".join(f"{step['target']} {step['seconds']:.1f}" for step in report["critical_path"])
    whole, chain = median(elapsed), median(chains)
    return [
        Figure("warm `up` of the whole stack", f"{whole:.1f} s"),
        Figure(
            "warm `up` against its critical path",
            f"{whole / chain:.2f} × ({chain:.1f} s: {words})",
            "≤ 1.2 ×",
            whole <= 1.2 * chain,
        ),
    ]
