"""Triage sets the clocks: which policy, which clock, which calendar, and what they start with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import flow
from app.core.calendar import Calendar, Period
from app.core.policy import Policy, Slas
from app.core.profile import Profile
from app.ports import Delivery, NewTask
from tests import builders
from tests.builders import CATALOGUE, NOON_MS, decision, delivery
from tests.doubles import FixedRules, MapProfiles, MemoryDoor, ports

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# NOON_MS is 2026-11-18T11:06:40Z, a Wednesday.
OFFICE = Calendar(
    name="office",
    zone=ZoneInfo("UTC"),
    week=((Period(start=9 * 60, end=11 * 60 + 10), Period(start=13 * 60, end=17 * 60)),) * 7,
)
STANDARD = Policy(name="standard", next_response_s=3600, resolution_s=86_400)
GOLD = Policy(name="gold", tiers=("gold",), calendar=OFFICE, first_response_s=600)


async def tasks(*deliveries: Delivery, **given: Any) -> list[NewTask | None]:
    slas = Slas(policies=given.pop("policies", (STANDARD, GOLD)), version="v1")
    door = MemoryDoor()
    catalogue = replace(CATALOGUE, slas=slas)
    await flow.triage(list(deliveries), ports(door=door, catalogue=catalogue, **given))
    return [admission.task for admission in door.admitted]


async def test_a_task_is_told_all_its_thresholds_and_its_policy() -> None:
    [task] = await tasks(delivery(detected_at="2026-11-18T11:06:40Z"))
    assert task
    assert (task.half_ms - NOON_MS, task.at_risk_ms - NOON_MS, task.due_ms - NOON_MS) == (
        *(15 * MINUTE_MS, 24 * MINUTE_MS),
        30 * MINUTE_MS,
    )
    assert (task.clock, task.policy) == ("first_response", "standard@v1-0.8")
    assert task.resolution_due_ms - NOON_MS == 24 * HOUR_MS


async def test_the_customers_tier_chooses_policy_and_calendar() -> None:
    """Ten minutes of office time from 11:06:40: the office closes at 11:10, and 6:40 after
    it has opened again at 13:00 they are gone."""
    [task] = await tasks(
        delivery(detected_at="2026-11-18T11:06:40Z"),
        profiles=MapProfiles({"x:kim": Profile(customer_id="C1", tier="gold")}),
    )
    assert task
    assert task.policy == "gold@v1-0.8"
    assert task.due_ms - NOON_MS == 2 * HOUR_MS
    assert task.resolution_due_ms == 0


@pytest.mark.parametrize(
    ("rule_s", "policy_s", "minutes"), [(0, 0, 30), (0, 1200, 20), (300, 1200, 5), (2400, 1200, 40)]
)
async def test_a_rules_window_wins_over_the_policys_and_that_over_the_queues(
    rule_s: float, policy_s: float, minutes: int
) -> None:
    said = decision(window_s=rule_s or builders.WINDOW_S, rule_window_s=rule_s)
    [task] = await tasks(
        delivery(detected_at="2026-11-18T11:06:40Z"),
        rules=FixedRules(said),
        policies=(Policy(name="standard", first_response_s=policy_s),),
    )
    assert task
    assert task.due_ms - NOON_MS == minutes * MINUTE_MS


async def test_a_follow_up_of_the_same_customer_runs_the_next_response_clock() -> None:
    """Also within one batch, and in whichever way the handle is written."""
    first, second = await tasks(
        delivery("s1", id="1"),
        delivery("s2", id="2", in_reply_to="1", handle="@KIM", detected_at="2026-11-18T11:06:40Z"),
    )
    assert first
    assert second
    assert (first.clock, second.clock) == ("first_response", "next_response")
    assert second.due_ms - NOON_MS == HOUR_MS


async def test_a_follow_up_in_a_later_batch_is_recognised_in_the_same_round_trip() -> None:
    door = MemoryDoor()
    parts = ports(door=door)
    await flow.triage([delivery("s1", id="1")], parts)
    await flow.triage([delivery("s2", id="2", in_reply_to="1")], parts)
    assert [a.task.clock for a in door.admitted if a.task] == ["first_response", "next_response"]


@pytest.mark.parametrize(
    "second",
    [
        {"in_reply_to": "1", "handle": "@somebody"},
        {"in_reply_to": "99"},
        {"in_reply_to": "2"},
        {"in_reply_to": "1", "channel": "mastodon"},
        {},
    ],
    ids=["of a stranger", "of the unknown", "of itself", "of another channel", "of nothing"],
)
async def test_a_reply_that_goes_on_with_nothing_known_of_this_customer_is_a_first_one(
    second: dict[str, Any],
) -> None:
    found = await tasks(delivery("s1", id="1"), delivery("s2", id="2", **second))
    assert [task.clock for task in found if task] == ["first_response"] * 2
