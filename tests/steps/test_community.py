"""Posts of communities through triage: what is kept of them, and whose clock runs."""

from __future__ import annotations

from typing import Any

import orjson

from app import flow
from app.core.profile import Profile
from app.core.recorded import recorded
from app.core.rules import VARIABLES
from app.ports import Delivery
from app.processes.explain import sent
from tests.builders import NOON_MS, delivery
from tests.doubles import FixedRules, MapProfiles, MemoryDoor, ports

STANDING = {"role": "regular", "posts": 340, "accepted": 12, "kudos": 4, "trust": 3}


def post(src: str, position: str, **given: Any) -> Delivery:
    place = {"thread": "t-1", "position": position, "title": "My bag"}
    place |= {"standing": given.pop("standing", {})}
    return delivery(src, channel="community", community=place, **given)


async def test_what_rules_saw_of_a_post_is_recorded_and_read_back_bit_for_bit() -> None:
    """A11.2, A8.1: explain, replay and back-test ask about the same thread and standing."""
    door, rules = MemoryDoor(), FixedRules()
    await flow.triage([post("s1", "answer", standing=STANDING)], ports(door=door, rules=rules))
    trail = [orjson.loads(orjson.dumps(fact.as_dict())) for fact in door.facts]
    [known] = recorded(trail)
    assert known.values == rules.values[0]
    assert {name: type(value) for name, value in known.values.items()} == VARIABLES
    assert (known.values["community.thread"], known.values["community.ally"]) == ("t-1", True)
    decided = next(fact for fact in trail if fact["op"] == "decided")
    assert decided["data"]["values"]["community.accepted"] == 12
    again = MemoryDoor()
    await flow.triage([delivery("s2", raw_=sent(known))], ports(door=again, rules=rules))
    assert rules.values[-1] == rules.values[0], "taken through again as its source sent it"


async def test_a_mention_outside_communities_records_nothing_of_them() -> None:
    door, rules = MemoryDoor(), FixedRules()
    await flow.triage([delivery()], ports(door=door, rules=rules))
    decided = next(fact for fact in door.facts if fact.op == "decided")
    assert not [name for name in decided.data["values"] if name.startswith("community.")]


async def test_who_is_called_an_advocate_is_identified_as_such_with_source_and_time() -> None:
    """A11.5, A2.4: on any channel, and with nothing said of everybody else."""
    profile = Profile(
        customer_id="C1", advocacy="advocate", advocacy_source="crm", advocacy_ms=NOON_MS
    )
    door = MemoryDoor()
    profiles = MapProfiles({"x:kim": profile})
    said = [delivery("s1", id="1"), delivery("s2", id="2", handle="@lee")]
    await flow.triage(said, ports(door=door, profiles=profiles))
    kim, lee = [fact.data for fact in door.facts if fact.op == "identified"]
    assert kim["advocacy"] == {"word": "advocate", "source": "crm", "at_ms": NOON_MS}
    assert "advocacy" not in lee


async def test_an_allys_answer_is_a_mention_of_its_own_and_leaves_the_customers_clock() -> None:
    """A11.3, decision 19: the question's task is not touched; the answer has its own outcome."""
    door = MemoryDoor()
    asked = post("s1", "opening", id="q", handle="@kim")
    answered = post("s2", "answer", id="a", handle="@ann", in_reply_to="q", standing=STANDING)
    items = await flow.triage([asked, answered], ports(door=door))
    assert [item.outcome for item in items] == ["task", "task"]
    assert [item.clock for item in items] == ["first_response", "first_response"]
    assert len({one.task_id for one in door.admitted}) == 2
    of_question = [fact.op for fact in door.facts if fact.mention_id == items[0].mention.mention_id]
    assert of_question == ["received", "scored", "identified", "decided"]
