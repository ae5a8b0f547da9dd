"""``python -m bench [SUITE …]`` prints a Markdown table; exit 1 when a limit is missed."""

from __future__ import annotations

import sys
from importlib import import_module

SUITES = ("commands", "traced_call", "kill", "images", "warm_up", "waterfall", "app_traces", "collector", "telemetry")


def main(names: list[str]) -> int:
    """Run the named suites, all of them when none is named."""
    figures = [figure for name in names or SUITES for figure in import_module(f"bench.{name}").figures()]
    print("| what | measured | limit | met |\n|---|---|---|---|")
    for figure in figures:
        verdict = {True: "yes", False: "**no**", None: ""}[figure.met]
        print(f"| {figure.name} | {figure.measured} | {figure.limit} | {verdict} |")
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
