"""Conversations in the store: both sides in order, each message once; the way out of the web chat.

The same tests run on PostgreSQL: tests/live/test_store_on_postgres.py.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.adapters.connectors.webchat import WebChat
from app.adapters.store.chats import JUDGED, SHOWN, Chats
from app.adapters.store.consents import insert_events
from app.adapters.store.database import Database
from app.adapters.store.journal import Intake, Journal
from app.adapters.store.record import Record
from app.adapters.store.tables import journal
from app.core.chat import (
    AGENT,
    ANSWERED,
    AUTOMATIC,
    CLOSED,
    CUSTOMER,
    EMPTY,
    READ,
    STOPPED,
    WAITING,
    Line,
    day_of,
)
from app.core.consent import START, STOP, ConsentEvent
from app.core.delivery import AGAIN, REFUSED, TAKEN, Answer
from app.core.errors import Unavailable
from app.core.history import Folded, Matter
from app.core.outbound import ANSWER, Outbound
from app.core.permission import CONTRACT, PERMIT_MS, Known, NotPermitted, Permit, Policy, Purpose
from app.core.permission import ask as ask_gate
from tests.builders import NOON_MS

CHAT = "chat-one"
POLICY = Policy(purposes={ANSWER: Purpose(name=ANSWER, title="answers", basis=CONTRACT)})


def said(number: int = 1, chat: str = CHAT, text: str = "Is anybody there?") -> Line:
    return Line(
        chat=chat,
        message_id=f"{chat}:{number}",
        mention_id=f"mention-{chat}-{number}",
        side=CUSTOMER,
        text=text,
        at_ms=NOON_MS + number,
    )


def to_visitor(id_: str = "o1", text: str = "Yes, we are.", chat: str = CHAT) -> Outbound:
    return Outbound(
        outbound_id=id_,
        channel="webchat",
        handle=chat,
        handle_key=f"webchat:{chat}",
        text=text,
        purpose=ANSWER,
        mention_id=f"mention-{chat}-1",
        by="rep:ann",
        created_ms=NOON_MS,
    )


def permit_for(message: Outbound) -> Permit:
    permit = ask_gate(message, Known(), POLICY, NOON_MS)
    assert isinstance(permit, Permit)
    return permit


@pytest.fixture
def chats(database: Database) -> Chats:
    return Chats(database)


async def keep(database: Database, *lines: Line) -> None:
    for line in lines:
        await database.write(Chats(database).keep(line))


async def stands(database: Database, line: Line, status: str) -> None:
    """The history has heard of what the visitor said."""
    matter = Matter(
        mention_id=line.mention_id,
        handle_key=f"webchat:{line.chat}",
        channel="webchat",
        status=status,
    )
    folded = Folded(matters={line.mention_id: matter}, changed={line.mention_id})
    await Record(database).write("record", 1, folded)


async def deliver(database: Database, message: Outbound, now_ms: int = NOON_MS) -> Answer:
    webchat = WebChat(Chats(database), lambda: now_ms)
    return await webchat.send(message, permit_for(message))


async def texts(chats: Chats, chat: str = CHAT) -> list[str]:
    return [line.text for line in (await chats.conversation(chat)).lines]


async def test_both_sides_stand_in_the_order_in_which_they_came(
    database: Database, chats: Chats
) -> None:
    await keep(database, said(1), said(9, "chat-two", "Mine"))
    await deliver(database, to_visitor())
    await keep(database, said(2, text="Good"))
    found = await chats.conversation(CHAT)
    assert [(line.side, line.text) for line in found.lines] == [
        (CUSTOMER, "Is anybody there?"),
        (AGENT, "Yes, we are."),
        (CUSTOMER, "Good"),
    ]
    assert await texts(chats, "chat-two") == ["Mine"]


async def test_a_message_that_comes_again_is_kept_once(database: Database, chats: Chats) -> None:
    await keep(database, said(), said())
    first = await deliver(database, to_visitor())
    second = await deliver(database, to_visitor())
    assert (first.verdict, second.verdict) == (TAKEN, TAKEN)
    assert await texts(chats) == ["Is anybody there?", "Yes, we are."]


async def test_what_no_person_wrote_is_marked_and_is_no_answer(
    database: Database, chats: Chats
) -> None:
    await keep(database, said())
    await deliver(database, replace(to_visitor(), by="rule:welcome"))
    found = await chats.conversation(CHAT)
    assert [line.side for line in found.lines] == [CUSTOMER, AUTOMATIC]
    assert found.standing == WAITING
    await stands(database, said(), "answered")
    assert (await chats.conversation(CHAT)).standing == READ


async def test_only_the_newest_messages_are_shown_and_the_order_stays(
    database: Database, chats: Chats
) -> None:
    await keep(database, *(said(number, text=str(number)) for number in range(SHOWN + 5)))
    assert await texts(chats) == [str(number) for number in range(5, SHOWN + 5)]


async def rows_read(database: Database, chats: Chats, lines: int) -> int:
    """How much SQLite goes through for a look at a conversation of so many lines."""
    await keep(database, *(said(number) for number in range(lines)))
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def watch(handler: object) -> None:
        with database.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.set_progress_handler(handler, 10)  # type: ignore[arg-type]

    watch(count)
    await chats.marks([CHAT])
    await chats.conversation(CHAT)
    watch(None)
    return steps


async def test_a_look_costs_the_same_however_much_was_ever_written(
    database: Database, chats: Chats
) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("counts the steps of SQLite's machine")
    short = await rows_read(database, chats, SHOWN)
    assert await rows_read(database, chats, 6 * SHOWN) < 1.2 * short


async def test_the_newest_lines_tell_where_it_stands(database: Database, chats: Chats) -> None:
    await keep(database, *(said(number) for number in range(JUDGED + 1)))
    for number in range(1, JUDGED + 1):
        await stands(database, said(number), "completed")
    assert (await chats.conversation(CHAT)).standing == CLOSED
    await stands(database, said(JUDGED), "waiting")
    assert (await chats.conversation(CHAT)).standing == WAITING


async def test_messages_of_the_visitor_are_counted_by_the_day(
    database: Database, chats: Chats
) -> None:
    day = day_of(NOON_MS)
    await keep(database, said(1), said(1), said(2), said(9, "chat-two"))
    await deliver(database, to_visitor())
    assert [await chats.said_on(CHAT, day), await chats.said_on(CHAT, day + 1)] == [2, 0]
    await keep(database, replace(said(3), at_ms=NOON_MS + 86_400_000))
    assert [await chats.said_on(CHAT, day), await chats.said_on(CHAT, day + 1)] == [0, 1]


async def test_where_it_stands_follows_the_history(database: Database, chats: Chats) -> None:
    assert (await chats.conversation(CHAT)).standing == EMPTY
    await keep(database, said())
    assert (await chats.conversation(CHAT)).standing == WAITING
    await stands(database, said(), "in work")
    assert (await chats.conversation(CHAT)).standing == READ
    await deliver(database, to_visitor())
    for status, standing in (("answered", ANSWERED), ("completed", CLOSED)):
        await stands(database, said(), status)
        assert (await chats.conversation(CHAT)).standing == standing


async def test_who_wrote_stop_reads_that_nothing_is_sent_to_them(
    database: Database, chats: Chats
) -> None:
    await keep(database, said(), said(9, "chat-two"))
    before = await chats.marks([CHAT])
    for number, (kind, standing) in enumerate(((STOP, STOPPED), (START, WAITING), (STOP, STOPPED))):
        event = ConsentEvent(
            event_id=str(number), handle_key=f"webchat:{CHAT}", kind=kind, at_ms=NOON_MS
        )
        await database.write(lambda c, e=event: insert_events(database, c, [e]))
        assert (await chats.conversation(CHAT)).standing == standing
    assert await chats.marks([CHAT]) != before
    assert (await chats.conversation("chat-two")).standing == WAITING


async def test_a_mark_changes_with_whatever_the_page_shows_and_with_nothing_else(
    database: Database, chats: Chats
) -> None:
    await keep(database, said(), said(9, "chat-two"))
    marks = [await chats.marks([CHAT, "chat-two", "nobody"])]
    await stands(database, said(), "in work")
    marks.append(await chats.marks([CHAT, "chat-two"]))
    await deliver(database, to_visitor())
    marks.append(await chats.marks([CHAT, "chat-two"]))
    await deliver(database, to_visitor())
    assert [len({m[CHAT] for m in marks}), len({m["chat-two"] for m in marks})] == [3, 1]
    assert await chats.marks([CHAT, "chat-two"]) == marks[-1]
    assert set(marks[0]) == {CHAT, "chat-two"}


async def test_what_a_visitor_says_is_in_the_journal_and_on_the_page_or_in_neither(
    database: Database, chats: Chats
) -> None:
    """A1.1: what the page shows as sent was taken in."""
    intake = Intake(intake_id="i1", mention_id="m1", raw=b"{}", received_ms=NOON_MS)
    await Journal(database).add([intake], chats.keep(said()))
    assert await texts(chats) == ["Is anybody there?"]
    too_much = replace(said(2), chat=None)  # type: ignore[arg-type]
    with pytest.raises(sa.exc.IntegrityError):
        await Journal(database).add([replace(intake, intake_id="i2")], chats.keep(too_much))
    count = sa.select(sa.func.count()).select_from(journal)
    assert await database.read(lambda c: c.execute(count).scalar()) == 1


async def test_the_newest_words_of_a_visitor_are_known(database: Database, chats: Chats) -> None:
    assert await chats.last_said(CHAT) is None
    await keep(database, said(1), said(2), said(9, "chat-two"))
    await deliver(database, to_visitor())
    assert await chats.last_said(CHAT) == said(2)
    assert await chats.line(said(1).message_id) == said(1)
    assert await chats.line("unheard") is None


async def test_nothing_is_delivered_without_a_permit_for_it(
    database: Database, chats: Chats
) -> None:
    await keep(database, said())
    permit, webchat = permit_for(to_visitor()), WebChat(chats, lambda: NOON_MS)
    with pytest.raises(NotPermitted):
        await webchat.send(to_visitor(text="Something else"), permit)
    with pytest.raises(NotPermitted):
        await webchat.send(to_visitor(chat="chat-two"), permit)
    with pytest.raises(NotPermitted):
        await WebChat(chats, lambda: NOON_MS + PERMIT_MS).send(to_visitor(), permit)
    assert await texts(chats) == ["Is anybody there?"]


async def test_who_never_wrote_here_has_no_page_to_show_it(
    database: Database, chats: Chats
) -> None:
    answer = await deliver(database, to_visitor(chat="visitor-0001"))
    assert (answer.verdict, answer.never) == (REFUSED, True)
    assert "/chat" in answer.problem
    assert await texts(chats, "visitor-0001") == []


async def test_a_store_that_is_away_is_tried_again(chats: Chats) -> None:
    class Away(Chats):
        async def deliver(self, line: Line) -> bool:
            raise Unavailable("the store does not answer")

    message = to_visitor()
    away = Away(chats._database)
    answer = await WebChat(away, lambda: NOON_MS).send(message, permit_for(message))
    assert (answer.verdict, answer.never) == (AGAIN, False)
