"""``traces`` on a fake collector."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.collector_double import FakeCollector, Traces, full_collector


@pytest.fixture
def collector() -> FakeCollector:
    return full_collector()


@pytest.fixture
def run(
    project: Path, collector: FakeCollector, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Traces:
    """The terminal is 100 cells wide."""
    monkeypatch.setenv("COLUMNS", "100")
    return Traces(collector, capsys)
