"""Clients of a collector: its query API, its stream of changes, its OTLP receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshctl.ports.telemetry import TraceFeed, TraceReader, TraceSender


class HttpCollectors:
    """The ``Collectors`` that talk HTTP; what reads, follows and sends is loaded when it is needed."""

    def reader(self, query_address: str) -> TraceReader:
        from meshctl.adapters.collector.reader import CollectorReader

        return CollectorReader(query_address)

    def feed(self, query_address: str) -> TraceFeed:
        from meshctl.adapters.collector.feed import CollectorFeed

        return CollectorFeed(query_address)

    def sender(self, otlp_address: str, timeout_s: float = 2.0) -> TraceSender:
        from meshctl.adapters.collector.sender import CollectorSender

        return CollectorSender(otlp_address, timeout_s)
