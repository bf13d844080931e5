"""Event rules hand mentions off later on: once, with what has happened since, and in bounds."""

from __future__ import annotations

from typing import Any

from app.adapters.store.rule_events import Asked
from app.core.event_acts import MOST_ACTS, acts, depth_of
from app.core.events import fact_event
from app.core.handoff import FAILED
from app.core.rules import Effects, Rule
from tests.builders import admission
from tests.handoffs.conftest import House
from tests.partner import says


async def admitted(house: House, id_: str = "1", **given: Any) -> str:
    """A mention that no rule handed off when it came."""
    one = admission(id_, **given)
    await house.parts.base.door.admit([one])
    await house.followed()
    return one.mention.mention_id


async def acted(house: House, mention_id: str, *partners: str, times: int = 1) -> None:
    """An event rule hands it off at the newest fact of its task."""
    trail = await house.parts.base.ledger.of_mention(mention_id)
    fact = next(one for one in reversed(trail) if one.get("task_id"))
    event = fact_event(fact, depth_of(fact))
    does = Effects(handoffs=partners or ("crm",))
    names = ["later", *(f"later{n}" for n in range(2, times + 1))]
    rules = [
        Rule(id=name, when="true", why="It waits too long.", does=does, on="waiting")
        for name in names
    ]
    done = acts(event, rules, 1, ())
    asked = Asked(event=event, version="v", number=1, values={}, trace=(), acts=done)
    await house.acts.take([asked])


async def test_a_partner_gets_the_mention_with_the_rule_and_where_its_task_is(
    house: House,
) -> None:
    """A4.7: hand-off between engines, when it shows that another one should have it."""
    mention_id = await admitted(house, text="My line is dead", priority=42)
    await acted(house, mention_id)
    await house.round()
    [event] = house.engine.handed()
    assert (event["subject"], event["data"]["mention"]["text"]) == (mention_id, "My line is dead")
    assert event["data"]["decision"] == {
        "queue": "service",
        "priority": 42,
        "rule": "later",
        "why": "It waits too long.",
    }
    [told] = await house.facts("handed_off")
    assert (told["mention_id"], told["data"]["partner"]) == (mention_id, "crm")
    assert await house.acts.owed() == []


async def test_it_is_handed_off_once_whoever_is_killed_in_between(house: House) -> None:
    mention_id = await admitted(house)
    await acted(house, mention_id)
    [act] = await house.acts.owed()
    handed = house.acts.handed

    async def killed(_: Any) -> None:
        raise InterruptedError

    house.acts.handed = killed  # type: ignore[method-assign]
    try:
        await house.followed()
    except InterruptedError:
        house.acts.handed = handed  # type: ignore[method-assign]
    assert await house.acts.owed() == [act]
    await house.round()
    await house.round()
    assert len(house.engine.handed()) == 1
    assert [row.kind for row in await house.log()].count("handoff") == 1


async def test_the_stages_since_the_event_are_told_and_none_before_it(house: House) -> None:
    """A4.12: the other engine is aware at each stage from there on."""
    mention_id = await admitted(house, skills=())
    await acted(house, mention_id)
    task_id = await house.accepted(mention_id)
    await house.parts.base.door.command("reply", task_id, "r", rep="amira", text="On it.",
        actor={"type": "user", "id": "amira", "role": "agent"})  # fmt: skip
    await house.follow.advance()
    await house.round()
    await house.round()
    stages = [row.stage for row in sorted(await house.log(), key=lambda row: row.seq)]
    assert stages == ["", "accepted", "replied"]


async def test_what_a_partner_has_already_it_is_not_handed_again(house: House) -> None:
    mention_id = await house.admit("1", "crm", skills=())
    await house.round()
    await acted(house, mention_id)
    await house.round()
    assert len(house.engine.handed()) == 1
    assert await house.acts.owed() == []


async def test_a_partner_that_does_not_take_it_leads_to_the_alternative_route(
    house: House,
) -> None:
    house.engine.then = says({}, 422)
    mention_id = await admitted(house)
    await acted(house, mention_id)
    await house.round()
    assert (await house.card(mention_id))["queue"] == "billing"


async def test_a_partner_that_is_not_configured_is_told_in_the_trail(house: House) -> None:
    mention_id = await admitted(house)
    await acted(house, mention_id, "erp")
    await house.round()
    [row] = [row for row in await house.log() if row.partner == "erp"]
    assert (row.state, row.problem) == (FAILED, "no partner has this name")


async def test_what_the_budget_stopped_is_not_handed_off(house: House) -> None:
    mention_id = await admitted(house)
    await acted(house, mention_id, times=MOST_ACTS + 1)
    assert [act.rule for act in await house.acts.owed()][-1] == f"later{MOST_ACTS}"
