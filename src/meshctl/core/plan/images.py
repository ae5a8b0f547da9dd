"""Where the image of a service comes from."""

from __future__ import annotations

from meshctl.model.config import ServiceSpec
from meshctl.model.plan import OperationKind


def image_source(spec: ServiceSpec) -> OperationKind:
    """For an image that is not here.

    | image | build | then                 |
    |-------|-------|----------------------|
    | yes   | no    | pull                 |
    | yes   | yes   | pull, else build     |
    | no    | yes   | build                |
    """
    if spec.build is None:
        return OperationKind.PULL
    return OperationKind.PULL_OR_BUILD if spec.image else OperationKind.BUILD
