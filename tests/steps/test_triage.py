"""Triage over doubles: what each delivery becomes, and that neighbours are unharmed."""

from __future__ import annotations

import pytest

from app import flow
from app.core.errors import Invalid
from app.core.mention import mention_id_of
from app.core.past import Earlier
from app.core.profile import Profile
from app.core.rules import NOT_KNOWN
from app.core.score import NOT_SCORED
from app.ports import Delivery
from app.steps.batch import Batch
from tests import builders
from tests.builders import NOON_MS, delivery, raw
from tests.doubles import (
    FixedRules,
    FixedScorer,
    ListDeadLetters,
    MapProfiles,
    MemoryDoor,
    ports,
)

BAD = {
    "not json": b"hello",
    "wrong field": raw(text=5),
    "null": None,
    "too deep": b"[" * 500,
    "too large": b" " * 300_000,
    "not utf-8": b"\xff\xfe",
}


def outcomes(batch: Batch) -> list[str]:
    return [item.outcome for item in batch]


def test_the_flow_runs_in_the_order_in_which_it_is_documented() -> None:
    worker = [stage.name for stage in flow.STAGES if stage.process == "worker"]
    assert [step.__name__ for step in flow.TRIAGE] == worker


async def test_a_mention_becomes_a_task_with_its_facts_in_order() -> None:
    """A4.1, A8.1: what came, what was found out and what was decided, each a fact."""
    door = MemoryDoor()
    [item] = await flow.triage([delivery("s1")], ports(door=door))
    assert item.outcome == "task"
    assert door.ops() == ["received", "scored", "identified", "decided"]
    assert {fact.op_id for fact in door.facts} == {"s1"}
    assert {fact.source_id for fact in door.facts} == {"1"}


async def test_the_deadline_runs_from_the_detection_not_from_our_reading() -> None:
    """A5.1: 30 minutes from the moment in which the issue was identified."""
    door = MemoryDoor()
    await flow.triage([delivery(detected_at="2026-11-18T10:56:40Z")], ports(door=door))
    task = door.admitted[0].task
    assert task
    assert task.detected_ms == NOON_MS - 600_000
    assert (task.due_ms, task.at_risk_ms) == (NOON_MS + 1_200_000, NOON_MS + 840_000)


async def test_rules_that_close_a_mention_make_no_task() -> None:
    door = MemoryDoor()
    closing = FixedRules(builders.decision(queue=""))
    [item] = await flow.triage([delivery()], ports(door=door, rules=closing))
    assert item.outcome == "closed"
    assert door.ops()[-1] == "decided"


async def test_the_customers_profile_reaches_the_rules_and_the_card() -> None:
    """A2.1: the interaction is associated with the customer's record."""
    known = Profile(customer_id="C7", tier="gold")
    rules, door = FixedRules(), MemoryDoor()
    profiles = MapProfiles({"x:kim": known})
    [item] = await flow.triage([delivery()], ports(rules=rules, door=door, profiles=profiles))
    assert item.profile == known
    assert rules.values[0]["profile.tier"] == "gold"
    assert b'"customer_id":"C7"' in door.admitted[0].card


async def test_all_profiles_of_a_batch_come_in_one_round_trip() -> None:
    """A1.10: the cost of a lookup does not grow with the batch."""
    profiles = MapProfiles()
    batch = [delivery(f"s{i}", id=str(i), handle=f"@u{i}") for i in range(40)]
    await flow.triage(batch, ports(profiles=profiles))
    assert profiles.round_trips == 1


async def test_a_batch_without_anything_to_think_about_asks_nobody() -> None:
    profiles = MapProfiles()
    parts = ports(profiles=profiles)
    await flow.triage([delivery("s1")], parts)
    await flow.triage([delivery("s2"), delivery("s3", raw_=b"hello")], parts)
    assert profiles.round_trips == 1


async def test_without_the_profile_cache_triage_goes_on_and_says_so() -> None:
    door = MemoryDoor()
    [item] = await flow.triage([delivery()], ports(door=door, profiles=MapProfiles(away=True)))
    assert item.outcome == "task"
    identified = next(fact for fact in door.facts if fact.op == "identified")
    assert identified.data["degraded"] == ["profile", "history", "queues"]
    assert identified.data["known"] is False


@pytest.mark.parametrize("missing", ["history", "queues"])
async def test_without_the_past_or_the_queues_triage_goes_on_and_says_so(missing: str) -> None:
    """A2.1, A8.1: the rules are asked with nothing known, and the facts say what was missing."""
    door, rules = MemoryDoor(), FixedRules()
    profiles = MapProfiles({"x:kim": Profile(tier="gold")}, missing=(missing,))
    [item] = await flow.triage([delivery()], ports(door=door, rules=rules, profiles=profiles))
    assert item.outcome == "task"
    identified = next(fact for fact in door.facts if fact.op == "identified")
    assert (identified.data["degraded"], identified.data["known"]) == ([missing], True)
    assert NOT_KNOWN.items() <= rules.values[0].items()


async def test_an_edit_does_not_count_itself_among_what_was_said_before() -> None:
    """A4.2: the mention in hand is never part of its own past."""
    own = mention_id_of("x", "1")
    past = tuple(
        Earlier(
            id=id_[:12],
            at_ms=NOON_MS - 60_000,
            status="waiting",
            sentiment="",
            breached=False,
            replied_ms=0,
        )
        for id_ in (own, mention_id_of("x", "2"))
    )
    rules = FixedRules()
    parts = ports(rules=rules, profiles=MapProfiles(pasts={"x:kim": past}))
    await flow.triage([delivery("s1")], parts)
    await flow.triage([delivery("s2", text="Where is it NOW?")], parts)
    assert [values["history.mentions_1h"] for values in rules.values] == [1, 1]


async def test_the_same_mention_twice_is_a_duplicate_that_nobody_scores_again() -> None:
    door, scorer = MemoryDoor(), FixedScorer()
    parts = ports(door=door, scorer=scorer)
    first = await flow.triage([delivery("s1")], parts)
    second = await flow.triage([delivery("s2")], parts)
    assert outcomes(first + second) == ["task", "duplicate"]
    assert len(scorer.asked) == 1
    assert door.ops().count("duplicate") == 1


async def test_other_words_under_the_same_id_are_an_edit_and_scored_again() -> None:
    door, scorer = MemoryDoor(), FixedScorer()
    parts = ports(door=door, scorer=scorer)
    await flow.triage([delivery("s1")], parts)
    [item] = await flow.triage([delivery("s2", text="Where is it NOW?")], parts)
    assert item.outcome == "edited"
    assert scorer.asked == ["Where is my order?", "Where is it NOW?"]
    assert len(door.admitted) == 1


async def test_a_delivery_that_comes_again_is_silent() -> None:
    door = MemoryDoor()
    parts = ports(door=door)
    await flow.triage([delivery("s1")], parts)
    before = list(door.facts)
    assert outcomes(await flow.triage([delivery("s1")], parts)) == ["replayed"]
    assert door.facts == before


async def test_the_same_mention_twice_in_one_batch_is_one_task() -> None:
    found = await flow.triage([delivery("s1"), delivery("s2")], ports())
    assert outcomes(found) == ["task", "duplicate"]


async def test_bad_input_is_kept_with_its_bytes_and_reason_and_neighbours_are_unharmed() -> None:
    letters, door = ListDeadLetters(), MemoryDoor()
    good = [delivery(f"good-{i}", id=str(i)) for i in range(3)]
    bad = [Delivery(src=f"bad-{name}", raw=body) for name, body in BAD.items()]
    mixed = [good[0], *bad[:3], good[1], *bad[3:], good[2]]
    batch = await flow.triage(mixed, ports(dead_letters=letters, door=door))
    assert [i.delivery.src for i in batch if i.outcome == "task"] == [g.src for g in good]
    assert [i.delivery.src for i in batch if i.outcome == "dead"] == [b.src for b in bad]
    assert {letter.src: letter.raw for letter in letters.letters} == {b.src: b.raw for b in bad}
    assert all(letter.code and letter.detail for letter in letters.letters)


async def test_each_dead_letter_is_a_fact_with_its_reason() -> None:
    door = MemoryDoor()
    await flow.triage([delivery("s1", raw_=b"hello")], ports(door=door))
    [fact] = door.facts
    assert (fact.op, fact.op_id, fact.reason) == ("dead", "s1", "not_json")
    assert fact.data["bytes"] == 5


async def test_a_batch_of_nothing_but_bad_input_asks_no_model() -> None:
    scorer = FixedScorer()
    await flow.triage([delivery("s1", raw_=b"{")], ports(scorer=scorer))
    assert scorer.asked == []


async def test_an_unscored_mention_still_reaches_a_person() -> None:
    """A3.2: where the model says nothing, people look."""
    unscored = FixedScorer(builders.score(NOT_SCORED, model="none"))
    [item] = await flow.triage([delivery()], ports(scorer=unscored))
    assert item.outcome == "task"


async def test_every_step_is_timed() -> None:
    timed: list[str] = []

    class Timer:
        def __init__(self, step: str) -> None:
            timed.append(step)

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    await flow.triage([delivery()], ports(), Timer)  # type: ignore[arg-type]
    assert timed == [step.__name__ for step in flow.TRIAGE]


async def test_the_reason_of_a_refusal_names_the_field() -> None:
    [item] = await flow.triage([delivery("s1", raw_=raw(text=5))], ports())
    assert isinstance(item.problem, Invalid)
    assert item.problem.field == "text"
