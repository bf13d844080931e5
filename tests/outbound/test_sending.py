"""A reply goes through the gate and out, once; STOP wins; killed, nothing is lost (A4.8)."""

from __future__ import annotations

import asyncio

import pytest

from app.adapters.store.consents import READER
from app.adapters.store.database import Database
from app.core.delivery import Answer, Circuit
from app.core.errors import Unavailable
from app.core.facts import OPS
from tests.builders import NOON_MS, keep_customer
from tests.outbound.conftest import Post

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class Killed(BaseException):
    """kill -9: nothing after it runs."""


async def test_a_reply_is_sent_once_and_the_ledger_tells_of_it(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    await post.replies(said, "It is on its way.")
    await post.round()
    await post.round()
    [message] = post.sms.has.values()
    assert (message.text, message.handle, message.source_id) == (
        "It is on its way.", "anna", "said-1",
    )  # fmt: skip
    assert (message.purpose, message.by, message.channel) == ("answer", "rep:amira", "sms")
    assert post.sms.requests == [message.outbound_id]
    [fact] = await post.told("sent", "not_sent")
    assert (fact["op"], fact["mention_id"], fact["data"]["reference"]) == ("sent", said, "ref-1")
    assert fact["data"]["rule"] == "purpose.answer"
    assert fact["op"] in OPS


async def test_a_channel_without_a_connector_keeps_the_reply_and_says_so(post: Post) -> None:
    await post.replies(await post.hears("Hello?", channel="x"))
    await post.round()
    assert await post.states() == ["no_connector"]
    assert await post.told("sent", "not_sent") == []  # the reply is the fact, as ever


async def test_after_stop_a_reply_is_refused_with_the_reason(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    await post.hears("STOP")
    await post.replies(said)
    await post.round()
    assert post.sms.requests == []
    [fact] = await post.told("not_sent")
    assert (fact["data"]["code"], fact["data"]["state"]) == ("stopped", "refused")
    assert "START" in fact["reason"]
    [heard] = await post.told("consent_changed")
    assert (heard["data"]["kind"], heard["data"]["handle_key"]) == ("stop", "sms:anna")
    assert heard["data"]["evidence"].startswith("mention ")


async def test_a_stop_on_any_channel_blocks_all_channels_of_the_customer(
    post: Post, database: Database
) -> None:
    await keep_customer(database, "c1", "sms:anna", "x:anna_x", name="Anna")
    said = await post.hears("Where is my parcel?")
    await post.hears("Unsubscribe!", channel="x", handle="anna_x")
    await post.replies(said)
    await post.round()
    assert (post.sms.requests, await post.states()) == ([], ["refused"])


async def test_a_stop_that_came_after_the_reply_still_comes_first(post: Post) -> None:
    """Nothing was taken in yet: both are read before anything is sent."""
    said = await post.hears("Where is my parcel?")
    await post.replies(said)
    await post.hears("stop")
    await post.round()
    assert post.sms.requests == []


async def test_a_stop_that_lands_in_the_ledger_just_before_the_send_wins(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    await post.replies(said)
    await post.intake.turn()
    await post.hears("STOP")  # nobody has taken it in when the lane begins
    await post.lanes["sms"].turn()
    await post.lanes["sms"].landed()
    assert (post.sms.requests, await post.states()) == ([], ["refused"])


async def test_what_is_tried_again_is_asked_about_again(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    await post.replies(said)
    post.sms.script = [Answer(status=503)]
    await post.round()
    await post.hears("STOP")
    post.now_ms += MINUTE_MS
    await post.round()
    assert len(post.sms.requests) == 1
    assert await post.states() == ["refused"]


async def test_an_edit_to_stop_is_a_stop(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    [fact] = await post.told("received")
    told = {**fact["data"]["mention"], "text": "stop"}
    post.facts += 1
    await post._append("edited", said, data={"mention": told, "content_hash": "x"})
    await post.replies(said)
    await post.round()
    assert await post.states() == ["refused"]


async def test_start_lets_the_next_reply_out(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    await post.hears("STOP")
    await post.replies(said, "First.")
    await post.round()
    await post.hears("START")
    await post.replies(said, "Second.")
    await post.round()
    assert post.sms.texts == ["Second."]  # what was refused stays refused
    assert await post.states() == ["refused", "sent"]


async def test_a_recorded_consent_after_stop_lets_answers_out_on_its_channel(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    await post.hears("STOP")
    await post.records("given", "sms", "answer")
    await post.replies(said)
    await post.round()
    assert len(post.sms.texts) == 1
    given = (await post.consents.of_person("sms:anna"))[1][-1]
    assert (given.kind, given.source, given.by) == ("given", "phone", "rep:amira")
    assert given.evidence == "call of 12:00"
    assert len(await post.told("consent_changed")) == 2  # what was recorded, and the STOP heard


async def test_what_was_told_of_consent_is_not_heard_a_second_time(post: Post) -> None:
    await post.hears("STOP")
    await post.round()
    await post.round()
    assert [event.kind for event in (await post.consents.of_person("sms:anna"))[1]] == ["stop"]


async def test_a_hostile_kind_of_consent_is_no_consent(post: Post) -> None:
    await post.records("granted", "sms", "marketing")
    await post.round()
    assert (await post.consents.of_person("sms:anna"))[1] == []


async def test_the_cap_makes_the_rest_wait_and_then_go(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    for n in range(31):
        await post.replies(said, f"Line {n}.")
    for _ in range(10):
        await post.round()
    assert len(post.sms.texts) == 30
    [waits] = await post.log(state="waiting")
    assert (waits.code, waits.next_ms) == ("too_often", NOON_MS + HOUR_MS)
    [fact] = await post.told("not_sent")
    assert fact["data"]["again_ms"] == NOON_MS + HOUR_MS
    post.now_ms += HOUR_MS
    await post.round()
    assert len(post.sms.texts) == 31


async def test_who_waits_and_says_stop_is_refused_at_once(post: Post) -> None:
    said = await post.hears("Where is my parcel?")
    for n in range(31):
        await post.replies(said, f"Line {n}.")
    for _ in range(10):
        await post.round()
    await post.hears("STOP")
    await post.round()
    assert (await post.states()).count("refused") == 1


@pytest.mark.parametrize("kill_at", ["before the send", "after the receiver had it"])
async def test_killed_in_between_it_is_sent_again_under_the_same_id(
    post: Post, kill_at: str
) -> None:
    await post.replies(await post.hears("Where is my parcel?"))
    post.sms.script = [Killed()] if kill_at == "before the send" else []

    async def lost(*_: object) -> None:
        raise Killed

    if not post.sms.script:
        post.lanes["sms"]._note = lost  # type: ignore[method-assign]
    with pytest.raises(Killed):
        await post.round()
    assert await post.states() == ["permitted"]
    post.start()
    await post.round()
    assert (await post.states(), len(post.sms.has)) == (["sent"], 1)
    assert len(set(post.sms.requests)) == 1
    assert len(await post.told("sent")) == 1


async def test_what_was_said_before_anybody_sent_is_history_but_its_stops_count(
    database: Database,
) -> None:
    post = Post(database)
    said = await post.hears("Where is my parcel?")
    await post.replies(said, "Of last year.")
    await post.hears("STOP", channel="email")
    await post.round()
    assert await post.log() == []
    await post.replies(await post.hears("And now?", channel="email"))
    await post.replies(said, "Of today.")
    await post.round()
    assert post.sms.texts == ["Of today."]
    assert post.email.requests == []


async def test_a_receiver_that_is_unwell_is_tried_again_and_then_given_up(post: Post) -> None:
    await post.replies(await post.hears("Where is my parcel?"))
    post.sms.script = [Answer(status=503, problem="answered 503")] * 3
    for _ in range(4):
        await post.round()
        post.now_ms += 10 * MINUTE_MS
    assert len(post.sms.requests) == 3
    [fact] = await post.told("not_sent")
    assert (fact["data"]["state"], fact["reason"]) == ("failed", "answered 503")
    assert fact["data"]["attempts"] == 3


async def test_a_receiver_that_refuses_is_not_asked_again(post: Post) -> None:
    await post.replies(await post.hears("Where is my parcel?"))
    post.sms.script = [Answer(status=404, problem="answered 404")]
    await post.round()
    post.now_ms += HOUR_MS
    await post.round()
    assert (len(post.sms.requests), await post.states()) == (1, ["failed"])


async def test_a_channel_that_is_unwell_rests_and_the_other_goes_on(post: Post) -> None:
    post.sms.script = [Answer()] * 50
    for n in range(Circuit.FAILURES + 3):
        await post.replies(await post.hears("Hello?", handle=f"h{n}"))
    await post.replies(await post.hears("Hello?", channel="email"))
    await post.round()
    assert len(post.email.texts) == 1
    assert len(post.sms.requests) <= Circuit.AT_ONCE
    held = len(post.sms.requests)
    await post.round()
    assert len(post.sms.requests) == held


async def test_an_unavailable_store_is_waited_for_and_nothing_is_sent(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.replies(await post.hears("Where is my parcel?"))
    await post.intake.turn()

    async def away() -> None:
        raise Unavailable("the store does not answer")

    monkeypatch.setattr(post.lanes["sms"], "_catch_up", away)
    await post.lanes["sms"].turn()
    with pytest.raises(Unavailable):
        await post.lanes["sms"].landed()
    assert (post.sms.requests, await post.states()) == ([], ["queued"])


async def test_an_expired_permit_sends_nothing(post: Post) -> None:
    """Whoever slept between permit and send must ask again."""
    await post.replies(await post.hears("Where is my parcel?"))
    await post.intake.turn()
    post.sms.now_ms = lambda: NOON_MS + HOUR_MS
    await post.lanes["sms"].turn()
    await post.lanes["sms"].landed()
    [found] = await post.log()
    assert (post.sms.requests, found.state, found.attempts) == ([], "queued", 1)
    assert found.problem == "the permit has expired"


async def test_two_readers_at_once_take_each_fact_in_once(post: Post) -> None:
    for _ in range(5):
        await post.replies(await post.hears("Where is my parcel?"))
    await asyncio.gather(*(post.intake.turn() for _ in range(5)))
    assert len(await post.log()) == 5
    assert await post.ledger.cursor(READER) == await post.ledger.last_seq()


async def test_a_zone_in_the_message_is_kept_where_it_may_be_one(post: Post) -> None:
    await post.replies(await post.hears("Hello?", zone="Asia/Tokyo"))
    await post.replies(await post.hears("Hello?", zone="\x00'; drop"))
    await post.replies(await post.hears("Hello?", zone={"a": 1}))
    await post.intake.turn()
    assert [found.zone for found in reversed(await post.log())] == ["Asia/Tokyo", "", ""]
