"""What goes out, in the store: taken once, permitted in one transaction, told once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.adapters.store.consents import Consents
from app.adapters.store.database import Database
from app.adapters.store.journal import Intake, Journal
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.ledger import Ledger
from app.adapters.store.outbound import UNREAD, OutboundLog
from app.core.consent import GIVEN, MESSAGE, START, STOP, ConsentEvent, HeardStop
from app.core.errors import Conflict
from app.core.outbound import (
    FAILED,
    NO_CONNECTOR,
    PERMITTED,
    QUEUED,
    REFUSED,
    SENT,
    WAITING,
    Outbound,
    Outgoing,
)
from app.core.permission import STOPPED, TOO_OFTEN, Cap, Permit, Policy, Purpose, Refusal
from tests.adapters.test_store import fact
from tests.builders import NOON_MS, keep_customer

POLICY = Policy(
    purposes={
        "answer": Purpose(
            name="answer", title="answers", basis="contract", quiet=False,
            caps=(Cap(most=2, within_s=3600),),
        )
    }
)  # fmt: skip


def going(id_: str, **given: Any) -> Outgoing:
    """A message to anna on SMS, unless said otherwise."""
    fields: dict[str, Any] = {
        "channel": "sms", "handle": "+491", "handle_key": "sms:+491", "text": "On its way.",
        "purpose": "answer", "mention_id": "m1", "source_id": "4711", "by": "rep:amira",
        "created_ms": NOON_MS,
    }  # fmt: skip
    rest: dict[str, Any] = {"seq": 1, "next_ms": NOON_MS, "changed_ms": NOON_MS}
    for name, value in given.items():
        (fields if name in fields else rest)[name] = value
    return Outgoing(message=Outbound(outbound_id=id_, **fields), **rest)


def consent(kind: str, handle_key: str = "sms:+491", **given: Any) -> ConsentEvent:
    fields = {"event_id": f"{kind}-{handle_key}", "source": MESSAGE, "mention_id": "m9"} | given
    return ConsentEvent(handle_key=handle_key, kind=kind, at_ms=NOON_MS, **fields)


@pytest.fixture
def kept(database: Database) -> OutboundLog:
    return OutboundLog(database)


@pytest.fixture
def consents(database: Database) -> Consents:
    return Consents(database)


async def take(kept: OutboundLog, *some: Outgoing, seq: int = 0, now_ms: int = NOON_MS) -> None:
    await kept.take(("send", seq), [], some, now_ms)


async def decide(
    kept: OutboundLog, found: Outgoing, now_ms: int = NOON_MS
) -> Permit | Refusal | None:
    return await kept.decide(found, POLICY, "send", now_ms)


async def one(kept: OutboundLog, id_: str) -> Outgoing:
    [found] = await kept.log({"outbound_id": id_}, 10)
    return found


async def due(kept: OutboundLog, now_ms: int = NOON_MS) -> list[str]:
    return [found.message.outbound_id for found in await kept.due("sms", now_ms, 10)]


async def test_messages_consent_and_the_position_are_kept_together_and_once(
    kept: OutboundLog, consents: Consents, database: Database
) -> None:
    given = consent(GIVEN, channel="sms", purpose="marketing")
    await kept.take(("send", 7), [given], [going("a")], NOON_MS)
    await kept.take(("send", 7), [given], [going("a", text="Other.")], NOON_MS)
    assert await Ledger(database).cursor("send") == 7
    assert (await one(kept, "a")) == going("a")
    assert (await consents.of_person("sms:+491")) == (["sms:+491"], [given])


async def test_a_permit_is_kept_before_the_message_goes_out(kept: OutboundLog) -> None:
    await take(kept, going("a"))
    permit = await decide(kept, going("a"))
    assert isinstance(permit, Permit)
    permit.check(going("a").message, NOON_MS)
    found = await one(kept, "a")
    assert (found.state, found.permitted_ms, found.rule) == (PERMITTED, NOON_MS, "purpose.answer")
    assert await due(kept) == ["a"]  # whoever is killed now finds it again


async def test_nothing_is_permitted_while_the_ledger_has_something_unread(
    kept: OutboundLog, database: Database
) -> None:
    """A4.8: a STOP in there comes first."""
    await take(kept, going("a"))
    await Ledger(database).append([fact("received", "x")])
    with pytest.raises(Conflict) as unread:
        await decide(kept, going("a"))
    assert unread.value.code == UNREAD
    assert (await one(kept, "a")).state == QUEUED
    await take(kept, seq=await Ledger(database).last_seq())
    assert isinstance(await decide(kept, going("a")), Permit)


async def test_a_stop_on_one_handle_holds_for_all_handles_of_the_customer(
    kept: OutboundLog, consents: Consents, database: Database
) -> None:
    await keep_customer(database, "c1", "sms:+491", "email:anna@x.example", name="Anna")
    await take(kept, going("a"))
    await kept.take(("send", 0), [consent(STOP, "email:anna@x.example")], [], NOON_MS)
    refusal = await decide(kept, going("a"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == STOPPED
    found = await one(kept, "a")
    assert (found.state, found.code, found.permitted_ms) == (REFUSED, STOPPED, 0)
    [kept_refusal] = await kept.refusals("a")
    assert (kept_refusal["code"], kept_refusal["why"]) == (STOPPED, refusal.why)
    assert (await consents.of_person("sms:+491"))[0] == ["email:anna@x.example", "sms:+491"]


async def heard(database: Database, intake_id: str, at_ms: int, *stops: HeardStop) -> None:
    taken = Intake(intake_id=intake_id, mention_id=intake_id, raw=b"{}", received_ms=at_ms)
    await Journal(database).add([taken], stops=stops)


async def test_an_accepted_stop_holds_until_the_ledger_has_it(
    kept: OutboundLog, consents: Consents, database: Database
) -> None:
    """A4.8: over a START that was accepted before it, and not over one that came after."""
    stop = HeardStop(
        intake_id="i2", mention_id="i2", handle_key="sms:+491", channel="sms", at_ms=NOON_MS + 2
    )
    await heard(database, "i1", NOON_MS + 1)
    await heard(database, "i2", NOON_MS + 2, stop)
    start = fact("received", "i1") | {"op_id": "intake:i1", "mention_id": "i1"}
    await Ledger(database).append([start])
    event = replace(consent(START, mention_id="i1"), at_ms=NOON_MS + 9)
    await kept.take(("send", await Ledger(database).last_seq()), [event], [], NOON_MS)
    assert (await consents.of_person("sms:+491"))[1] == [event, stop.event]
    later = replace(event, event_id="later", mention_id="i9")
    await kept.take(("send", await Ledger(database).last_seq()), [later], [], NOON_MS)
    assert (await consents.of_person("sms:+491"))[1] == [event, stop.event, later]
    await Journal(database).settle()
    assert stop.event in (await consents.of_person("sms:+491"))[1]
    decided = fact("decided", "i2") | {"op_id": "intake:i2", "mention_id": "i2"}
    await Ledger(database).append([decided])
    assert (await consents.of_person("sms:+491"))[1] == [event, later]
    await Journal(database).settle()
    assert (await consents.of_person("sms:+491"))[1] == [event, later]


async def test_a_stop_of_somebody_else_changes_nothing(kept: OutboundLog) -> None:
    await take(kept, going("a"))
    await kept.take(("send", 0), [consent(STOP, "sms:+492")], [], NOON_MS)
    assert isinstance(await decide(kept, going("a")), Permit)


async def test_what_waits_is_asked_about_again_at_once_where_its_person_says_stop(
    kept: OutboundLog,
) -> None:
    await take(kept, going("a", state=WAITING, next_ms=NOON_MS + 9_000))
    assert await due(kept) == []
    await kept.take(("send", 0), [consent(STOP)], [], NOON_MS)
    assert await due(kept) == ["a"]


async def test_the_cap_counts_what_went_out_on_all_handles_of_a_person(
    kept: OutboundLog, database: Database
) -> None:
    await keep_customer(database, "c1", "sms:+491", "sms:+492", name="Anna")
    other = {"handle": "+492", "handle_key": "sms:+492"}
    await take(kept, going("a", seq=1), going("b", seq=2, **other), going("c", seq=3))
    assert isinstance(await decide(kept, going("a")), Permit)
    assert isinstance(await decide(kept, going("b", **other)), Permit)
    refusal = await decide(kept, going("c"))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.again_ms) == (TOO_OFTEN, NOON_MS + 3_600_000)
    found = await one(kept, "c")
    assert (found.state, found.next_ms) == (WAITING, refusal.again_ms)
    assert isinstance(await decide(kept, going("c"), refusal.again_ms), Permit)


async def test_sending_the_same_message_again_does_not_use_the_cap_up(kept: OutboundLog) -> None:
    await take(kept, going("a"))
    for n in range(4):
        assert isinstance(await decide(kept, going("a"), NOON_MS + n), Permit)
        await kept.again(going("a"), "no answer", NOON_MS + n, NOON_MS + n)
    assert (await one(kept, "a")).attempts == 4


async def test_what_its_receiver_did_not_take_is_counted_by_no_cap(kept: OutboundLog) -> None:
    await take(kept, *(going(id_, seq=n) for n, id_ in enumerate("abc")))
    for id_ in "ab":
        await decide(kept, going(id_))
        await kept.failed(going(id_), "answered 404", NOON_MS, never_out=True)
    assert (await one(kept, "a")).state == FAILED
    assert isinstance(await decide(kept, going("c")), Permit)


async def test_to_one_person_one_message_goes_at_a_time_and_in_order(kept: OutboundLog) -> None:
    other = {"handle_key": "sms:+492"}
    await take(kept, going("b", seq=2), going("a", seq=1), going("c", seq=3, **other))
    assert await due(kept) == ["a", "c"]
    await decide(kept, going("a"))
    assert await due(kept) == ["a", "c"]
    await kept.again(going("a"), "no answer", NOON_MS + 5_000, NOON_MS)
    assert await due(kept) == ["c"]
    await decide(kept, going("a"))
    await kept.sent(going("a"), "ref-1", NOON_MS)
    assert await due(kept) == ["b", "c"]


async def test_who_waits_for_the_morning_holds_up_nothing(kept: OutboundLog) -> None:
    await take(kept, going("a", seq=1, state=WAITING, next_ms=NOON_MS + 9_000), going("b", seq=2))
    assert await due(kept) == ["b"]


async def test_what_has_come_to_its_end_is_not_asked_about_again(kept: OutboundLog) -> None:
    await take(kept, going("a"))
    await decide(kept, going("a"))
    await kept.sent(going("a"), "ref-1", NOON_MS + 5)
    assert await decide(kept, going("a")) is None
    found = await one(kept, "a")
    assert (found.state, found.reference, found.changed_ms) == (SENT, "ref-1", NOON_MS + 5)


async def test_each_state_that_is_worth_a_fact_is_told_once(kept: OutboundLog) -> None:
    await take(kept, *(going(id_, seq=n) for n, id_ in enumerate("abc")))
    for id_ in "ab":
        await decide(kept, going(id_))
        await kept.sent(going(id_), "", NOON_MS)
    await decide(kept, going("c"))
    told = await kept.untold()
    assert [(f.message.outbound_id, f.state, f.round) for f in told] == [
        ("a", SENT, 1), ("b", SENT, 1), ("c", WAITING, 1),
    ]  # fmt: skip
    for found in told:
        await kept.told(found)
    assert await kept.untold() == []
    later = NOON_MS + 3_600_000
    await decide(kept, going("c"), later)
    assert await kept.untold() == []  # on its way is not told
    await kept.sent(going("c"), "", later)
    assert [(f.state, f.round) for f in await kept.untold()] == [(SENT, 2)]


async def test_what_was_told_late_does_not_silence_what_came_after(kept: OutboundLog) -> None:
    await take(kept, *(going(id_, seq=n) for n, id_ in enumerate("abc")))
    await decide(kept, going("a"))
    await decide(kept, going("b"))
    await decide(kept, going("c"))
    waiting = await one(kept, "c")
    await decide(kept, going("c"), waiting.next_ms)
    await kept.sent(going("c"), "", waiting.next_ms)
    await kept.told(waiting)
    assert [found.state for found in await kept.untold()] == [SENT]


async def test_a_written_stop_becomes_a_fact_and_what_was_recorded_already_is_one(
    kept: OutboundLog, consents: Consents
) -> None:
    recorded = consent(GIVEN, source="phone", channel="sms", purpose="marketing")
    await kept.take(("send", 1), [consent(STOP), recorded], [], NOON_MS)
    assert await consents.untold() == [consent(STOP)]
    await consents.told([consent(STOP)])
    assert await consents.untold() == []


async def test_where_a_channel_has_lost_its_connector_the_rest_stays_here(
    kept: OutboundLog,
) -> None:
    await take(kept, going("a"), going("b", channel="email", handle_key="email:b"))
    await kept.unconnected({"email"}, NOON_MS)
    assert (await one(kept, "a")).state == NO_CONNECTOR
    assert (await one(kept, "b")).state == QUEUED


async def test_sending_begins_where_it_was_begun_first(kept: OutboundLog) -> None:
    assert await kept.begin("send-from", 12) == 12
    assert await kept.begin("send-from", 99) == 12


async def test_the_zone_is_the_profiles_then_the_messages_own_then_the_channels(
    consents: Consents, database: Database
) -> None:
    message = going("a").message

    async def zone(own: str) -> str:
        return str((await consents.known(message, POLICY, NOON_MS, own)).zone)

    assert await zone("") == "UTC"
    assert await zone("America/New_York") == "America/New_York"
    for nonsense in ("Mars/Olympus", "../../etc/passwd", "Europe", "\x00", "x" * 64):
        assert await zone(nonsense) == "UTC"
    await keep_customer(database, "c1", "sms:+491", zone="Asia/Tokyo")
    assert await zone("America/New_York") == "Asia/Tokyo"
    assert (await KnownProfiles(database).known(["sms:+491"]))["sms:+491"].zone == "Asia/Tokyo"


async def test_the_log_is_searched_by_what_is_named(kept: OutboundLog) -> None:
    await take(kept, going("a", seq=1), replace(going("b", seq=2), state=NO_CONNECTOR))
    assert [f.message.outbound_id for f in await kept.log({}, 10)] == ["b", "a"]
    assert [f.message.outbound_id for f in await kept.log({"state": QUEUED}, 10)] == ["a"]
    assert [f.message.outbound_id for f in await kept.of_mention("m1")] == ["a", "b"]
    assert await kept.oldest_queued_ms() == NOON_MS
