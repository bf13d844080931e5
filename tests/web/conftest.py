"""The web application in process: real Redis, real SQLite, a producer that keeps what it gets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from app import settings
from app.adapters.redis_client import Client, connect
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_feed import RedisFeed
from app.adapters.redis_floor import RedisFloor
from app.adapters.store import users as users_module
from app.adapters.store.chats import Chats
from app.adapters.store.database import Database
from app.adapters.store.dead import DeadLetterTable
from app.adapters.store.handoffs import Handoffs
from app.adapters.store.journal import Journal
from app.adapters.store.ledger import Ledger
from app.adapters.store.parties import Parties
from app.adapters.store.record import Record
from app.adapters.store.users import User, Users
from app.config import Config, load
from app.processes import service
from app.settings import CONFIG
from app.web import server
from app.web.chat_board import ChatBoard
from app.web.hub import Hub
from app.web.presence import Presence
from app.web.state import Parts
from app.wiring.again import Shelf
from app.wiring.base import Base
from app.wiring.intake import Gate
from tests.builders import NOON_MS
from tests.doubles import KeepingProducer, OneBacktest, OneImport

INTAKE_KEY = "intake-key"
ROLES = {
    "amira": "agent",
    "ben": "agent",
    "miriam": "agent",
    "sofia": "supervisor",
    "anton": "analyst",
    "sven": "sre",
    "ada": "admin",
}
HOST = "127.0.0.1"
WEBHOOK_SECRET = "whsec_dGhlIHRlc3RzJyBvd24gc2VjcmV0IQ=="


class QuickHasher(PasswordHasher):
    """Real argon2, with the work taken out: a test signs in often."""

    def __init__(self, **_given: int) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def config() -> Config:
    return load(CONFIG)


@pytest.fixture
async def parts(
    redis: Client,
    redis_url: str,
    database: Database,
    config: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Parts]:
    monkeypatch.setattr(users_module, "PasswordHasher", QuickHasher)
    door = RedisDoor(redis, now_ms=NOON_MS)
    await door.open()
    await door.begin("test")
    await door.configure(config.catalogue.queues.values())
    await door.enrol([rep for rep in config.catalogue.reps.values() if rep.queues])
    base = Base(
        settings=settings.load(secret=INTAKE_KEY, webhook_secret=WEBHOOK_SECRET, data_dir=tmp_path),
        config=config,
        redis=redis,
        door=door,
        database=database,
        ledger=Ledger(database),
    )
    for_hub = connect(redis_url)
    hub = Hub(RedisFeed(for_hub))
    yield Parts(
        base=base,
        reads=redis,
        floor=RedisFloor(redis, config.catalogue),
        feed=RedisFeed(redis),
        hub=hub,
        presence=Presence(door, hub),
        gate=Gate(Journal(database), KeepingProducer(), config.permission.words),  # type: ignore[arg-type]
        record=Record(database),
        dead=DeadLetterTable(database),
        shelf=Shelf(base.settings, database),
        backtests=OneBacktest(),
        imports=OneImport(),
        handoffs=Handoffs(database),
        parties=Parties(database),
        chat_board=ChatBoard(Chats(database)),
    )
    await for_hub.aclose()


@pytest.fixture
async def app(parts: Parts) -> Starlette:
    users = Users(parts.base.database)
    for name, role in ROLES.items():
        user = User(name=name, title=name.title(), role=role)
        await users.put(user, f"password of {name}", f"key-{name}")

    async def ready() -> list[str]:
        return await server.missing(parts)

    return server.create(parts, service.health_routes(ready))


@dataclass(frozen=True, slots=True)
class Api:
    """Requests as somebody: `await api.get("amira", "/api/v1/desk")`."""

    client: httpx.AsyncClient

    async def get(self, who: str, path: str, **given: Any) -> httpx.Response:
        return await self.client.get(path, headers=key_of(who), **given)

    async def post(self, who: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.client.post(path, headers=key_of(who) | named, **content)

    async def send(
        self, method: str, who: str, path: str, body: Any = None, seen: str = ""
    ) -> httpx.Response:
        """A request with the ETag that was seen, where one was."""
        headers = key_of(who) | ({"if-match": seen} if seen else {})
        return await self.client.request(method, path, headers=headers, json=body)

    async def command(
        self, who: str, task: str, name: str, body: Any = None, key: str = "k"
    ) -> httpx.Response:
        path = f"/api/v1/tasks/{task}/{name}"
        return await self.post(who, path, body if body is not None else {}, Idempotency_Key=key)


def key_of(who: str) -> dict[str, str]:
    keys = {"": "", "intake": INTAKE_KEY, "wrong": "no-such-key"}
    key = keys.get(who, f"key-{who}")
    return {"authorization": f"Bearer {key}"} if key else {}


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
        yield client


@pytest.fixture
def api(client: httpx.AsyncClient) -> Api:
    return Api(client)
