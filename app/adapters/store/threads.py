"""Threads of communities: where somebody asked, who they are there, and who else answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
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
            .order_by(mentions.c.detected_ms.desc())
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
        asked, answer = mentions.alias("asked"), mentions.alias("answer")
        query = (
            sa.select(answer.c.mention_id)
            .join(asked, asked.c.thread == answer.c.thread)
            .where(
                asked.c.mention_id == mention_id,
                asked.c.thread != "",
                asked.c.position == OPENING,
                answer.c.position == ANSWER,
                answer.c.handle_key != asked.c.handle_key,
            )
            .order_by(answer.c.detected_ms.desc(), answer.c.mention_id)
            .limit(_ANSWERS)
        )
        return list(await self._database.read(lambda c: c.scalars(query).all()))
