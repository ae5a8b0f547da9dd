"""Counters of the service's own business."""

from __future__ import annotations

from prometheus_client import Counter

ORDERS = Counter("order_total", "Orders by how they ended.", ["status"])
EVENTS = Counter("order_events_total", "Events that the broker has confirmed.", ["routing_key"])
COMPENSATIONS = Counter("order_compensations_total", "Releases of reserved stock.", ["result"])

for _status in ("confirmed", "cancelled", "rejected", "out_of_stock", "unavailable"):
    ORDERS.labels(_status)
