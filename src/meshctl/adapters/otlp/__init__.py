"""OTLP, the wire of OpenTelemetry."""
