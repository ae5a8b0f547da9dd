"""What users can be asked to do; HTTP and gRPC are two doors to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .schemas import User


class UnknownUser(LookupError):
    """No user has this id."""

    def __init__(self, user_id: int) -> None:
        super().__init__(f"no user with id {user_id}")


class Storage(Protocol):
    """See `repository.Repository`."""

    async def get(self, user_id: int) -> User | None: ...
    async def page(self, *, limit: int, offset: int = 0, after_id: int = 0) -> Sequence[User]: ...
    async def add(self, fields: Mapping[str, object]) -> User: ...
    async def change(self, user_id: int, fields: Mapping[str, object]) -> User | None: ...
    async def remove(self, user_id: int) -> bool: ...


class Memory(Protocol):
    """See `cache.Cache`."""

    async def get(self, user_id: int) -> User | None: ...
    async def put(self, user: User) -> None: ...
    async def forget(self, user_id: int) -> None: ...


class Users:
    """The users, cached or not. Raises UnknownUser for an unknown id, EmailTaken for a used email."""

    def __init__(self, storage: Storage, cache: Memory | None) -> None:
        self._storage = storage
        self._cache = cache

    async def get(self, user_id: int) -> User:
        cached = await self._cache.get(user_id) if self._cache else None
        if cached is not None:
            return cached
        user = _found(await self._storage.get(user_id), user_id)
        if self._cache:
            await self._cache.put(user)
        return user

    async def page(self, *, limit: int, offset: int = 0, after_id: int = 0) -> Sequence[User]:
        return await self._storage.page(limit=limit, offset=offset, after_id=after_id)

    async def add(self, fields: Mapping[str, object]) -> User:
        return await self._storage.add(fields)

    async def change(self, user_id: int, fields: Mapping[str, object]) -> User:
        user = _found(await self._storage.change(user_id, fields), user_id)
        await self._forget(user_id)
        return user

    async def remove(self, user_id: int) -> None:
        gone = await self._storage.remove(user_id)
        await self._forget(user_id)
        if not gone:
            raise UnknownUser(user_id)

    async def _forget(self, user_id: int) -> None:
        if self._cache:
            await self._cache.forget(user_id)


def _found(user: User | None, user_id: int) -> User:
    if user is None:
        raise UnknownUser(user_id)
    return user
