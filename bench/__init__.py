"""Measurements of meshctl against its limits and its peers. ``python -m bench`` runs them all."""
