"""Rules beside each other: labels, circles, rows that nobody reaches, wishes that clash."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.contradictions import contradictions
from app.core.rules import Effects, Row, Rule, Whom


def row(id_: str, when: str) -> Row:
    return Row(id=id_, when=when, why=".")


def rule(id_: str, when: str = "true", whom: Whom | None = None, **given: Any) -> Rule:
    level = given.pop("level", 0)
    does = Effects(**given)
    return Rule(id=id_, when=when, why=".", does=does, whom=whom or Whom(), level=level)


def said(rows: list[Row] | None = None, rules: list[Rule] | None = None) -> list[str]:
    return [f"{c.rule.id}: {c.reason}" for c in contradictions(rows or [], rules or [])]


def test_a_label_can_be_asked_for_behind_the_rule_that_sets_it() -> None:
    """A4.1: what one rule flags, the next can ask for, and so can the rows."""
    rules = [rule("a", labels=("vip",)), rule("b", "'vip' in labels")]
    assert said([row("r", "'vip' in labels")], rules) == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            [rule("a", "'vp' in labels"), rule("b", labels=("vip",))],
            "a: no rule sets the label 'vp', did you mean 'vip'?",
        ),
        (
            [rule("a", "'vip' in labels"), rule("b", labels=("vip",))],
            "a: only rule b sets the label 'vip', and it comes later",
        ),
        (
            [rule("a", "'vip' in labels", labels=("vip",))],
            "a: only this rule sets the label 'vip': it would wait for itself",
        ),
        (
            [
                rule("a", "'y' in labels", labels=("x",)),
                rule("b", "'x' in labels", labels=("z",)),
                rule("c", "'z' in labels", labels=("y",)),
            ],
            "a: waits for the label 'y' of rule c, which waits for this one",
        ),
    ],
)
def test_labels_that_are_never_there_and_circles_are_found(
    rules: list[Rule], expected: str
) -> None:
    """A4.4: a rule that waits for itself would never fire, and would never be missed."""
    assert expected in said(rules=rules)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("true", "profile.known"),
        ("1 == 1 || x", "profile.known"),
        ("profile.known", "profile.known"),
        ("profile.known", "mention.public && ( profile.known )"),
        ("a == 'x' || b", 'c && (a == "x"||b) // more'),
    ],
)
def test_a_row_that_an_earlier_one_leaves_nothing_to_is_found(earlier: str, later: str) -> None:
    [found] = said([row("first", earlier), row("second", later)])
    assert found == "second: never reached: row first takes all that fits here, and comes first"


def test_rows_that_ask_for_less_or_for_something_else_are_reached() -> None:
    assert said([row("a", "x && y"), row("b", "x"), row("c", "y || x"), row("d", "true")]) == []


KIM = Whom(customers=("kim", "lee"))


def test_two_wishes_of_one_customer_that_differ_are_a_conflict() -> None:
    """A4.3: conflicts of individual preferences are found when they are saved."""
    rules = [rule("a", whom=KIM, route="x"), rule("b", whom=Whom(customers=("lee",)), route="y")]
    assert said(rules=rules) == [
        "b: conflicts with rule a: for customer 'lee' both set the queue, differently;"
        " give one of them a higher level"
    ]


@pytest.mark.parametrize("whom", [Whom(tier="gold"), Whom(rep="ann")])
def test_so_are_two_of_one_tier_or_agent(whom: Whom) -> None:
    rules = [rule("a", whom=whom, draft="Dear"), rule("b", whom=whom, draft="Hello")]
    assert "both set the draft" in said(rules=rules)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"priority": 5}, {"priority": 5}),
        ({"priority": 5}, {"window_s": 5.0}),
        ({"priority": 5}, {"priority": 7, "level": 1}),
        ({"priority": 5}, {"priority": 7, "whom": Whom(customers=("sam",))}),
        ({"priority": 5}, {"priority": 7, "whom": Whom(tier="gold")}),
        ({"labels": ("a",)}, {"labels": ("b",)}),
        (
            {"priority": 5, "when": "score.intent == 'question'"},
            {"priority": 7, "when": "profile.known && score.intent == 'complaint'"},
        ),
    ],
)
def test_wishes_that_agree_differ_in_rank_or_never_meet_are_none(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (
        said(rules=[rule("a", **{"whom": KIM, **one}), rule("b", **{"whom": KIM, **other})]) == []
    )
