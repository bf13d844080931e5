"""Who is erased leaves neither consent nor messages behind, and is sent nothing (A4.8)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.erasures import Dossiers, Erasure, Erasures
from app.adapters.store.outbound_tables import (
    consent_events,
    kept_stops,
    outbound,
    outbound_refusals,
)
from app.adapters.store.personal import Person
from app.adapters.store.stops import insert_stops
from app.adapters.store.tables import facts
from app.core.consent import DAY_MS, HeardStop, standing
from app.core.outbound_facts import consent_fact
from app.core.sealing import UNREADABLE
from tests.builders import NOON_MS, keep_customer
from tests.outbound.conftest import SHIPPED, Post

KEY = "sms:anna"
AMIRA = {"type": "user", "id": "amira", "role": "agent"}


async def erase(post: Post, at_ms: int = NOON_MS) -> None:
    erasures = Erasures(post.database, SHIPPED.words)
    erasure = Erasure(
        id=f"e{at_ms}", person=Person(handle_keys=(KEY,)), reason="asked by letter", asked_by="ada",
        role="admin", asked_ms=at_ms,
    )  # fmt: skip
    await erasures.ask(erasure)
    await erasures.work(erasure)


async def record(post: Post, evidence: str, kind: str = "given") -> None:
    """As the API does it: the fact has no mention of its own."""
    data = {
        "handle_key": KEY, "kind": kind, "channel": "sms", "purpose": "marketing",
        "source": "phone", "evidence": evidence,
    }  # fmt: skip
    await post.ledger.append([consent_fact(data, "k", NOON_MS, AMIRA).as_dict()])


async def stored(database: Database) -> str:
    def work(connection: sa.Connection) -> str:
        rows = [repr(row) for row in connection.execute(sa.select(facts.c.body))]
        for table in (consent_events, outbound, outbound_refusals):
            rows += [repr(row) for row in connection.execute(sa.select(table))]
        return "\n".join(rows).casefold()

    return await database.read(work)


async def test_consent_and_messages_are_handed_out_and_then_gone(
    post: Post, database: Database
) -> None:
    said = await post.hears("Where is my parcel?")
    await record(post, "anna said so on the phone")
    await post.replies(said, "Dear Anna, it is on its way.")
    await post.hears("STOP")
    await post.replies(said, "Dear Anna, once more.")
    await post.round()
    _, found = await Dossiers(database).of(KEY)
    assert found["consent_events"][0]["evidence"] == "anna said so on the phone"
    assert {row["text"] for row in found["outbound"]} == {
        "Dear Anna, it is on its way.", "Dear Anna, once more.",
    }  # fmt: skip
    assert [row["code"] for row in found["outbound_refusals"]] == ["stopped"] * 2
    assert "consent_changed" in {fact["op"] for fact in found["facts"]}
    await erase(post)
    assert "anna" not in await stored(database)
    told = [f for f in await post.ledger.since(0) if f["op"] in ("consent_changed", "not_sent")]
    assert {fact[UNREADABLE] for fact in told} == {"erased"}


async def test_a_stop_outlives_its_person_as_a_digest_that_names_nobody(post: Post) -> None:
    """A4.8: whoever said STOP, was erased and is brought here again is still not written to."""
    await post.hears("STOP")
    await post.round()
    await erase(post)
    await erase(post)  # until it is whole
    await post.replies(await post.hears("Where is my parcel?"))
    await post.round()
    assert (post.sms.requests, await post.states()) == ([], ["refused"])
    assert "anna" not in await kept(post.database)
    await post.hears("START")
    await post.replies(await post.hears("And now?"))
    await post.round()
    assert len(post.sms.texts) == 1


async def test_a_stop_that_was_taken_back_is_not_kept(post: Post) -> None:
    await post.hears("STOP")
    await post.round()
    await erase(post)
    await post.hears("START")
    await post.round()
    await erase(post)
    await post.replies(await post.hears("Where is my parcel?"))
    await post.round()
    assert len(post.sms.texts) == 1


async def test_a_stop_that_was_accepted_and_not_taken_in_is_kept(post: Post) -> None:
    """In the ledger nobody can read it any more after the erasure."""
    heard = HeardStop(intake_id="i1", mention_id="m9", handle_key=KEY, channel="sms", at_ms=NOON_MS)
    await post.database.write(lambda c: insert_stops(c, [heard]))
    await erase(post)
    [stop] = (await post.consents.of_person(KEY))[1]
    assert (stop.kind, stop.source, stop.by) == ("stop", "kept", "")
    assert stop.event_id == "kept", "it goes into facts, and may not lead from a handle to them"


async def kept(database: Database) -> str:
    def work(connection: sa.Connection) -> str:
        rows = connection.execute(sa.select(kept_stops)).all()
        assert rows
        return repr(rows)

    return await database.read(work)


async def test_a_message_that_waits_is_not_sent_any_more(post: Post) -> None:
    await post.replies(await post.hears("Where is my parcel?"))
    await post.intake.turn()
    await erase(post)
    await post.round()
    assert (post.sms.requests, await post.log()) == ([], [])


async def test_facts_that_are_taken_in_after_the_erasure_make_nothing(post: Post) -> None:
    said = await post.hears("STOP")
    await record(post, "a call")
    await post.replies(said)
    await erase(post)  # before anybody has read them
    await post.round()
    assert (post.sms.requests, await post.log()) == ([], [])
    assert [event.event_id for event in (await post.consents.of_person(KEY))[1]] == ["kept"]


@pytest.mark.parametrize("by_rep", [False, True])
async def test_a_stop_that_is_in_the_ledger_and_that_send_has_not_read_is_kept(
    post: Post, by_rep: bool
) -> None:
    """A4.8: as over Kafka, where no journal has it; the erasure ends though `send` is down."""
    if by_rep:
        await record(post, "a letter", "stop")
    else:
        await post.hears("STOP")
    await erase(post)
    await erase(post)  # until it is whole
    await post.replies(await post.hears("Where is my parcel?"))
    await post.round()
    assert (post.sms.requests, await post.states()) == ([], ["refused"])


async def test_a_start_that_send_has_not_read_lifts_the_stop_before_the_erasure(post: Post) -> None:
    await post.hears("STOP")
    await post.round()
    await post.hears("START")
    await erase(post)
    assert (await post.consents.of_person(KEY))[1] == []


async def test_what_a_joined_handle_said_before_lifts_no_kept_stop(post: Post) -> None:
    """A4.8: its consent is older than the erasure; a START of the day after it is not."""
    await post.hears("START", channel="email", handle="anna@x")
    await post.records("given", "email", "marketing", handle_key="email:anna@x")
    await post.hears("STOP")
    await post.round()
    await erase(post)
    await keep_customer(post.database, "c1", KEY, "email:anna@x")
    stands = standing((await post.consents.of_person(KEY))[1])
    assert (stands.stop is not None, stands.given) == (True, {})
    post.now_ms = NOON_MS + DAY_MS
    await post.hears("START", channel="email", handle="anna@x")
    await post.round()
    assert standing((await post.consents.of_person(KEY))[1]).stop is None


async def test_a_stop_that_is_kept_again_is_as_new_as_the_last_erasure(post: Post) -> None:
    await post.hears("STOP")
    await post.round()
    await erase(post)
    await erase(post, NOON_MS + DAY_MS)
    [stop] = (await post.consents.of_person(KEY))[1]
    assert stop.at_ms == (NOON_MS // DAY_MS + 1) * DAY_MS, "the begin of its day: no moment is kept"
