"""A rule that replies by itself asks the same gate, says so in the ledger, and stops no clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.adapters.store.database import Database
from app.adapters.store.rule_events import Asked
from app.core.event_acts import DONE, STOPPED, Act
from app.core.events import Event
from tests.outbound.conftest import Post

HOUR_MS = 3_600_000
TEXT = "We have your message."


async def decided(post: Post, mention_id: str, purpose: str = "acknowledgement") -> None:
    """The rules said something at this mention."""
    post.facts += 1
    decision: dict[str, Any] = {
        "queue": "service", "rule": "rest", "by": {"queue": "rest", "reply": "welcome"},
        "reply": {"text": TEXT, "purpose": purpose},
    }  # fmt: skip
    await post._append("decided", mention_id, data={"decision": decision})


async def acted(post: Post, mention_id: str, number: int = 1, **given: Any) -> None:
    """An event rule acted on the task of this mention."""
    fields: dict[str, Any] = {
        "act_id": f"act-{number}", "event_id": f"event-{number}", "mention_id": mention_id,
        "task_id": "t1", "fact_id": "f", "event": "waiting", "rule": "patience", "why": "Because.",
        "seq": 1, "at_ms": post.now_ms, "depth": 1, "number": 1, "state": DONE,
        "reply": {"text": "It takes longer.", "purpose": "answer"},
    }  # fmt: skip
    act = Act(**(fields | given))
    event = Event(
        event_id=act.event_id, name="waiting", fact_id="f", mention_id=mention_id, task_id="t1",
        seq=1, at_ms=post.now_ms, depth=0,
    )  # fmt: skip
    asked = Asked(event=event, version="v", number=1, values={}, trace=(), acts=(act,))
    await post.acts.take([asked])


async def test_a_reply_of_a_rule_at_the_mention_is_sent_once_in_the_rules_name(post: Post) -> None:
    """A4.8, A4.11."""
    asked = await post.hears("Where is my parcel?")
    await decided(post, asked)
    await post.round()
    await post.round()
    [message] = post.sms.has.values()
    assert (message.text, message.by, message.purpose) == (
        TEXT, "rule:welcome", "acknowledgement",
    )  # fmt: skip
    [fact] = await post.told("sent")
    assert (fact["data"]["text"], fact["data"]["by"]) == (TEXT, "rule:welcome")
    assert await post.told("replied") == []  # nothing that stops a clock


async def test_a_decision_that_says_nothing_sends_nothing(post: Post) -> None:
    asked = await post.hears("Where is my parcel?")
    post.facts += 1
    decision = {"queue": "service", "by": {"queue": "rest"}, "reply": None}
    await post._append("decided", asked, data={"decision": decision})
    post.facts += 1
    await post._append("decided", asked, data={"decision": {"queue": "", "by": {}}})  # older
    await post.round()
    assert await post.log() == []


async def test_a_machine_that_answers_our_answers_is_soon_left_alone(post: Post) -> None:
    for _ in range(5):
        await decided(post, await post.hears("I am away until Monday."))
    await post.round()
    assert len(post.sms.texts) == 1
    post.now_ms += HOUR_MS
    await post.round()
    assert len(post.sms.texts) == 1  # an hour later it is not worth saying
    assert sorted(await post.states()) == ["refused"] * 4 + ["sent"]


async def test_a_rule_that_calls_its_words_an_answer_has_the_caps_of_rules(post: Post) -> None:
    """A4.8: at the mention and at later events; people's answers alone may be thirty in an hour."""
    for number in range(3):
        asked = await post.hears("I am away until Monday.")
        await decided(post, asked, "answer")
        await acted(post, asked, number)
    await post.round()
    assert [one.purpose for one in post.sms.has.values()] == ["acknowledgement"]
    assert {fact["data"]["purpose"] for fact in await post.told("not_sent")} == {"acknowledgement"}


async def test_after_stop_no_rule_replies(post: Post) -> None:
    asked = await post.hears("STOP")
    await decided(post, asked)
    await acted(post, asked)
    await post.round()
    assert (post.sms.requests, await post.states()) == ([], ["refused", "refused"])


async def test_a_reply_of_an_event_rule_is_sent_once(post: Post) -> None:
    asked = await post.hears("Where is my parcel?")
    await acted(post, asked)
    for _ in range(2):
        await post.round()
        post.start()
    [message] = post.sms.has.values()
    assert (message.text, message.by) == ("It takes longer.", "rule:patience")


async def test_a_rule_that_was_stopped_says_nothing(post: Post) -> None:
    asked = await post.hears("Where is my parcel?")
    await acted(post, asked, state=STOPPED)
    await acted(post, asked, 2, reply={})
    await post.round()
    assert await post.log() == []


async def test_what_event_rules_did_before_anybody_sent_is_history(database: Database) -> None:
    post = Post(database)
    asked = await post.hears("Where is my parcel?")
    await acted(post, asked)
    await post.round()
    assert await post.log() == []
    await acted(post, asked, 2)
    await post.round()
    assert len(post.sms.texts) == 1


async def test_without_a_connector_the_ledger_still_has_what_the_rule_would_have_said(
    post: Post,
) -> None:
    asked = await post.hears("Where is my parcel?", channel="x")
    await decided(post, asked)
    await post.round()
    [fact] = await post.told("not_sent")
    assert (fact["data"]["state"], fact["data"]["text"]) == ("no_connector", TEXT)
    assert fact["reason"] == "this channel has no connector"


@pytest.mark.parametrize("purpose", ["marketing", "gone"])
async def test_a_rule_needs_the_same_permission_as_a_person(post: Post, purpose: str) -> None:
    asked = await post.hears("Where is my parcel?")
    await decided(post, asked, purpose)
    await post.round()
    [found] = await post.log()
    assert found.code in ("no_consent", "unknown_purpose")
    assert post.sms.requests == []


async def test_a_rules_reply_and_an_agents_are_two_messages(post: Post) -> None:
    asked = await post.hears("Where is my parcel?")
    await decided(post, asked)
    await post.replies(asked, "Tomorrow.")
    await post.round()
    assert post.sms.texts == [TEXT, "Tomorrow."]
    ids = [found.message.outbound_id for found in await post.log()]
    assert len(set(ids)) == 2
    assert replace(post.sms.has[ids[0]], text="") != replace(post.sms.has[ids[1]], text="")
