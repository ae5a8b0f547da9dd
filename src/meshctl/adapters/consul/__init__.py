"""Consul: one-shot reads by the standard library, blocking queries and keys by python-consul on our own transport."""
