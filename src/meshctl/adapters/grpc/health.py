"""A readiness check over ``grpc.health.v1``."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from meshctl.adapters.probe.network import CLOSED, REFUSED, Complaint
from meshctl.model.status import ProbeProblem
from meshctl.threads import tell_loop

_CHECK = "/grpc.health.v1.Health/Check"
_OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))
#: An attempt to connect outlives its channel; this bounds it.
_CONNECT_LIMIT = "grpc.min_reconnect_backoff_ms"


async def ask_grpc(address: str, service: str, timeout_s: float) -> Complaint | None:
    """None when ``service`` ('' is the whole server) is SERVING. Raises TimeoutError."""
    options = (*_OPTIONS, (_CONNECT_LIMIT, max(int(timeout_s * 1000), 100)))
    with grpc.insecure_channel(address, options=options) as channel:
        check = channel.unary_unary(
            _CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        call = check.future(health_pb2.HealthCheckRequest(service=service), timeout=timeout_s)
        await _finished(call)
    return _complaint(call, service)


async def _finished(call: grpc.CallFuture[Any]) -> None:
    """Waits without a thread of its own; cancelling cancels the call."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    call.add_done_callback(lambda _: tell_loop(loop, done.set))
    try:
        await done.wait()
    finally:
        call.cancel()  # type: ignore[no-untyped-call]


def _complaint(call: grpc.CallFuture[Any], service: str) -> Complaint | None:
    who = f"service '{service}'" if service else "the server"
    match call.code():
        case grpc.StatusCode.OK:
            status = call.result().status
            name = health_pb2.HealthCheckResponse.ServingStatus.Name(status)
            return None if status == health_pb2.HealthCheckResponse.SERVING else (ProbeProblem.STATUS, name)
        case grpc.StatusCode.UNAVAILABLE:
            return _unreachable(call.details() or "")
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            raise TimeoutError
        case grpc.StatusCode.UNIMPLEMENTED:
            return ProbeProblem.STATUS, "it offers no grpc.health.v1"
        case grpc.StatusCode.NOT_FOUND:
            return ProbeProblem.STATUS, f"its health service does not know {who}"
        case code:
            return ProbeProblem.STATUS, f"{code.name}: {call.details()}"


def _unreachable(details: str) -> Complaint:
    if "refused" in details.lower():
        return REFUSED
    if "closed" in details.lower() or "reset" in details.lower():
        return CLOSED
    return ProbeProblem.UNREACHABLE, f"unreachable: {details}" if details else "unreachable"
