"""Clients for other services of the mesh."""
