"""Runs the installed ``meshctl`` the way a shell does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
EXECUTABLE = Path(sys.executable).with_name("meshctl")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Exit code and both streams of a finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Meshctl:
    """The command bound to one project and one file."""

    project: str
    file: Path = ROOT / "meshctl.yaml"

    def argv(self, *words: str) -> list[str]:
        return [str(EXECUTABLE), "-f", str(self.file), "-p", self.project, *words]

    def __call__(
        self, *words: str, code: int | None = 0, timeout: float = 300, env: dict[str, str] | None = None
    ) -> Outcome:
        """Run to the end; fail with both streams unless it exits with ``code`` (None: any)."""
        done = subprocess.run(
            self.argv(*words),
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "NO_COLOR": "1", **(env or {})},
        )
        outcome = Outcome(done.returncode, done.stdout, done.stderr)
        if code is not None and outcome.code != code:
            raise AssertionError(f"{' '.join(words)}: exit {outcome.code}, not {code}\n{outcome.out}\n{outcome.err}")
        return outcome

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start without waiting, in a process group of its own."""
        return subprocess.Popen(
            self.argv(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**os.environ, "NO_COLOR": "1", **(env or {})},
        )

    def ps(self) -> dict[str, dict[str, Any]]:
        """Services by name as ``ps --json`` gives them."""
        return {row["service"]: row for row in self("ps", "--json").json}

    def call(self, *words: str, code: int | None = 0) -> Any:
        """``call … --json`` as data."""
        return self("call", *words, "--json", code=code).json


def eventually(look: Callable[[], T | None], *, within: float, what: str) -> T:
    """Return the first truthy look; fail when none came in time."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}; last seen: {seen!r}")
