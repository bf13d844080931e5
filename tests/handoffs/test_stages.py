"""The partner is told each stage of a mention that it was handed, or handed in."""

from __future__ import annotations

from dataclasses import replace

from app.core.handoff import STATUS_TYPE
from tests.builders import admission
from tests.handoffs.conftest import House
from tests.partner import says


async def work_through(house: House, mention_id: str) -> None:
    task = await house.accepted(mention_id)
    await house.do("reply", task, text="We are on it.")
    await house.do("complete", task, code="resolved", note="for us alone")


async def test_the_partner_hears_of_every_stage_in_order(house: House) -> None:
    """A4.12: the originator is informed at each stage."""
    mention_id = await house.admit()
    await house.round()
    await work_through(house, mention_id)
    await house.round()
    assert house.engine.stages() == ["queued", "accepted", "replied", "completed"]
    handoff = house.engine.handed()[0]["id"]
    statuses = [event for event in house.engine.events if event["type"] == STATUS_TYPE]
    assert {event["data"]["handoff"] for event in statuses} == {handoff}
    assert {event["subject"] for event in statuses} == {mention_id}
    sequence = [int(event["sequence"]) for event in house.engine.events]
    assert sequence == sorted(sequence)


async def test_a_status_carries_the_reply_and_no_agents_name_or_note(house: House) -> None:
    mention_id = await house.admit()
    await house.round()
    await work_through(house, mention_id)
    await house.round()
    replied = next(e for e in house.engine.events if e["data"].get("stage") == "replied")
    assert replied["data"]["text"] == "We are on it."
    for event in house.engine.events:
        assert "amira" not in str(event).lower()
        assert "for us alone" not in str(event)


async def test_only_the_stages_that_are_configured_are_told(house: House) -> None:
    partners = house.parts.base.config.partners
    partners["crm"] = replace(partners["crm"], stages=("completed",))  # type: ignore[index]
    mention_id = await house.admit()
    await house.round()
    await work_through(house, mention_id)
    await house.round()
    assert house.engine.stages() == ["completed"]


async def test_who_was_not_handed_it_hears_nothing(house: House) -> None:
    alone = admission("2")
    await house.parts.base.door.admit([alone])
    await house.round()
    await work_through(house, alone.mention.mention_id)
    await house.round()
    assert not house.engine.events


async def test_who_did_not_take_it_hears_no_more(house: House) -> None:
    house.engine.script = [says({}, 422)]
    mention_id = await house.admit()
    await house.round()
    await work_through(house, mention_id)
    await house.round()
    assert not house.engine.stages()
    assert {row.state for row in await house.log()} == {"failed"}


async def test_statuses_wait_for_the_hand_off_itself(house: House) -> None:
    """A partner never hears of a mention that it does not know."""
    house.engine.script = [says({}, 500)]
    mention_id = await house.admit()
    await house.round()
    await work_through(house, mention_id)
    await house.round()
    assert not house.engine.events
    await house.later(1)
    assert house.engine.stages()[:2] == ["queued", "accepted"]


async def test_a_status_that_is_refused_for_good_is_a_fact(house: House) -> None:
    house.engine.script = [says({}), says({}, 410)]
    await house.admit()
    await house.round()
    [told] = await house.facts("handoff_failed")
    assert (told["data"]["kind"], told["data"]["stage"]) == ("status", "queued")
    assert not await house.facts("transferred")


async def test_a_breach_is_told(house: House) -> None:
    await house.admit(window_s=60.0)
    await house.round()
    house.parts.base.door.now_ms += 61_000
    await house.parts.base.door.thresholds()
    await house.round()
    assert "breached" in house.engine.stages()
