"""``meshctl.yaml``: plain values -> MeshConfig. Errors carry file, line, path and the nearest known key."""
