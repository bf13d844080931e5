"""The inputs of each decision are recorded: deciding again gives the same one, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from app import flow
from app.adapters.cel_rules import CelRules
from app.config import Config, load
from app.core.community import NO_COMMUNITY_VALUES
from app.core.decision import Decision, Notice
from app.core.mention import mention_id_of
from app.core.past import OPEN_CASES, PAST_VARIABLES, Earlier
from app.core.profile import Profile
from app.core.profile_values import MISSING, NO_PROFILE_VALUES
from app.core.queue_state import QUEUE_VARIABLES, unpacked
from app.core.recorded import (
    DIFFERENT,
    NOT_RECORDED,
    QUEUES,
    RULES_GONE,
    SAME,
    Recorded,
    digest,
    line_of,
    recorded,
    verdict,
)
from app.core.rules import NO_SCORE_VALUES, NOT_KNOWN, VARIABLES, Effects, Row, Rule
from app.ports import Delivery
from app.settings import CONFIG
from tests.builders import CATALOGUE, NOON_MS, delivery, score
from tests.doubles import FixedRules, FixedScorer, MapProfiles, MemoryDoor, ports
from tests.logged import Log, deliveries, log_of


@pytest.fixture(scope="module")
def config() -> Config:
    return load(CONFIG)


@pytest.fixture(scope="module")
def rules(config: Config) -> CelRules:
    return CelRules(config)


def trail_of(door: MemoryDoor) -> list[dict[str, Any]]:
    """The facts as the ledger has them."""
    return [orjson.loads(orjson.dumps(fact.as_dict())) for fact in door.facts]


def decisions(log: Log) -> list[Recorded]:
    return [known for trail in log.trails() for known in recorded(trail)]


async def test_the_fact_of_a_decision_carries_all_that_its_conditions_saw_but_the_text() -> None:
    """A8.1, D4: what was decided can be decided again from the ledger alone."""
    door, rules = MemoryDoor(), FixedRules()
    await flow.triage([delivery()], ports(door=door, rules=rules))
    decided = next(fact for fact in door.facts if fact.op == "decided")
    left_out = NOT_KNOWN.keys() | NO_COMMUNITY_VALUES.keys()
    told = decided.data["values"].keys() | {"mention.text"} | left_out
    assert told == VARIABLES.keys() | {QUEUES}
    [known] = recorded(trail_of(door))
    assert known.values.keys() == VARIABLES.keys()
    assert known.values == rules.values[0]
    assert decided.data["clock"] == "first_response"
    assert known.untold == ()


CROWDED = {"urgent": [21, 300.5, 0, 0.333], "service": [0, 0.0, 2, 0.0]}
PAST = Earlier(
    id="elsewhere",
    at_ms=NOON_MS - 3_600_000,
    status="waiting",
    sentiment="negative",
    breached=False,
    replied_ms=0,
)


async def test_the_past_and_the_queues_are_recorded_small_and_read_back_bit_for_bit() -> None:
    """A8.1, D4: of the past what there was, of the queues each figure once."""
    door, rules = MemoryDoor(), FixedRules()
    profiles = MapProfiles(pasts={"x:kim": (PAST,)}, queues=unpacked(CROWDED))
    await flow.triage([delivery()], ports(door=door, rules=rules, profiles=profiles))
    decided = next(fact for fact in door.facts if fact.op == "decided")
    assert decided.data["values"][QUEUES] == CROWDED
    assert decided.data["values"].keys() & PAST_VARIABLES.keys() == {
        "history.mentions_48h",
        "history.mentions_30d",
        "history.open_tasks",
        "history.unanswered",
        "history.last_sentiment",
        "history.last_status",
        "history.days_since_mention",
    }
    [known] = recorded(trail_of(door))
    assert known.values == rules.values[0]
    assert {name: type(value) for name, value in known.values.items()} == VARIABLES
    assert known.values["queue.late_share"] == {"urgent": 0.333, "service": 0.0}


KNOWN = Profile(customer_id="C1", credit=412.5, household="H1", influence=45, social=("x",))


async def test_facts_of_the_profile_are_recorded_small_and_read_back_bit_for_bit() -> None:
    """A2.4, A8.1, D4: of the profile what there was, and that it was there to be read."""
    door, rules = MemoryDoor(), FixedRules()
    profiles = MapProfiles({"x:kim": KNOWN})
    await flow.triage([delivery()], ports(door=door, rules=rules, profiles=profiles))
    told = next(fact for fact in door.facts if fact.op == "decided").data["values"]
    assert told.keys() & {MISSING, *NO_PROFILE_VALUES} == {
        "profile.missing",
        "profile.credit",
        "profile.household",
        "profile.influence",
        "profile.social",
    }
    [known] = recorded(trail_of(door))
    assert known.values == rules.values[0]
    assert {name: type(value) for name, value in known.values.items()} == VARIABLES
    assert known.untold == ()


async def test_a_decision_from_before_the_facts_of_the_profile_says_that_they_are_not_told() -> (
    None
):
    """D4: history and queues of then still count, and only the rest is as if unknown."""
    door, rules = MemoryDoor(), FixedRules()
    profiles = MapProfiles({"x:kim": KNOWN}, queues=unpacked(CROWDED))
    await flow.triage([delivery()], ports(door=door, rules=rules, profiles=profiles))
    trail = trail_of(door)
    decided = next(fact for fact in trail if fact["op"] == "decided")
    for name in (MISSING, *NO_PROFILE_VALUES):
        decided["data"]["values"].pop(name, None)
    [known] = recorded(trail)
    assert set(known.untold) == {MISSING, *NO_PROFILE_VALUES, OPEN_CASES}
    assert known.values == {**rules.values[0], MISSING: False, **NO_PROFILE_VALUES}


async def test_a_profile_that_could_not_be_read_is_seen_by_rules_and_recorded() -> None:
    """A2.1, D4: without Redis it is decided all the same; a rule may ask for just that."""
    rules = engine("profile.missing && profile.credit == 0.0")
    door = MemoryDoor()
    parts = ports(door=door, rules=rules, profiles=MapProfiles(away=True))
    [item] = await flow.triage([delivery()], parts)
    assert item.decision
    assert item.decision.labels == ("asked",)
    [known] = recorded(trail_of(door))
    assert known.values[MISSING] is True
    assert verdict(known, rules.decide) == SAME


async def test_a_rule_on_every_fact_of_the_profile_is_decided_again_bit_for_bit() -> None:
    """A4.1, D3: conditions weigh them at the mention, and again from the ledger."""
    rules = engine(
        'profile.credit < 500.0 && profile.rewards == 0.0 && profile.household == "H1" &&'
        ' profile.influence >= 45 && profile.adoption == 0 && "x" in profile.social &&'
        " !profile.missing"
    )
    door = MemoryDoor()
    parts = ports(door=door, rules=rules, profiles=MapProfiles({"x:kim": KNOWN}))
    [item] = await flow.triage([delivery()], parts)
    assert item.decision
    assert item.decision.labels == ("asked",)
    [known] = recorded(trail_of(door))
    assert verdict(known, rules.decide) == SAME


def engine(when: str) -> CelRules:
    """Labels "asked" where this holds."""
    asks = Rule(id="asks", when=when, why="It holds.", does=Effects(labels=("asked",)))
    rest = Row(id="rest", when="true", why="The rest.", queue="service")
    return CelRules(Config(catalogue=CATALOGUE, rows=(rest,), version="v1", rules=(asks,)))


async def test_a_decision_of_older_software_is_read_with_nothing_known_and_says_so() -> None:
    """D4: what was not recorded then is empty, and a rule of now can be asked of it."""
    door, rules = MemoryDoor(), FixedRules()
    await flow.triage([delivery()], ports(door=door, rules=rules))
    trail = trail_of(door)
    decided = next(fact for fact in trail if fact["op"] == "decided")
    del decided["data"]["values"][QUEUES]
    [known] = recorded(trail)
    assert known.values == rules.values[0]
    assert set(known.untold) == {*PAST_VARIABLES, *QUEUE_VARIABLES}
    for name in (MISSING, *NO_SCORE_VALUES):
        del decided["data"]["values"][name]
    [known] = recorded(trail)
    assert set(known.untold) == NOT_KNOWN.keys()


async def test_a_decision_from_before_pillars_is_decided_again_bit_for_bit_and_says_so() -> None:
    """D4, A3.5: a rule on the pillar holds now, and not for what no pillar was recorded of."""
    row = Row(id="sold", when='score.pillar == "service"', why="Theirs.", queue="service")
    rest = Row(id="rest", when="true", why="The rest.", queue="service")
    rules = CelRules(Config(catalogue=CATALOGUE, rows=(row, rest), version="v1"))
    door = MemoryDoor()
    scorer = FixedScorer(score(pillar="service"))
    await flow.triage([delivery()], ports(door=door, rules=rules, scorer=scorer))
    trail = trail_of(door)
    [known] = recorded(trail)
    assert (known.decision["rule"], verdict(known, rules.decide)) == ("sold", SAME)
    decided = next(fact for fact in trail if fact["op"] == "decided")
    del decided["data"]["values"]["score.pillar"]
    [older] = recorded(trail)
    assert older.untold == ("score.pillar",)
    assert older.values["score.pillar"] == ""
    assert rules.decide(older.values).rule == "rest"


async def test_an_edit_that_is_decided_anew_carries_its_own_values() -> None:
    door, rules = MemoryDoor(), FixedRules()
    parts = ports(door=door, rules=rules)
    await flow.triage([delivery("s1")], parts)
    await flow.triage([delivery("s2", text="Where is it NOW?")], parts)
    [edit] = [known for known in recorded(trail_of(door)) if known.edit]
    assert edit.values == rules.values[-1]


async def test_deciding_recorded_values_again_gives_the_same_decision_bit_for_bit(
    config: Config, rules: CelRules
) -> None:
    """D3, D4: every decision of a log, edits among them, with its whole trace."""
    found = decisions(await log_of(config, deliveries(400)))
    assert len(found) > 300
    assert any(known.edit for known in found)
    assert {verdict(known, rules.decide) for known in found} == {SAME}


async def test_other_rules_are_told_and_so_is_what_was_never_recorded(
    config: Config, rules: CelRules
) -> None:
    [known] = decisions(await log_of(config, deliveries(1)))

    def otherwise(values: Mapping[str, object]) -> Decision:
        return replace(rules.decide(values), priority=99)

    assert verdict(known, otherwise) == DIFFERENT
    assert verdict(known, None) == RULES_GONE
    assert verdict(replace(known, values={}), rules.decide) == NOT_RECORDED


async def test_a_decision_from_before_notices_named_their_rule_and_rules_replied_is_the_same(
    config: Config, rules: CelRules
) -> None:
    """D3: what older software recorded is not called another decision for what it left out."""
    [known] = decisions(await log_of(config, deliveries(1)))

    def telling(text: str) -> Callable[[Mapping[str, object]], Decision]:
        notice = Notice(to="supervisor", text=text, rule="press")
        return lambda values: replace(rules.decide(values), notices=(notice,))

    named = orjson.loads(orjson.dumps(telling("Press.")(known.values)))
    unnamed = named | {"notices": [{"to": "supervisor", "text": "Press."}]}
    for decision in (named, unnamed):
        assert verdict(replace(known, decision=decision), telling("Press.")) == SAME
        assert verdict(replace(known, decision=decision), telling("Other.")) == DIFFERENT
    early = {name: value for name, value in unnamed.items() if name != "reply"}
    assert verdict(replace(known, decision=early), telling("Press.")) == SAME
    other = named | {"notices": [{"to": "supervisor", "text": "Press.", "rule": "other"}]}
    assert verdict(replace(known, decision=other), telling("Press.")) == DIFFERENT


def digest_of(log: Log, rules: CelRules) -> str:
    return digest(line_of(known, rules.decide(known.values)) for known in decisions(log))


@pytest.mark.parametrize("batch", [1, 7, 64])
async def test_batches_and_partitions_change_no_decision(
    config: Config, rules: CelRules, batch: int
) -> None:
    """D3: the same log gives the same decisions, however it is cut and in whatever order."""
    said = deliveries(300)
    whole = await log_of(config, said)
    expected = digest_of(whole, rules)
    assert digest_of(await log_of(config, said, batch), rules) == expected
    for partitions in (2, 5):
        cut = Log()
        for partition in range(partitions):
            mine = [d for d in said if partition_of(d, partitions) == partition]
            cut.facts += (await log_of(config, mine, batch)).facts
        assert digest_of(cut, rules) == expected
    trails = whole.trails()
    random.Random(5).shuffle(trails)
    assert digest_of(Log([fact for trail in trails for fact in trail]), rules) == expected


def partition_of(one: Delivery, partitions: int) -> int:
    """By the mention, as Kafka does by its key: an edit comes after what it edits."""
    wire = orjson.loads(one.raw or b"")
    return int(mention_id_of(wire["channel"], wire["id"]), 16) % partitions
