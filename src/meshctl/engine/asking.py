"""One question to an instance within less time than its check may allow: only an answer counts as one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from meshctl.engine.mesh import Mesh
from meshctl.model.config import HealthCheck, ServiceSpec
from meshctl.model.containers import Container
from meshctl.model.status import ProbeProblem, ProbeResult

#: A prober that does not keep to its limit is given up this many seconds later.
_SLACK_S = 0.5


async def ask(mesh: Mesh, spec: ServiceSpec, container: Container, limit_s: float) -> ProbeResult | None:
    """The check's answer; None when it was cut off at ``limit_s`` although its own timeout allows it more."""
    check = spec.healthcheck
    limit_s = min(check.timeout_s, limit_s)
    try:
        async with asyncio.timeout(limit_s + _SLACK_S):
            result = await mesh.prober.probe(spec, replace(check, timeout_s=limit_s), container)
    except TimeoutError:
        result = ProbeResult(False, f"no answer within {limit_s:.3g} s", limit_s, ProbeProblem.SILENT, cut=True)
    # What an earlier question left inside may still answer.
    open_yet = result.cut or result.problem is ProbeProblem.LEFT
    return None if open_yet and limit_s < check.timeout_s else result


def unanswered(check: HealthCheck, waited_s: float) -> str:
    """``still not answered after 2 s (its timeout is 30 s)``."""
    return f"still not answered after {waited_s:.3g} s (its timeout is {check.timeout_s:.3g} s)"
