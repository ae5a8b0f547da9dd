"""What a sender can get wrong so badly that nothing of a request can be kept."""

from __future__ import annotations


class BadPayload(ValueError):
    """The bytes are no OTLP trace data; ``str(error)`` says why in one sentence."""


class BadJson(BadPayload):
    """The same for OTLP JSON; the sentence names the field where one is known."""
