"""The context card: every clause stands on entries of the trail, and goes with them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.clause import CLAUSE_CHARS, PARTS, Entry, clause, fitted, ours
from app.core.context import Task, moment_of, sentence, short
from tests.builders import NOON_MS
from tests.core.context_house import (
    TASK,
    TITLES,
    Json,
    decision,
    fact,
    mention,
    of_task,
    said,
    sightings,
    signal,
    texts,
    trail,
)

FLIGHT = {"id": "f1", "name": "Storm", "step": {"what": "Call the airport"}}


def test_it_says_who_why_you_why_now_and_what_to_do() -> None:
    """A8.1, A8.2: why is this important to me, now."""
    found = said(trail(), signals=[signal()], flights=[FLIGHT])
    assert list(dict.fromkeys(one.part for one in found)) == list(PARTS)
    assert texts(found) == {
        "person": "Kim Ray on Twitter",
        "standing": "gold customer",
        "cases": "2 open cases, as of",
        "earlier_cases": "1 open case of what they said before, as of",
        "products": "has Kettle, Fan",
        "pressing": "it was the most pressing that fits you",
        "relaxed": "it waited long and now asks only for billing",
        "kept": "you answered them last",
        "skills": "it asks for mediator",
        "rule": "the rule billing chose Billing",
        "due": "an answer is due at",
        "at_risk": "at risk since",
        "unresolved": "it should have been resolved by now, late since",
        "signal:delay": "Say the new date first.",
        "escalated": "escalated: breached",
        "urgency": "it speaks of danger and a time that is near",
        "again": "they have written again",
        "followers": "412,000 people follow them",
        "why": "Check the invoice.",
        "draft": "a reply is ready to be used",
        "macro": "use the macro refund",
        "case": "a case was opened: Charged twice",
        "case_closed": "its case was closed: Charged twice",
        "step": "next on the flight: Call the airport",
    }


def test_each_clause_names_the_entry_and_the_fields_that_it_stands_on() -> None:
    """A8.1: behind every word there is an entry of the trail."""
    found = {one.key: one for one in said(trail())}
    [backing] = found["standing"].backing
    assert (backing.entry, backing.op) == ("f3/identified", "identified")
    assert set(backing.fields) >= {("data", "known"), ("data", "tier")}
    assert found["due"].at_ms == TASK.due_ms
    assert found["due"].backing[0].fields == (("deadline_ms",),)


def test_a_suggestion_has_its_reason_ready_for_whoever_asks() -> None:
    """A8.4: suggest what I should do, and say why when asked."""
    found = {one.key: one for one in said(trail(), signals=[signal()], flights=[FLIGHT])}
    assert found["macro"].because == "The rule money proposed it"
    assert found["case"].because == "The rule money opened it"
    assert found["why"].because == "The rule billing decided where it goes"
    assert found["signal:delay"].because == "Delay: Parcel P-1, told by logistics"
    assert found["step"].because == "It is the current step of the flight Storm"
    assert found["person"].because == ""


def test_it_can_be_read_aloud_as_one_sentence() -> None:
    """A8.1."""
    found = [one for one in said(trail()) if one.key in ("person", "kept", "due", "why")]
    assert sentence(found) == (
        "Kim Ray on Twitter; it came to you because you answered them last; it matters now"
        " because an answer is due at 11:07 UTC on 18 November; what to do: Check the invoice."
    )
    assert sentence([]) == ""


def test_cases_of_before_are_told_as_of_the_decision() -> None:
    """A8.1: it counted them then; since then they may have been closed."""
    found = {one.key: one for one in said(trail())}
    assert found["earlier_cases"].at_ms == found["cases"].at_ms == NOON_MS + 4
    assert sentence([found["earlier_cases"]]) == (
        "1 open case of what they said before, as of 11:06 UTC on 18 November."
    )


def asked_for(rule: str) -> Json:
    return fact("edited", 20, data={"decision": decision(case="Late bag", by={"case": rule})})


def test_a_case_that_nobody_opened_is_asked_of_whoever_has_the_task() -> None:
    """A4.8, A4.11: an edit opens none, and older decisions opened none."""
    facts = [*trail(), asked_for("bags")]
    found = {one.key: one for one in said(facts)}
    assert found["case_asked"].text == "open a case: Late bag"
    assert found["case_asked"].because == "The rule bags proposed it"
    assert found["case_asked"].entries == {"f20/edited"}


def test_a_case_that_was_opened_is_not_asked_for_again() -> None:
    """A8.1: nor without the entry that opened it, where the moment counts that."""
    facts = [*trail(), asked_for("money")]
    moment = moment_of(facts, TASK, TITLES)
    assert "case_asked" not in texts(said(facts))
    rest = [one for one in facts if one["op"] != "case_opened"]
    assert "case_asked" not in texts(said(rest, moment))
    assert texts(said(rest))["case_asked"] == "open a case: Late bag"


def test_an_offer_shows_the_first_clause_of_each_part() -> None:
    """A8.2: the right information in the moment that there is."""
    assert [one.key for one in short(said(trail()))] == ["person", "pressing", "due", "why"]


def all_of(facts: list[Json]) -> tuple[list[Json], list[Json]]:
    return facts, [signal(), signal("2", customer="", products=("Kettle",)), *sightings()]


def without(found: Any, entry: str) -> list[Any]:
    return [one for one in found if entry not in one.entries]


def test_without_an_entry_exactly_the_clauses_on_it_go() -> None:
    """A8.1: remove the fact and the clause goes, and nothing else changes."""
    facts, signals = all_of(trail())
    moment = moment_of(facts, TASK, TITLES)
    whole = said(facts, moment, signals)
    gone = 0
    for entry in [one["fact_id"] for one in (*facts, *signals)]:
        left = [one for one in facts if one["fact_id"] != entry]
        others = [one for one in signals if one["fact_id"] != entry]
        rest = said(left, moment, others)
        assert list(rest) == without(whole, entry), entry
        gone += len(whole) - len(rest)
    assert gone >= len(whole)
    assert said([], moment, signals) == ()


hostile = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc", "Cf")), max_size=300
)


@st.composite
def trails(draw: st.DrawFn) -> list[Json]:
    """Some of the entries, with any text where people or other systems write."""
    facts = copy.deepcopy(trail())
    author = {"handle": draw(hostile), "name": draw(hostile), "followers": draw(st.integers(0))}
    facts[0]["data"]["mention"] |= {"author": author, "channel": draw(hostile)}
    facts[2]["data"] |= {"tier": draw(hostile), "known": draw(st.booleans())}
    given = decision(why=draw(hostile), macro=draw(hostile))
    facts[3]["data"]["decision"] = given
    facts[3]["data"]["values"] = {"profile.products": ["Kettle", *draw(st.lists(hostile))]}
    facts[9]["reason"] = draw(hostile)
    facts[10]["data"]["title"] = draw(hostile)
    facts.append(of_task("transferred", 13, reason=draw(hostile), data={"skills": "de"}))
    facts.append(fact("edited", 14, data={"mention": mention(), "score": {}}))
    return [one for one in facts if draw(st.integers(0, 9))]


@settings(deadline=None, max_examples=60)
@given(trails(), st.sampled_from(["ok", "at_risk", "breached", "met"]), st.data())
def test_clauses_go_with_their_entries_whatever_the_trail(
    facts: list[Json], sla: str, data: st.DataObject
) -> None:
    """A8.1: as a property of any trail, with texts of any kind."""
    _, signals = all_of(facts)
    signals.append(signal("3", subject=data.draw(hostile), source=data.draw(hostile)))
    task = Task(rep="amira", reservation_id="t:1", sla=sla, due_ms=TASK.due_ms)
    moment = moment_of(facts, task, TITLES)
    whole = said(facts, moment, signals)
    for one in whole:
        assert one.entries
        assert all(backing.fields for backing in one.backing)
        assert 0 < len(one.text) <= CLAUSE_CHARS
        assert not set(one.text) & set("\n\r\t\x00\u202e\u2066")
    for entry in {one["fact_id"] for one in (*facts, *signals)}:
        left = [one for one in facts if one["fact_id"] != entry]
        others = [one for one in signals if one["fact_id"] != entry]
        assert list(said(left, moment, others)) == without(whole, entry)


def test_nothing_is_said_without_backing() -> None:
    entry = Entry(fact("scored"))
    with pytest.raises(ValueError, match="expected entries"):
        clause(("who", "x"), (ours("a"),), entry)
    with pytest.raises(ValueError, match="expected entries"):
        clause(("who", "x"), (ours("a"),))


def test_after_an_edit_the_newest_words_and_decision_count() -> None:
    edit = {
        "mention": mention(author={"handle": "@kim", "name": "Kim R."}),
        "decision": decision(why="It is settled.", macro=""),
        "values": {},
    }
    found = texts(said([*trail(), fact("edited", 20, data=edit)]))
    assert (found["person"], found["why"]) == ("Kim R. on Twitter", "It is settled.")
    assert "macro" not in found
    assert found["edited"] == "they changed what they wrote at"


def test_a_supervisor_who_assigned_it_is_named() -> None:
    facts = trail()
    facts[6]["data"] = {"override": "assigned"}
    facts[6] |= {"actor": {"type": "user", "id": "sofia", "role": "supervisor"}, "reason": "yours"}
    found = texts(said(facts))
    assert found["assigned"] == "Sofia Rossi assigned it to you: yours"
    assert "pressing" not in found


@pytest.mark.parametrize(
    ("op", "given", "key", "text"),
    [
        (
            "transferred",
            {"reason": "agent_gone", "data": {"for_rep": "amira"}},
            "handed_on",
            "Handshake handed it on: agent gone",
        ),
        (
            "queued",
            {"from": "parked", "data": {"for_rep": "amira"}},
            "kept",
            "it was parked with you",
        ),
    ],
)
def test_it_says_how_it_came_back(op: str, given: Any, key: str, text: str) -> None:
    found = texts(said([*trail(), of_task(op, 30, **given)]))
    assert found[key] == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"known": True, "tier": ""}, "known customer"),
        ({"known": False, "degraded": []}, "not in our records"),
        ({"known": False, "degraded": ["profile"]}, "our records could not be read"),
    ],
)
def test_it_says_how_well_we_know_them(data: Json, text: str) -> None:
    facts = trail()
    facts[2]["data"] = data
    assert texts(said(facts))["standing"] == text


def test_an_answered_task_has_no_clock() -> None:
    facts = trail()
    moment = moment_of(facts, Task(sla="met", due_ms=TASK.due_ms), TITLES)
    found = texts(said(facts, moment))
    assert not {"due", "at_risk", "unresolved"} & found.keys()
    assert "pressing" not in found  # and nobody is offered it


def test_facts_of_older_versions_say_less_and_break_nothing() -> None:
    """A7.1: what was recorded before the card existed can still be read."""
    old = [fact("received", 1, data={}), fact("decided", 2, data={"decision": {}}), fact("scored")]
    assert said(old) == ()


def test_a_text_is_one_line_that_fits() -> None:
    assert fitted("a\n b\u202ec", 20) == "a bc"
    assert fitted("x" * 30, 10) == "x" * 9 + "…"
