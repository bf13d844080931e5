"""Decisions: the first row that holds decides, and the trace tells how each one fared."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.calendar import ALWAYS, Calendar, Period
from app.core.deciding import DEFAULT_ROW, Decider, Found, Traces
from app.core.decision import ERROR, HIT, MISS, NOT_REACHED, Decision, Notice
from app.core.profile import MISSING, STRANGER, Profile
from app.core.profile_values import NO_PROFILE_VALUES, PROFILE_VARIABLES
from app.core.rules import MOST_ITEMS, VARIABLES, Effects, Row, Rule, Whom, variables
from tests.builders import CATALOGUE, NOON, NOON_MS, mention, score

ROWS = (
    Row(id="money", when="a", why="About money", queue="billing", skills=("refunds",)),
    Row(id="noise", when="b", why="Noise"),
    Row(id="rest", when="true", why="The rest", queue="service", priority=10, window_s=60.0),
)


DECIDER = Decider(CATALOGUE, "v7")
TRACES = Traces(row.id for row in ROWS)


def decided(*results: bool | str, lang: str = "en", rules: tuple[Rule, ...] = ()) -> Decision:
    """Decide by rows that fared like this, and these event rules that held."""
    row = next((row for row, held in zip(ROWS, results, strict=False) if held is True), None)
    return DECIDER.decide(Found(row=row, rules=rules, trace=TRACES.each(results)), lang)


def rule(id_: str, whom: Whom | None = None, level: int = 0, **does: Any) -> Rule:
    effects = Effects(**does)
    return Rule(id=id_, when="true", why=f"{id_}.", does=effects, whom=whom or Whom(), level=level)


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


def test_rules_may_weigh_credit_rewards_household_and_reach() -> None:
    """A2.4, A2.5, A2.9, A3.3: what sources and formulas say of a customer beside the CRM."""
    social = tuple(f"channel{number}" for number in range(70))
    known = Profile(
        credit=412, rewards=90, household="H1", influence=45, adoption=60, social=social
    )
    values = variables(mention(), score(), known, public=True)
    assert {name: type(values[name]) for name in PROFILE_VARIABLES} == PROFILE_VARIABLES
    assert (values["profile.credit"], values["profile.rewards"]) == (412.0, 90.0)
    assert (values["profile.household"], values["profile.influence"]) == ("H1", 45)
    assert (values["profile.adoption"], values["profile.missing"]) == (60, False)
    assert values["profile.social"] == list(social[:MOST_ITEMS])
    nobody = variables(mention(), score(), MISSING, public=True)
    assert nobody["profile.missing"] is True
    assert NO_PROFILE_VALUES.items() <= nobody.items()


def test_every_value_survives_json_so_that_a_recorded_decision_can_be_asked_again() -> None:
    """A4.10: what the conditions saw is kept with the decision."""
    profile = Profile(customer_id="C1", products=("fibre",), last_reply_ms=NOON_MS, value=7)
    values = variables(mention(), score(), profile, public=True, calendars={"always": ALWAYS})
    assert json.loads(json.dumps(values)) == values
    assert isinstance(values["profile.value"], float)


def test_time_is_that_of_the_detection_in_utc() -> None:
    found = variables(
        mention(detected_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        score(),
        STRANGER,
        public=True,
    )
    assert (found["time.weekday"], found["time.hour"], found["time.minute_of_day"]) == (
        "sunday",
        9,
        570,
    )


def test_a_rule_sees_which_calendars_are_open_when_the_mention_is_detected() -> None:
    """A4.2: situations such as "outside of office hours"."""
    morning = Calendar(name="morning", week=((Period(start=0, end=1),), *((),) * 6))
    open_ = {"always": ALWAYS, "morning": morning}
    found = variables(mention(), score(), STRANGER, public=True, calendars=open_)
    assert found["calendar.open"] == {"always": True, "morning": False}


@pytest.mark.parametrize(
    ("last_reply_ms", "days"),
    [(0, -1.0), (NOON_MS - 43_200_000, 0.5), (NOON_MS + 5, 0.0)],
)
def test_days_since_our_last_reply_are_counted_to_the_detection(
    last_reply_ms: int, days: float
) -> None:
    profile = Profile(last_reply_ms=last_reply_ms)
    found = variables(mention(detected_at=NOON), score(), profile, public=True)
    assert found["history.days_since_reply"] == days


CUSTOMER, TIER, REP = Whom(customers=("c1",)), Whom(tier="gold"), Whom(rep="ann")


def test_an_event_rule_wins_over_the_row_and_the_row_over_the_queue() -> None:
    """A4.3: clear precedence, each setting on its own."""
    found = decided(False, False, True, rules=(rule("fast", priority=77),))
    assert (found.queue, found.priority, found.window_s) == ("service", 77, 60.0)
    assert found.by == {"queue": "rest", "priority": "fast", "window": "rest"}
    assert (found.rule, found.why) == ("rest", "The rest")


@pytest.mark.parametrize("individual", [TIER, REP])
def test_one_customers_rule_wins_over_an_agents_or_a_tiers_and_that_over_everybodys(
    individual: Whom,
) -> None:
    """A4.3: rules down to individual preferences."""
    rules = (
        rule("one", CUSTOMER, route="billing"),
        rule("some", individual, route="escalation", priority=5),
        rule("all", route="service", priority=9, window_s=5.0),
    )
    found = decided(False, False, True, rules=rules)
    assert found.by == {"queue": "one", "priority": "some", "window": "all"}
    assert (found.queue, found.priority, found.window_s) == ("billing", 5, 5.0)
    assert (found.rule, found.why) == ("one", "one.")


def test_among_rules_as_individual_the_higher_level_wins_then_the_later_one() -> None:
    rules = (rule("high", level=1, priority=1), rule("low", priority=2), rule("later", priority=3))
    assert decided(True, rules=rules).by["priority"] == "high"
    assert decided(True, rules=rules[1:]).by["priority"] == "later"


def test_skills_of_a_queue_that_is_not_taken_are_not_asked_for() -> None:
    rules = (
        rule("up", route="escalation", skills=("mediator",)),
        rule("one", CUSTOMER, route="service"),
        rule("more", skills=("bikes",)),
    )
    assert decided(True, rules=rules).skills == ("bikes", "en")


def test_an_event_rule_can_close_what_a_row_would_queue() -> None:
    found = decided(True, rules=(rule("spam", route=""),))
    assert (found.queue, found.skills, found.rule) == ("", (), "spam")


def test_a_decision_carries_all_that_rules_labelled_told_and_proposed() -> None:
    """A4.1, A4.8, A4.11: flag, inform, open a case, and say how to respond."""
    notice = Notice(to="supervisor", text="Look")
    rules = (
        rule("a", labels=("vip", "press"), notices=(notice,), handoffs=("crm",), draft="Dear"),
        rule("b", labels=("vip",), macro="late-bag", case="Late bag"),
    )
    found = decided(True, rules=rules)
    assert found.labels == ("vip", "press")
    assert (found.notices, found.handoffs) == ((replace(notice, rule="a"),), ("crm",))
    assert (found.draft, found.macro, found.case) == ("Dear", "late-bag", "Late bag")


@pytest.mark.parametrize(
    ("whom", "fits"),
    [
        (Whom(), True),
        (Whom(customers=("kim",)), True),
        (Whom(customers=("c9", "c1")), True),
        (Whom(customers=("c9",)), False),
        (Whom(customers=("c1",), tier="gold"), False),
        (Whom(rep="ann"), True),
        (Whom(rep="bob"), False),
        (Whom(tier="silver", rep="ann"), True),
    ],
)
def test_an_individual_rule_is_for_those_whom_it_names(whom: Whom, fits: bool) -> None:
    """A4.3: by the customer's id or handle, their tier, and their own agent."""
    profile = Profile(customer_id="C1", tier="silver", last_rep="ann")
    values = variables(mention(handle="@Kim"), score(), profile, public=True)
    assert whom.fits(values) is fits
