"""users: its two doors over a storage in memory, then over real PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import grpc
import httpx
import pytest
from fastapi import FastAPI
from stack.services.users.app import api
from stack.services.users.app.cache import Cache, connect
from stack.services.users.app.config import Config, read_config
from stack.services.users.app.grpc_api import NAME, UserService
from stack.services.users.app.main import create_app
from stack.services.users.app.repository import EmailTaken, Repository
from stack.services.users.app.schemas import User
from stack.services.users.app.service import Users

from mesh_protos.users.v1.users_pb2 import GetUserRequest, ListUsersRequest
from mesh_protos.users.v1.users_pb2_grpc import UserServiceStub, add_UserServiceServicer_to_server
from meshkit.db import Database, migrate
from meshkit.grpc import serve_grpc

SERVICE_DIR = Path(__file__).resolve().parents[2] / "stack/services/users"
NEW = {"name": "Margaret Hamilton", "email": "margaret@example.com"}


class Memory:
    """Users in memory, as storage; `reads` counts single reads."""

    def __init__(self, count: int = 0) -> None:
        self.users: dict[int, User] = {}
        self.reads = 0
        for n in range(1, count + 1):
            self._put({"name": f"User {n}", "email": f"user{n}@example.com"})

    async def get(self, user_id: int) -> User | None:
        self.reads += 1
        return self.users.get(user_id)

    async def page(self, *, limit: int, offset: int = 0, after_id: int = 0) -> Sequence[User]:
        return [user for user in self.users.values() if user.id > after_id][offset : offset + limit]

    async def add(self, fields: Mapping[str, object]) -> User:
        if any(user.email == fields["email"] for user in self.users.values()):
            raise EmailTaken(fields["email"])
        return self._put(fields)

    async def change(self, user_id: int, fields: Mapping[str, object]) -> User | None:
        if user_id in self.users:
            self.users[user_id] = self.users[user_id].model_copy(update=dict(fields))
        return self.users.get(user_id)

    async def remove(self, user_id: int) -> bool:
        return self.users.pop(user_id, None) is not None

    def _put(self, fields: Mapping[str, object]) -> User:
        user_id = max(self.users, default=0) + 1
        extra = {"active": True, "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
        self.users[user_id] = User.model_validate({"id": user_id, **extra, **fields})
        return self.users[user_id]


class Kept:
    """A cache in memory."""

    def __init__(self) -> None:
        self.users: dict[int, User] = {}

    async def get(self, user_id: int) -> User | None:
        return self.users.get(user_id)

    async def put(self, user: User) -> None:
        self.users[user.id] = user

    async def forget(self, user_id: int) -> None:
        self.users.pop(user_id, None)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://users")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    api.install(app)
    app.state.users = Users(Memory(5), Kept())
    async with client_of(app) as client:
        yield client


async def test_a_user_is_created_read_changed_and_removed(client: httpx.AsyncClient) -> None:
    created = await client.post("/users/", json=NEW)
    assert (created.status_code, created.headers["location"]) == (201, "/users/6")
    assert created.json().items() >= {"id": 6, "active": True, **NEW}.items()
    assert (await client.get("/users/6")).json() == created.json()
    changed = await client.patch("/users/6", json={"active": False, "name": None})
    assert changed.json() == {**created.json(), "active": False}
    replaced = await client.put("/users/6", json={**NEW, "name": "M. Hamilton"})
    assert (await client.get("/users/6")).json() == replaced.json()
    assert replaced.json()["active"] is True
    assert (await client.delete("/users/6")).status_code == 204
    assert (await client.get("/users/6")).status_code == 404


async def test_users_come_in_pages(client: httpx.AsyncClient) -> None:
    answer = await client.get("/users/", params={"limit": 2, "offset": 3})
    assert [user["id"] for user in answer.json()] == [4, 5]


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
async def test_an_unknown_user_is_named(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/users/99", json=NEW)
    assert (answer.status_code, answer.json()) == (404, {"detail": "no user with id 99"})


@pytest.mark.parametrize(
    "wrong",
    [{}, {**NEW, "email": "nowhere"}, {**NEW, "name": " "}, {**NEW, "admin": True}, {"name": "x"}],
)
async def test_a_wrong_user_is_refused(client: httpx.AsyncClient, wrong: dict[str, object]) -> None:
    assert (await client.post("/users/", json=wrong)).status_code == 422


@pytest.mark.parametrize("user_id", ["0", "-1", "x", str(2**63)])
async def test_what_is_no_id_is_refused(client: httpx.AsyncClient, user_id: str) -> None:
    assert (await client.get(f"/users/{user_id}")).status_code == 422


async def test_an_email_is_used_once(client: httpx.AsyncClient) -> None:
    answer = await client.post("/users/", json={"name": "Other", "email": "user1@example.com"})
    assert answer.status_code == 409
    assert "user1@example.com" in answer.json()["detail"]


async def test_a_second_read_comes_from_the_cache_until_a_change() -> None:
    storage = Memory(1)
    users = Users(storage, Kept())
    await users.get(1)
    await users.get(1)
    assert storage.reads == 1
    await users.change(1, {"name": "New"})
    assert (await users.get(1)).name == "New"


async def test_without_redis_reads_rest_from_it_for_a_while(free_port: int) -> None:
    now = 0.0
    cache = Cache(connect(f"redis://127.0.0.1:{free_port}/0"), 30, clock=lambda: now)
    storage = Memory(1)
    users = Users(storage, cache)
    for _ in range(2):
        assert (await users.get(1)).id == 1
    await users.change(1, {"name": "New"})
    assert storage.reads == 2
    await cache.close()


@pytest.fixture
async def stub(free_port: int) -> AsyncIterator[UserServiceStub]:
    servicer = UserService(Users(Memory(450), None))
    async with (
        serve_grpc([(add_UserServiceServicer_to_server, servicer, NAME)], port=free_port),
        grpc.aio.insecure_channel(f"127.0.0.1:{free_port}") as channel,
    ):
        yield UserServiceStub(channel)


async def test_grpc_tells_a_user(stub: UserServiceStub) -> None:
    user = await stub.GetUser(GetUserRequest(id=3))
    assert (user.id, user.email, user.active) == (3, "user3@example.com", True)
    assert user.created_at == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(("user_id", "code"), [(0, grpc.StatusCode.INVALID_ARGUMENT), (999, grpc.StatusCode.NOT_FOUND)])
async def test_grpc_refuses(stub: UserServiceStub, user_id: int, code: grpc.StatusCode) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetUser(GetUserRequest(id=user_id))
    assert caught.value.code() is code


@pytest.mark.parametrize(
    ("request_", "first", "count"),
    [
        (ListUsersRequest(), 1, 100),
        (ListUsersRequest(limit=3, after_id=10), 11, 3),
        (ListUsersRequest(limit=450), 1, 450),
        (ListUsersRequest(limit=1000, after_id=400), 401, 50),
    ],
)
async def test_grpc_streams_users(stub: UserServiceStub, request_: ListUsersRequest, first: int, count: int) -> None:
    ids = [user.id async for user in stub.ListUsers(request_)]
    assert ids == list(range(first, first + count))


def test_the_configuration_of_the_bundled_stack() -> None:
    config = read_config({"REDIS_URL": "redis://redis:6379/0"})
    assert config.database_url.endswith("@postgres:5432/users")
    assert config.cache_ttl_s == 30


@pytest.mark.docker
async def test_the_service_on_a_real_database_and_cache(
    postgres: Callable[[str], str], redis_url: str, free_port: int
) -> None:
    url = postgres("users")
    await asyncio.gather(*(migrate(SERVICE_DIR, url) for _ in range(3)))
    app = create_app(Config(url, redis_url, grpc_port=free_port))
    async with app.router.lifespan_context(app), client_of(app) as client:
        assert [user["id"] for user in (await client.get("/users/")).json()] == [1, 2, 3, 4, 5]
        created = await client.post("/users/", json=NEW)
        assert created.json()["id"] == 6
        same = {"name": "Other", "email": NEW["email"].upper()}
        assert (await client.post("/users/", json=same)).status_code == 409
        assert (await client.patch("/users/2", json={"email": NEW["email"]})).status_code == 409
        for _ in range(2):
            assert (await client.get("/users/6")).json() == created.json()
        await client.patch("/users/6", json={"name": "M. Hamilton"})
        assert (await client.get("/users/6")).json()["name"] == "M. Hamilton"
        assert (await client.delete("/users/6")).status_code == 204
        assert (await client.get("/users/6")).status_code == 404
        assert (await client.get("/health")).status_code == 200
        text = (await client.get("/metrics")).text
        assert 'users_cache_requests_total{result="hit"}' in text


async def test_without_a_database_health_and_answers_say_so(free_port: int) -> None:
    url = f"postgresql+psycopg://users:users@127.0.0.1:{free_port}/users"
    app = create_app(Config(url, ""))
    app.state.users = Users(Repository(Database(url)), None)
    async with client_of(app) as client:
        health = await client.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "unavailable")
        answer = await client.get("/users/1")
        assert (answer.status_code, answer.json()["detail"]) == (503, "the database does not answer")
