"""users.v1.UserService."""

from __future__ import annotations

import grpc

from mesh_protos.users.v1.users_pb2 import GetUserRequest
from meshkit import GrpcClient, UpstreamError

from ..core.domain import Customer
from ..core.errors import Unavailable, UnknownUser


class GrpcUsers:
    """`core.ports.Users`."""

    def __init__(self, client: GrpcClient, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s

    async def get(self, user_id: int) -> Customer:
        try:
            user = await self._client.call("GetUser", GetUserRequest(id=user_id), timeout_s=self._timeout_s)
        except UpstreamError as error:
            raise Unavailable("users") from error
        except grpc.aio.AioRpcError as error:
            if error.code() in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT}:
                raise UnknownUser(user_id) from error
            raise Unavailable("users") from error
        return Customer(user.id, user.name, user.email)
