"""Sends what comes in on to another OTLP receiver."""
