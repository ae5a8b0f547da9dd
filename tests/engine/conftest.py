"""The engine's tasks start as they do in the app."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def as_in_the_app(eager_tasks: None) -> None:
    """In every test of this room."""
