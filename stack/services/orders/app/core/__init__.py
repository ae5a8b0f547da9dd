"""Decisions of the service: no FastAPI, no SQL, no wire."""
