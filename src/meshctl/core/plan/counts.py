"""How many instances of a service there should be, and which numbers they get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshctl.core.plan.selection import require_known
from meshctl.errors import UsageError
from meshctl.model.config import MeshConfig, ServiceSpec
from meshctl.model.containers import LABEL_REPLICAS, Container


def check_scale(config: MeshConfig, scale: Mapping[str, int]) -> None:
    """Raises UsageError for an unknown service, a negative count, or several instances on one fixed port."""
    require_known(config, scale)
    for service, count in scale.items():
        if count < 0:
            raise UsageError(f"{service} cannot have {count} instances", hint="Give 0 or more.")
        fixed = [port for port in config.services[service].ports if port.published]
        if count > 1 and fixed:
            raise UsageError(
                f"{service} publishes the fixed port {fixed[0].published}, which only one instance can have",
                hint="Take `published` out of its port, then each instance gets a free one.",
            )


def desired_count(spec: ServiceSpec, existing: Sequence[Container], scale: Mapping[str, int]) -> int:
    """An explicit scale wins, then the file; instances that an earlier ``scale`` added stay.

    What an earlier ``scale`` took away comes back, and so does everything once the file's count is edited.
    """
    if spec.name in scale:
        return scale[spec.name]
    if not existing:
        return spec.replicas
    newest = max(existing, key=lambda container: container.instance)
    edited = newest.labels.get(LABEL_REPLICAS, str(spec.replicas)) != str(spec.replicas)
    return spec.replicas if edited else max(spec.replicas, len(existing))


def wanted_numbers(existing: Sequence[int], count: int) -> list[int]:
    """Which instance numbers to have: the lowest that exist stay, then the lowest free ones."""
    kept = sorted(existing)[:count]
    number = 1
    while len(kept) < count:
        if number not in kept:
            kept.append(number)
        number += 1
    return sorted(kept)
