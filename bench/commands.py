"""Commands against a stack that is up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.timing import Figure, alternate, judged, ratio

BIN = Path(sys.executable).parent
MESHCTL = str(BIN / "meshctl")
#: `why` may take so many seconds more than `ps`.
WHY_MORE_S = 0.05


def figures(runs: int = 15) -> list[Figure]:
    """Second ``up``, ``ps``, ``why`` and both kinds of ``call``; HTTPie fetches the same route in the same run."""
    ps = json.loads(subprocess.run([MESHCTL, "ps", "--json"], capture_output=True, check=True).stdout)
    ports = {row["service"]: row["instances"][0]["ports"] for row in ps}
    seconds = alternate(
        {
            "up": [MESHCTL, "up"],
            "ps": [MESHCTL, "ps"],
            "why": [MESHCTL, "why"],
            "http": [MESHCTL, "call", "users", "GET", "/users/1"],
            "grpc": [MESHCTL, "call", "users", "users.v1.UserService/GetUser", "-d", '{"id": 1}'],
            "httpie": [str(BIN / "http"), "--ignore-stdin", f"http://{ports['users']['http']}/users/1"],
        },
        runs,
    )
    return [
        judged("second `up`, nothing to do", seconds["up"], 1.5),
        judged("`ps`", seconds["ps"], 0.6),
        _beside("`why` against `ps`", seconds["why"], seconds["ps"]),
        ratio("HTTP `call` against HTTPie", seconds["http"], seconds["httpie"], 0.6),
        ratio("gRPC `call` against HTTPie", seconds["grpc"], seconds["httpie"], 0.6),
    ]


def _beside(name: str, seconds: float, peer: float) -> Figure:
    more = seconds - peer
    return Figure(name, f"{more * 1000:+.0f} ms", f"≤ +{WHY_MORE_S * 1000:.0f} ms", more <= WHY_MORE_S)
