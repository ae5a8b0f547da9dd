"""HTTP in front of the saga."""
