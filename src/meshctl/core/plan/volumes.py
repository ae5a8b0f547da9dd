"""What several instances of one service would write to together."""

from __future__ import annotations

from meshctl.errors import UsageError
from meshctl.model.config import Mount, ServiceSpec

WHY = "two servers on one data directory corrupt it"
_CONSENT = "`mesh: {share_volumes: true}`"
#: Directories of the machine that hold sockets and devices, and no data.
_NO_DATA = ("/dev", "/proc", "/run", "/sys", "/var/run")


def shared_volumes(spec: ServiceSpec) -> tuple[str, ...]:
    """``volume pgdata``, ``/srv/data``: each named volume and bind that an instance can write to."""
    held = (mount for mount in spec.mounts if _holds_data(mount))
    return tuple(f"volume {mount.source}" if mount.type == "volume" else mount.source for mount in held)


def refusal(spec: ServiceSpec, count: int, first: str = "") -> UsageError | None:
    """Why ``count`` instances of a service cannot be had unasked; None if they can.

    The file's own ``deploy.replicas`` and ``mesh.share_volumes`` are its word that they can. ``first`` is what else
    would help.
    """
    volumes = shared_volumes(spec)
    if not volumes or count <= max(spec.replicas, 1) or spec.mesh.share_volumes:
        return None
    return UsageError(
        f"{count} instances of {spec.name} would share {' and '.join(volumes)}: {WHY}",
        hint=f"{first}If {spec.name} is made for that: --share-volumes, or {_CONSENT} in the file.",
    )


def sharing_note(spec: ServiceSpec, count: int) -> str:
    """What is told of instances that share a volume without a word of ``share_volumes``; '' if none do."""
    volumes = shared_volumes(spec)
    if not volumes or count <= 1 or spec.mesh.share_volumes:
        return ""
    who = "deploy.replicas says so" if count <= spec.replicas else "an earlier scale asked for it"
    return f"{count} instances of {spec.name} share {' and '.join(volumes)}: {who}; {_CONSENT} tells that it is meant"


def _holds_data(mount: Mount) -> bool:
    """Not what is read only, kept in memory, or a volume of the one container alone."""
    if mount.read_only or not mount.source or mount.type == "tmpfs":
        return False
    return mount.type == "volume" or not f"{mount.source}/".startswith(tuple(f"{path}/" for path in _NO_DATA))
