"""The gRPC door: users.v1.UserService."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc

from mesh_protos.users.v1 import users_pb2, users_pb2_grpc
from meshkit.db import OUTAGES

from .schemas import User
from .service import UnknownUser, Users

NAME = users_pb2.DESCRIPTOR.services_by_name["UserService"].full_name

_DEFAULT, _MOST, _PAGE = 100, 10_000, 200


class UserService(users_pb2_grpc.UserServiceServicer):
    """Reads, from the same cache and database as HTTP."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def GetUser(self, request: users_pb2.GetUserRequest, context: Any) -> users_pb2.User:
        if request.id < 1:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "id must be positive")
        try:
            return _message(await self._users.get(request.id))
        except UnknownUser as error:
            await context.abort(grpc.StatusCode.NOT_FOUND, str(error))
        except OUTAGES:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the database does not answer")
        raise AssertionError("abort raises")

    async def ListUsers(self, request: users_pb2.ListUsersRequest, context: Any) -> AsyncIterator[users_pb2.User]:
        if request.limit < 0 or request.after_id < 0:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "limit and after_id must not be negative")
        left, after_id = min(request.limit or _DEFAULT, _MOST), request.after_id
        while left > 0:
            try:
                users = await self._users.page(limit=min(left, _PAGE), after_id=after_id)
            except OUTAGES:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the database does not answer")
            for user in users:
                yield _message(user)
            if len(users) < min(left, _PAGE):
                return
            left, after_id = left - len(users), users[-1].id


def _message(user: User) -> users_pb2.User:
    return users_pb2.User(
        id=user.id,
        name=user.name,
        email=user.email,
        active=user.active,
        created_at=user.created_at.isoformat(),
    )
