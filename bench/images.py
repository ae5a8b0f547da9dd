"""Sizes of the service images."""

from __future__ import annotations

import docker

from bench.timing import Figure

LIMIT_MB = 350


def figures(project: str = "shop") -> list[Figure]:
    """The largest image a Python service of the stack runs on."""
    client = docker.from_env()
    containers = client.containers.list(filters={"label": f"dev.meshctl.project={project}"})
    application = [c for c in containers if c.labels.get("dev.meshctl.kind") == "application"]
    largest = max(c.image.attrs["Size"] for c in application) / 1e6
    client.close()
    return [Figure("largest service image", f"{largest:.0f} MB", f"< {LIMIT_MB} MB", largest < LIMIT_MB)]
