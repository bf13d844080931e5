"""Decisions: the first row that holds decides, and the trace tells how each one fared."""

from __future__ import annotations

from app.core.decision import ERROR, HIT, MISS, NOT_REACHED, Decision
from app.core.profile import STRANGER, Profile
from app.core.rules import DEFAULT_ROW, VARIABLES, Row, decide, trace, variables
from tests.builders import CATALOGUE, mention, score

ROWS = (
    Row(id="money", when="a", why="About money", queue="billing", skills=("refunds",)),
    Row(id="noise", when="b", why="Noise"),
    Row(id="rest", when="true", why="The rest", queue="service", priority=10, window_s=60.0),
)


def decided(*results: bool | str, lang: str = "en") -> Decision:
    return decide(ROWS, trace(ROWS, results), CATALOGUE, lang, "v7")


def test_the_first_row_that_holds_decides() -> None:
    """A4.1: rules route the mention to people."""
    assert decided(False, False, True).rule == "rest"
    assert decided(True).rule == "money"


def test_the_trace_tells_how_every_row_fared() -> None:
    """A8.1: why it came to somebody can be told afterwards."""
    fared = [t.result for t in decided("division by zero", True).trace]
    assert fared == [ERROR, HIT, NOT_REACHED]


def test_a_row_that_fails_counts_as_not_holding_and_keeps_its_error() -> None:
    found = decided("no such key", False, True)
    assert found.rule == "rest"
    assert found.trace[0].detail == "no such key"
    assert found.trace[1].result == MISS


def test_where_no_row_holds_a_person_looks() -> None:
    found = decided(False, False, False)
    assert (found.rule, found.queue) == (DEFAULT_ROW, "service")


def test_a_closing_row_makes_no_task() -> None:
    found = decided(False, True)
    assert (found.queue, found.skills, found.why) == ("", (), "Noise")


def test_a_row_without_priority_or_window_takes_the_queues_own() -> None:
    found = decided(True)
    assert (found.priority, found.window_s) == (60, 1800.0)


def test_a_row_with_priority_and_window_keeps_them() -> None:
    found = decided(False, False, True)
    assert (found.priority, found.window_s) == (10, 60.0)


def test_a_task_needs_the_skills_of_row_queue_and_language() -> None:
    assert decided(True).skills == ("billing", "en", "refunds")


def test_a_language_that_nobody_speaks_is_no_skill() -> None:
    assert decided(True, lang="fi").skills == ("billing", "refunds")


def test_the_decision_carries_the_version_of_the_rules() -> None:
    assert decided(True).version == "v7"


def test_a_rule_may_ask_for_everything_known_and_each_value_has_its_type() -> None:
    """A3.1, A3.3, A3.4: sentiment, reach and publicity are there for the rules to weigh."""
    values = variables(mention(followers=5), score(), STRANGER, public=True)
    assert values.keys() == VARIABLES.keys()
    assert all(isinstance(values[name], type_) for name, type_ in VARIABLES.items())


def test_the_values_are_those_of_this_mention_and_customer() -> None:
    profile = Profile(customer_id="C1", tier="gold", value=12.5, open_cases=2)
    values = variables(mention(text="Hi", handle="@lee"), score(urgency=0.7), profile, public=False)
    assert values["mention.handle"] == "@lee"
    assert values["score.urgency"] == 0.7
    assert (values["profile.tier"], values["profile.open_cases"]) == ("gold", 2)
    assert values["mention.public"] is False
