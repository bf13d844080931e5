"""Score labels: what people say in place of the model, as a fact that decides nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from app.core.label_agreement import Agreement
from app.core.recorded import recorded
from app.core.score import UNSUPPORTED
from app.core.score_labels import (
    FIELDS,
    LEVELS,
    ScoreLabel,
    chosen,
    has_held,
    label_in,
    labels_in,
    level_of,
    said_in,
    text_of,
)
from app.core.sealing import UNREADABLE, personal
from tests.builders import NOON_MS
from tests.core.label_house import MODEL, edited, fact_of, label_fact, scored_mention

TRAIL = scored_mention(label="neutral", confidence=0.41, intent="question", urgency=0.7)


def label_of(by: str = "ann", at_ms: int = NOON_MS + 10, **given: Any) -> ScoreLabel:
    return label_in(label_fact(TRAIL, by, at_ms, **given), None)


def test_a_label_says_what_the_model_had_said_by_its_tag_and_of_which_wording() -> None:
    """A3.2: humans correct it, and what they corrected is known for ever."""
    found = label_of(sentiment="negative", urgency="critical")
    assert (found.sentiment, found.intent, found.urgency) == ("negative", "", "critical")
    assert (found.said_sentiment, found.said_intent, found.said_urgency) == (
        "neutral", "question", "high",
    )  # fmt: skip
    assert (found.model, found.confidence, found.wording) == (MODEL, 0.41, "hash of m1")
    assert (found.by, found.role) == ("ann", "agent")


def test_a_label_holds_no_text_and_its_why_is_sealed() -> None:
    fact = label_fact(TRAIL, sentiment="negative", why="Kim means it ironically")
    assert (("reason",), "Kim means it ironically") in personal(fact)
    assert "Well, m1" not in str(fact)
    assert "Kim" not in str(asdict(label_in(fact, None)))


def test_a_label_changes_no_decision_that_was_made() -> None:
    """A3.2: what was decided stays as it was, and is made again from the same inputs."""
    decided = fact_of(
        "decided", "m1", NOON_MS,
        {"decision": {"queue": "service", "rule": "r"}, "values": {"score.sentiment": "neutral"}},
    )  # fmt: skip
    before = list(recorded([*TRAIL, decided]))
    after = list(recorded([*TRAIL, decided, label_fact(TRAIL, sentiment="negative")]))
    assert before == after
    assert len(after) == 1


def test_the_newest_wording_is_labelled_with_the_score_of_that_wording() -> None:
    trail = [*TRAIL, edited("m1", "I love it", NOON_MS + 5, label="positive", confidence=0.9)]
    said = said_in(trail)
    assert said
    assert (said.text, said.sentiment, said.wording) == (
        "I love it",
        "positive",
        "hash of I love it",
    )
    assert text_of(trail, "hash of m1") == "Well, m1"


@pytest.mark.parametrize(
    "trail",
    [
        [],
        TRAIL[:1],
        [TRAIL[0] | {UNREADABLE: "erased"}, TRAIL[1]],
        [*TRAIL, edited("m1", "Not scored", NOON_MS + 5)],
    ],
    ids=["unknown", "not scored", "erased", "an edit that was not scored"],
)
def test_what_was_not_scored_or_cannot_be_read_is_not_labelled(trail: list[Any]) -> None:
    assert said_in(trail) is None


def test_a_wording_that_is_erased_or_unknown_has_no_text() -> None:
    assert text_of([TRAIL[0] | {UNREADABLE: "erased"}], "hash of m1") == ""
    assert text_of(TRAIL, "another") == ""


def test_an_agent_has_held_what_they_have_accepted_once() -> None:
    accepted = {"op": "accepted", "rep": "ann", "data": {}}
    offered = {"op": "offered", "rep": "bob", "data": {}}
    trail = [*TRAIL, accepted, offered, {"op": "transferred", "rep": "", "data": []}]
    assert has_held(trail, "ann")
    assert not has_held(trail, "bob")


def test_who_says_it_again_replaces_what_they_said_and_nobody_else_s() -> None:
    trail = [
        *TRAIL,
        label_fact(TRAIL, "ann", NOON_MS + 1, sentiment="negative", intent="complaint"),
        label_fact(TRAIL, "anton", NOON_MS + 2, sentiment="positive"),
        label_fact(TRAIL, "ann", NOON_MS + 3, sentiment="neutral"),
    ]
    told = [(one.by, one.sentiment, one.intent) for one in labels_in(trail)]
    assert told == [("anton", "positive", ""), ("ann", "neutral", "")]


def test_what_is_said_after_the_answer_was_seen_is_not_blind() -> None:
    """The first look alone is free of the model's word; saying the same again takes nothing off."""
    first = label_fact(TRAIL, "anton", NOON_MS + 1, sentiment="negative", blind=True)
    same = label_fact(TRAIL, "anton", NOON_MS + 2, sentiment="negative", intent="complaint")
    other = label_fact(TRAIL, "anton", NOON_MS + 3, sentiment="neutral", blind=True)
    back = label_fact(TRAIL, "anton", NOON_MS + 4, sentiment="negative")
    seen = [labels_in([first, same, other, back][:count])[0].blind for count in (1, 2, 3, 4)]
    assert seen == [True, True, False, False]


def test_of_several_people_a_blind_label_counts_and_else_the_newest() -> None:
    blind = label_of("anton", NOON_MS, sentiment="neutral", blind=True)
    late, later = label_of(at_ms=NOON_MS + 1, sentiment="positive"), label_of(intent="praise")
    assert chosen([blind, late, later], "sentiment") == blind
    assert chosen([late, replace(late, by="bob", at_ms=NOON_MS + 9)], "sentiment") != late
    assert chosen([blind, later], "intent") == later
    assert chosen([blind], "urgency") is None


def test_each_level_of_urgency_begins_where_the_documents_say() -> None:
    at = {0.0: "none", 0.149: "none", 0.15: "low", 0.4: "medium", 0.6: "high", 0.85: "critical"}
    assert {share: level_of(share) for share in at} == at
    assert FIELDS["urgency"] == LEVELS


def test_agreement_counts_by_model_and_keeps_blind_labels_apart() -> None:
    """A3.2: how often people corrected which label to which, by the model's tag."""
    old = replace(label_of(sentiment="neutral"), model="older@1")
    labels = [
        label_of("anton", sentiment="neutral", blind=True),
        label_of("sofia", sentiment="negative", blind=True),
        label_of(sentiment="negative", intent="complaint"),
        old,
    ]
    counted = Agreement()
    for one in labels:
        counted.add(one)
    found = counted.as_list()
    blind = next(line for line in found if line["blind"])
    assert (blind["model"], blind["of"], blind["labels"], blind["agreed"]) == (
        MODEL, "sentiment", 2, 1,
    )  # fmt: skip
    assert blind["confusion"] == [
        {"said": "neutral", "label": "negative", "times": 1},
        {"said": "neutral", "label": "neutral", "times": 1},
    ]
    others = {(line["model"], line["of"]): line["share"] for line in found if not line["blind"]}
    assert others == {
        (MODEL, "sentiment"): 0.0,
        (MODEL, "intent"): 0.0,
        ("older@1", "sentiment"): 1.0,
    }


def test_a_language_that_no_model_knew_says_nothing_of_a_model() -> None:
    trail = scored_mention(label=UNSUPPORTED, confidence=0.0)
    counted = Agreement()
    counted.add(label_in(label_fact(trail, sentiment="negative", blind=True), None))
    assert [line["model"] for line in counted.as_list()] == [UNSUPPORTED]
