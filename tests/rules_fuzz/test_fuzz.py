"""Fuzzed rules in the fast suite; `python -m tests.rules_fuzz --rules 10000` is the campaign."""

from __future__ import annotations

import pytest

from app.core.events import EVERY_VARIABLE
from tests.rules_fuzz import campaign
from tests.rules_fuzz.generate import fuzzed
from tests.rules_fuzz.trial import Verdict, trial

_RULES = 120


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return [trial(number) for number in range(_RULES)]


def test_fuzzed_rules_speak_of_everything_that_rules_may_ask_for() -> None:
    said = "\n".join(fuzzed(number) for number in range(4_000))
    assert [name for name in EVERY_VARIABLE if name not in said] == []


def test_no_fuzzed_rule_that_is_let_in_goes_beyond_its_budget(verdicts: list[Verdict]) -> None:
    """A4.2: whoever writes a rule, it stops and slows nobody."""
    accepted = [one for one in verdicts if not one.refused]
    assert len(accepted) > _RULES / 4
    assert not [(one.number, one.worst_s, one.condition) for one in accepted if one.over]


def test_every_fuzzed_rule_that_is_refused_is_told_where_and_why(verdicts: list[Verdict]) -> None:
    refused = [one for one in verdicts if one.refused]
    assert len(refused) > _RULES / 4
    for one in refused:
        for at, reason in one.refused:
            assert 0 <= at <= len(one.condition), one
            assert reason, one


def test_a_campaign_tries_every_rule_in_a_child_process() -> None:
    [report] = campaign.run(0, 5)
    assert (report.rules, report.crashed) == (5, [])
    assert report.accepted + report.refused == 5
