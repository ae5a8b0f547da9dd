"""Figures of the service's own business."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

NOTIFICATIONS = Counter("notifications_total", "Notifications whose mail was queued.")
MESSAGES = Counter("notifications_messages_total", "Messages from RabbitMQ by outcome.", ["outcome"])
CONSUMING = Gauge("notifications_consuming", "1 while messages are being consumed.")
