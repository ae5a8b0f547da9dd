"""The HTTP door: /users/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response, status
from fastapi.responses import JSONResponse

from .repository import EmailTaken
from .schemas import Problem, User, UserIn, UserPatch
from .service import UnknownUser, Users

router = APIRouter(prefix="/users", tags=["users"])

_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_TAKEN: dict[int | str, dict[str, Any]] = {409: {"model": Problem}}


def _users(request: Request) -> Users:
    users: Users = request.app.state.users
    return users


UsersDep = Annotated[Users, Depends(_users)]
UserId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.post("/", status_code=status.HTTP_201_CREATED, responses=_TAKEN)
async def create(user: UserIn, users: UsersDep, response: Response) -> User:
    """Create a user."""
    created = await users.add(user.model_dump())
    response.headers["location"] = f"/users/{created.id}"
    return created


@router.get("/")
async def page(users: UsersDep, limit: Limit = 100, offset: Offset = 0) -> Sequence[User]:
    """Users in the order of their ids."""
    return await users.page(limit=limit, offset=offset)


@router.get("/{user_id}", responses=_MISSING)
async def get(user_id: UserId, users: UsersDep) -> User:
    """One user."""
    return await users.get(user_id)


@router.put("/{user_id}", responses={**_MISSING, **_TAKEN})
async def replace(user_id: UserId, user: UserIn, users: UsersDep) -> User:
    """Replace all fields of a user."""
    return await users.change(user_id, user.model_dump())


@router.patch("/{user_id}", responses={**_MISSING, **_TAKEN})
async def change(user_id: UserId, patch: UserPatch, users: UsersDep) -> User:
    """Change some fields of a user."""
    return await users.change(user_id, patch.changes())


@router.delete("/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses=_MISSING)
async def remove(user_id: UserId, users: UsersDep) -> None:
    """Remove a user."""
    await users.remove(user_id)


def install(app: FastAPI) -> None:
    """Add the routes, and the answers to what can go wrong in them."""

    async def unknown(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404)

    async def taken(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": f"another user has the email {error}"}, 409)

    app.include_router(router)
    app.add_exception_handler(UnknownUser, unknown)
    app.add_exception_handler(EmailTaken, taken)
