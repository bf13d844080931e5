"""Threads of communities: where somebody asked, who they are there, and who else answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.persons import keys_of_person
from app.adapters.store.tables import mentions
from app.core.community import ANSWER, OPENING

_POSTS: Final = 1000  # of one person, the newest: who they are now, and where they ask, is there
_THREADS: Final = 50  # that one person opened, on one timeline
_ANSWERS: Final = 3  # on a card: the newest are read, all are in the history

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """Of one person: the threads that they opened, and their newest standing on each channel."""

    opened: tuple[str, ...] = ()
    standings: tuple[Json, ...] = ()


class Threads:
    """Reads only. Raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_person(self, keys: Sequence[str]) -> Posts:
        """What the posts under these handle keys tell."""
        query = (
            sa.select(mentions)
            .where(mentions.c.handle_key.in_(keys), mentions.c.thread != "")
            .order_by(mentions.c.detected_ms.desc(), mentions.c.mention_id)
            .limit(_POSTS)
        )
        rows = await self._database.read(lambda c: c.execute(query).all())
        opened = dict.fromkeys(row.thread for row in rows if row.position == OPENING)
        standings: dict[str, Json] = {}
        for row in rows:
            standing = orjson.loads(row.standing)
            # Not every post brings along who its author is: that takes nothing back.
            if any(standing.values()):
                told = {"channel": row.channel, "at_ms": row.detected_ms}
                standings.setdefault(row.channel, standing | told)
        return Posts(
            opened=tuple(opened)[:_THREADS],
            standings=tuple(standings[channel] for channel in sorted(standings)),
        )

    async def answers_to(self, mention_id: str) -> list[str]:
        """The newest answers of others in the thread that this mention opens: mention ids."""
        opening = sa.select(mentions.c.thread, mentions.c.handle_key).where(
            mentions.c.mention_id == mention_id,
            mentions.c.thread != "",
            mentions.c.position == OPENING,
        )

        def work(connection: sa.Connection) -> list[str]:
            asked = connection.execute(opening).first()
            if asked is None:
                return []
            query = (
                sa.select(mentions.c.mention_id)
                .where(
                    mentions.c.thread == asked.thread,
                    mentions.c.position == ANSWER,
                    # Whoever goes on under another handle of theirs has answered nobody.
                    mentions.c.handle_key.not_in(keys_of_person(connection, asked.handle_key)),
                )
                .order_by(mentions.c.detected_ms.desc(), mentions.c.mention_id)
                .limit(_ANSWERS)
            )
            return list(connection.scalars(query))

        return await self._database.read(work)
