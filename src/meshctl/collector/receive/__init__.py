"""Receivers: OTLP over HTTP and gRPC, and the one pipeline into the memory."""
