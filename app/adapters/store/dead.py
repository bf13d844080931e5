"""Dead letters in the store: the original bytes and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.tables import dead_letters
from app.ports import DeadLetter


class DeadLetterTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, letters: Sequence[DeadLetter]) -> None:
        rows = [
            {
                "src": letter.src,
                "code": letter.code,
                "detail": letter.detail,
                "raw": letter.raw,
                "sha256": letter.sha256,
                "at_ms": letter.at_ms,
            }
            for letter in letters
        ]
        insert = self._database.insert_new(dead_letters)
        await self._database.write(lambda c: c.execute(insert, rows))

    async def newest(self, limit: int = 100) -> list[dict[str, Any]]:
        """The newest letters without their bytes, which `raw` gives one by one."""
        size = sa.func.coalesce(sa.func.length(dead_letters.c.raw), 0).label("size_bytes")
        columns = [c for c in dead_letters.c if c.name != "raw"]
        query = sa.select(*columns, size).order_by(dead_letters.c.at_ms.desc()).limit(limit)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def raw(self, src: str) -> bytes | None:
        query = sa.select(dead_letters.c.raw).where(dead_letters.c.src == src)
        found = await self._database.read(lambda c: c.execute(query).scalar())
        return bytes(found) if found is not None else None
