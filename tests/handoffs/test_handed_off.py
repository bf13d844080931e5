"""A mention handed off to a partner: told once, signed, obeyed, else the alternative route."""

from __future__ import annotations

import pytest

from app.core.handoff import DELIVERED, FAILED, PENDING, event_id_of
from tests.handoffs.conftest import House
from tests.partner import hangs, says


async def test_a_partner_gets_the_mention_with_what_we_know_of_it(house: House) -> None:
    """A4.7: hand-off between engines, as a signed CloudEvent."""
    mention_id = await house.admit(text="My line is dead")
    await house.round()
    [event] = house.engine.handed()
    assert (event["specversion"], event["source"], event["subject"], event["hops"]) == (
        "1.0",
        "/handshake",
        mention_id,
        1,
    )
    assert event["data"]["mention"]["text"] == "My line is dead"
    assert event["data"]["mention"]["id"] == "1"
    assert event["data"]["decision"]["queue"] == "service"
    assert house.engine.forged == 0
    [told] = await house.facts("handed_off")
    assert (told["mention_id"], told["data"]["partner"], told["data"]["attempts"]) == (
        mention_id,
        "crm",
        1,
    )
    assert told["actor"] == {"type": "system", "id": "crm", "role": "service"}


async def test_the_same_event_is_on_the_topic_for_whoever_reads_along(house: House) -> None:
    """A9.2: other systems are fed and informed."""
    mention_id = await house.admit()
    await house.round()
    records = [r for r in house.topic.records if b"handshake.handoff" in (r.value or b"")]
    [row] = [r for r in await house.log() if r.kind == "handoff"]
    assert [(r.topic, r.key, r.value) for r in records] == [
        ("handoffs", mention_id.encode(), row.body)
    ]
    assert records[0].headers["partner"] == b"crm"


async def test_a_failing_partner_is_asked_again_until_it_takes_it_once(house: House) -> None:
    house.engine.script = [says({}, 500), says({}, 503)]
    await house.admit()
    await house.round()
    [row] = [r for r in await house.log() if r.kind == "handoff"]
    assert (row.state, row.attempts, row.status, row.problem) == (PENDING, 1, 500, "answered 500")
    await house.later(1)
    await house.later(2)
    [row] = [r for r in await house.log() if r.kind == "handoff"]
    assert (row.state, row.attempts, row.status, row.problem) == (DELIVERED, 3, 204, "")
    [event] = house.engine.handed()
    assert house.engine.requests[event["id"]] == 3
    [told] = await house.facts("handed_off")
    assert told["data"]["attempts"] == 3


async def test_a_partner_that_routes_is_obeyed(house: House) -> None:
    """A4.7: a call-out whose answer says where the task goes."""
    house.engine.then = says({"queue": "billing", "priority": 70})
    mention_id = await house.admit(skills=("en",))
    await house.round()
    card = await house.card(mention_id)
    assert (card["queue"], card["priority"], card["skills"]) == ("billing", 70, ["billing", "en"])
    assert card["handed_on"]["reason"] == "The CRM says so"
    [told] = await house.facts("handed_off")
    assert (told["data"]["moved_to"], told["data"]["priority"]) == ("billing", 70)


async def test_a_route_beyond_the_configuration_is_ignored_and_told(house: House) -> None:
    house.engine.then = says({"queue": "urgent", "priority": 100})
    mention_id = await house.admit()
    await house.round()
    card = await house.card(mention_id)
    assert (card["queue"], card["priority"]) == ("service", 50)
    [told] = await house.facts("handed_off")
    assert [why.partition(":")[0] for why in told["data"]["ignored"]] == ["queue", "priority"]


async def test_a_refused_hand_off_goes_the_alternative_route_at_once(house: House) -> None:
    """A4.7: the task is not lost with the partner, and its agent reads why it came."""
    house.engine.then = says({}, 422)
    mention_id = await house.admit()
    await house.round()
    card = await house.card(mention_id)
    assert card["queue"] == "billing"
    assert card["handed_on"]["reason"] == "The CRM did not take it: answered 422"
    [told] = await house.facts("handoff_failed")
    assert (told["reason"], told["data"]["moved_to"]) == ("answered 422", "billing")
    [row] = [r for r in await house.log() if r.kind == "handoff"]
    assert (row.state, row.attempts) == (FAILED, 1)


async def test_the_alternative_route_is_taken_when_the_tries_are_over(house: House) -> None:
    house.engine.then = says({}, 500)
    await house.admit()
    await house.round()
    for _ in range(10):
        await house.later(10)
    [row] = [r for r in await house.log() if r.kind == "handoff"]
    assert (row.state, row.attempts) == (FAILED, 4)
    assert len(await house.facts("handoff_failed")) == 1


async def test_the_alternative_route_is_taken_when_the_time_is_over(house: House) -> None:
    """A partner that asks for more patience than it has is not waited for."""
    house.engine.then = says({}, 503, **{"retry-after": "120"})
    mention_id = await house.admit()
    await house.round()
    card = await house.card(mention_id)
    assert card["queue"] == "billing"


async def test_a_partner_that_hangs_ends_with_the_time_it_was_given(house: House) -> None:
    house.engine.then = hangs
    mention_id = await house.admit()
    await house.followed()
    house.parts.base.door.now_ms += 59_900  # a tenth of a second is left to it
    await house.round()
    [told] = await house.facts("handoff_failed")
    assert told["reason"] == "no answer within 0.1 s"
    assert (await house.card(mention_id))["queue"] == "billing"


async def test_what_was_never_asked_in_time_goes_the_alternative_route(house: House) -> None:
    """The process was away for longer than the partner had."""
    await house.admit()
    await house.followed()
    await house.later(61)
    assert not house.engine.requests
    [told] = await house.facts("handoff_failed")
    assert told["reason"].startswith("not taken in 60 s")


async def test_a_task_that_an_agent_has_stays_with_them(house: House) -> None:
    house.engine.then = says({}, 422)
    mention_id = await house.admit(skills=())
    await house.accepted(mention_id)
    await house.round()
    assert (await house.card(mention_id))["queue"] == "service"
    [told] = await house.facts("handoff_failed")
    assert "accepted" in told["data"]["stays"]


async def test_a_mention_without_a_task_is_handed_off_as_well(house: House) -> None:
    house.engine.then = says({"queue": "billing"})
    await house.admit(queue="")
    await house.round()
    assert len(house.engine.handed()) == 1
    [told] = await house.facts("handed_off")
    assert told["data"]["stays"]


async def test_a_partner_that_is_not_configured_is_told_in_the_trail(house: House) -> None:
    await house.admit("1", "erp", "crm")
    await house.round()
    [told] = await house.facts("handoff_failed")
    assert (told["data"]["partner"], told["reason"]) == ("erp", "no partner has this name")
    assert len(house.engine.handed()) == 1


async def test_an_event_has_the_same_id_however_often_it_is_made(house: House) -> None:
    await house.admit()
    await house.round()
    [decided] = await house.facts("decided")
    [event] = house.engine.handed()
    assert event["id"] == event_id_of(decided["fact_id"], "crm")


@pytest.mark.parametrize("stage", ["followed", "delivered", "settled"])
async def test_nothing_is_lost_or_done_twice_where_the_process_dies(
    house: House, stage: str
) -> None:
    """Killed after any step, the next life of the process does the rest, from the store alone."""
    house.engine.then = says({"queue": "billing"})
    mention_id = await house.admit()
    await house.followed()
    if stage != "followed":
        await house.deliveries["crm"].turn()
        await house.deliveries["crm"].landed()
    if stage == "settled":
        await house.outcome.turn()
    reborn = House(house.parts, house.engine, house.client, house.sender)
    await reborn.round()
    await reborn.round()
    assert len(house.engine.handed()) == 1
    assert len(await reborn.facts("handed_off")) == 1
    assert len(await reborn.facts("transferred")) == 1
    assert (await house.card(mention_id))["queue"] == "billing"


async def test_killed_between_the_partners_answer_and_our_note_it_is_sent_again(
    house: House,
) -> None:
    """At least once: the partner knows the event by its id, and takes it once."""
    await house.admit()
    await house.followed()
    [row] = await house.parts.handoffs.due("crm", house.now_ms, 10)
    await house.sender.send(house.parts.base.config.partners["crm"], row, 2.0)
    await house.round()
    [event] = house.engine.handed()
    assert house.engine.requests[event["id"]] == 2
    assert len(await house.facts("handed_off")) == 1
