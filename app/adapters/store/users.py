"""Who may sign in: argon2 hashes of passwords, sha256 of bearer keys, never the secrets."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.adapters.store.database import Database
from app.adapters.store.tables import users


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    name: str
    title: str
    role: str


class Users:
    def __init__(self, database: Database) -> None:
        self._database = database
        # OWASP's setting for argon2id: 19 MiB, two passes, one lane.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        # One thread is the cap: any number of guesses occupies one core at most.
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="password")
        # Checked for unknown names, so that a guess takes as long whether a name exists or not.
        self._nobody = self._hasher.hash("nobody")

    async def put(self, user: User, password: str, key: str) -> None:
        """Create a user or change everything about them."""
        row = {
            "name": user.name,
            "title": user.title,
            "role": user.role,
            "password_hash": self._hasher.hash(password),
            "key_sha256": _digest(key),
        }
        statement = self._database.upsert(users, "title", "role", "password_hash", "key_sha256")
        await self._database.write(lambda c: c.execute(statement, row))

    async def keep_only(self, names: Collection[str]) -> None:
        """Take the account of everybody else: their key, password and sessions end with it."""
        others = sa.delete(users).where(users.c.name.not_in(names))
        await self._database.write(lambda c: c.execute(others))

    async def by_name(self, name: str) -> User | None:
        row = await self._row(users.c.name == name)
        return _user(row) if row else None

    async def by_key(self, key: str) -> User | None:
        row = await self._row(users.c.key_sha256 == _digest(key))
        return _user(row) if row else None

    async def check(self, name: str, password: str) -> User | None:
        """The user with this name and password. Slow on purpose."""
        row = await self._row(users.c.name == name)
        known = row["password_hash"] if row else self._nobody
        return _user(row) if await self._verified(known, password) and row else None

    async def _verified(self, known: str, password: str) -> bool:
        def verify() -> bool:
            try:
                return self._hasher.verify(known, password)
            except (VerificationError, InvalidHashError):
                return False

        return await asyncio.get_running_loop().run_in_executor(self._hashing, verify)

    async def _row(self, condition: sa.ColumnElement[bool]) -> sa.RowMapping | None:
        query = sa.select(users).where(condition)
        return await self._database.read(lambda c: c.execute(query).mappings().first())


def _user(row: sa.RowMapping) -> User:
    return User(name=row["name"], title=row["title"], role=row["role"])


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
