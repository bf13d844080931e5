"""Conversations of the web chat in the store: both sides in order, each message once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, TypeAlias

import sqlalchemy as sa

from app.adapters.store.chat_tables import chat_messages, chats
from app.adapters.store.database import Beside, Database
from app.adapters.store.outbound_tables import consent_events
from app.adapters.store.tables import mentions
from app.core.chat import AGENT, CHANNEL, CUSTOMER, Conversation, Line, day_of, standing_of
from app.core.consent import ConsentEvent, standing
from app.core.outbound import ANSWER
from app.core.profile import handle_key

SHOWN = 100  # of one conversation: what came before is history
JUDGED = 30  # newest lines that tell where it stands: looked at twice a second for every open page
_CONSENTS = 100  # the newest events that tell whether somebody forbade us to answer

# Differs wherever the page of a conversation would show something else.
Mark: TypeAlias = tuple[tuple[str, str, int, int], ...]

_NAMES = tuple(field.name for field in fields(Line))
_C = chat_messages.c
_consent = consent_events.c
_STATUS = sa.case((_C.side == CUSTOMER, sa.func.coalesce(mentions.c.status, "")), else_="")


class Chats:
    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, line: Line) -> Beside:
        """Writes a message, within a transaction of whoever calls it; one that is known stays."""
        insert = self._database.insert_new(chat_messages)
        note = self._database.upsert(chats, "judged_from", "day", "said")

        def work(connection: sa.Connection) -> None:
            if connection.execute(insert, asdict(line)).rowcount:
                connection.execute(note, _state(connection, line))

        return work

    async def said_on(self, chat: str, day: int) -> int:
        """How many messages the visitor has written on this day. Raises Unavailable."""
        query = sa.select(chats.c.said).where(chats.c.chat == chat, chats.c.day == day)
        return await self._database.read(lambda c: int(c.execute(query).scalar() or 0))

    async def deliver(self, line: Line) -> bool:
        """Keep what a visitor is sent, once; False where nobody has written under this handle.

        Raises Unavailable.
        """
        wrote = sa.select(_C.number).where(_C.chat == line.chat, _C.side == CUSTOMER).limit(1)

        def work(connection: sa.Connection) -> bool:
            if connection.execute(wrote).first() is None:
                return False
            self.keep(line)(connection)
            return True

        return await self._database.write(work)

    async def line(self, message_id: str) -> Line | None:
        """The message of this id. Raises Unavailable."""
        query = _lines().where(_C.message_id == message_id)
        row = await self._database.read(lambda c: c.execute(query).first())
        return _line(row) if row else None

    async def last_said(self, chat: str) -> Line | None:
        """The newest message of the visitor. Raises Unavailable."""
        query = _lines().where(_C.chat == chat, _C.side == CUSTOMER)
        query = query.order_by(_C.number.desc()).limit(1)
        row = await self._database.read(lambda c: c.execute(query).first())
        return _line(row) if row else None

    async def conversation(self, chat: str) -> Conversation:
        """The newest messages of both sides in order, and where it stands. Raises Unavailable."""
        newest = _lines().where(_C.chat == chat).order_by(_C.number.desc()).limit(SHOWN)

        def work(connection: sa.Connection) -> tuple[list[Line], Mark, bool]:
            lines = [_line(row) for row in connection.execute(newest)]
            return lines, _marks(connection, [chat]).get(chat, ()), _stopped(connection, chat)

        lines, mark, stopped = await self._database.read(work)
        statuses = frozenset(status for side, status, *_ in mark if side == CUSTOMER)
        answered = any(side == AGENT for side, *_ in mark)
        return Conversation(
            lines=tuple(lines[::-1]), standing=standing_of(statuses, answered, stopped)
        )

    async def marks(self, chats: Sequence[str]) -> dict[str, Mark]:
        """The mark of each of these conversations that there is. Raises Unavailable."""
        return await self._database.read(lambda c: _marks(c, chats))


def _lines() -> sa.Select[Any]:
    return sa.select(*(_C[name] for name in _NAMES))


def _line(row: Sequence[Any]) -> Line:
    return Line(**dict(zip(_NAMES, row, strict=True)))


def _marks(connection: sa.Connection, asked: Sequence[str]) -> dict[str, Mark]:
    """By conversation, how many of its newest messages are of each side and status, and the newest
    of all; and the newest that they said of consent."""
    newest_lines = sa.and_(_C.chat == chats.c.chat, _C.number >= chats.c.judged_from)
    source = chats.join(chat_messages, newest_lines).outerjoin(
        mentions,
        sa.and_(_C.side == CUSTOMER, mentions.c.mention_id == _C.mention_id),
    )
    grouped = (_C.chat, _C.side, _STATUS.label("status"))
    query = (
        sa.select(*grouped, sa.func.count(), sa.func.max(_C.number))
        .select_from(source)
        .where(chats.c.chat.in_(asked))
        .group_by(_C.chat, _C.side, sa.text("status"))
        .order_by(_C.chat, _C.side, sa.text("status"))
    )
    found: dict[str, Mark] = {}
    for chat, *mark in connection.execute(query):
        found[chat] = (*found.get(chat, ()), tuple(mark))
    newest = sa.select(sa.func.max(_consent.number)).where(
        _consent.handle_key == sa.literal(handle_key(CHANNEL, "")).concat(chats.c.chat)
    )
    spoke = sa.select(chats.c.chat, newest.scalar_subquery()).where(chats.c.chat.in_(asked))
    for chat, number in connection.execute(spoke):
        found[chat] = (*found.get(chat, ()), ("consent", "", 0, number or 0))
    return found


def _state(connection: sa.Connection, line: Line) -> dict[str, Any]:
    """The row of a conversation, now that this line is in it."""
    oldest = sa.select(_C.number).where(_C.chat == line.chat).order_by(_C.number.desc())
    known = sa.select(chats.c.day, chats.c.said).where(chats.c.chat == line.chat)
    last_day, said = connection.execute(known).first() or (0, 0)
    day = max(last_day, day_of(line.at_ms))
    return {
        "chat": line.chat,
        "judged_from": connection.scalar(oldest.offset(JUDGED - 1).limit(1)) or 0,
        "day": day,
        "said": (said if day == last_day else 0) + (line.side == CUSTOMER),
    }


def _stopped(connection: sa.Connection, chat: str) -> bool:
    """Has whoever writes here forbidden us to answer? Of other handles of theirs nothing is told:
    whoever sits at this page has not shown that they are the same person."""
    named = (_consent.event_id, _consent.handle_key, _consent.kind, _consent.at_ms)
    query = sa.select(*named, _consent.channel, _consent.purpose)
    query = query.where(_consent.handle_key == handle_key(CHANNEL, chat))
    query = query.order_by(_consent.number.desc()).limit(_CONSENTS)
    events = [ConsentEvent(**dict(row)) for row in connection.execute(query).mappings()]
    stands = standing(events[::-1])
    return stands.stop is not None and (CHANNEL, ANSWER) not in stands.given
