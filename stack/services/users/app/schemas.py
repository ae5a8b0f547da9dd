"""What goes over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, EmailStr, StringConstraints
from pydantic.config import JsonDict

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

_EXAMPLE: JsonDict = {"name": "Margaret Hamilton", "email": "margaret@example.com", "active": True}


class UserIn(BaseModel):
    """A user to create, or all of what an existing one becomes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    name: Name
    email: EmailStr
    active: bool = True


class UserPatch(BaseModel):
    """The fields to change; those left out stay."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"active": False}})

    name: Name | None = None
    email: EmailStr | None = None
    active: bool | None = None

    def changes(self) -> dict[str, str | bool]:
        """Fields that were given a value; null counts as left out."""
        return self.model_dump(exclude_unset=True, exclude_none=True)


class User(BaseModel):
    """A user as others see it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str
    active: bool
    created_at: datetime


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str
