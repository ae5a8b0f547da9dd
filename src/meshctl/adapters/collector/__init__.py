"""Clients of a collector: its query API, its stream of changes, its OTLP receiver."""
