"""Conditions that hold whatever is asked, or never: told without any values."""

from __future__ import annotations

import pytest

from app.adapters.cel_environment import activation, environment
from app.core.condition import parse
from app.core.condition_truth import truth
from app.core.profile import STRANGER
from app.core.rules import variables
from tests.builders import mention, score

ALWAYS = [
    "true",
    "!false",
    "!!true",
    "(true)",
    "1 == 1",
    "1 != 2",
    "2.5 >= 1.5",
    "-1 < 0",
    "0x10 == 16",
    "1u == 1u",
    '"a" != "b"',
    '"a" < "b"',
    "true || mention.public",
    "mention.public || 1 == 1",
    "true && 1 == 1",
    "mention.public || !mention.public",
    '!(mention.lang == "de" && mention.lang != "de")',
    'mention.lang == "de" || score.urgency > 0.5 || mention.lang != "de"',
    "mention.words < 5 || mention.words >= 5",
    "mention.words > 5 || mention.words <= 5",
    "mention.lang == mention.lang",
    "mention.words >= mention.words",
    '"a" in ["b", "a"]',
    "(1 == 1) == true",
    "true ? 1 == 1 : mention.public",
    "mention.public ? true : 1 < 2",
]
NEVER = [
    "false",
    "!true",
    "1 == 2",
    "mention.public && false",
    "mention.public && !mention.public",
    "mention.words != mention.words",
    "mention.lang in []",
    '"a" in ["b"]',
    "2 <= 1",
]
PERHAPS = [
    "mention.public",
    'mention.lang == "de"',
    'mention.lang == "de" || mention.lang == "en"',
    "mention.words < 5 || mention.words > 5",
    "mention.public ? true : false",
    "mention.lang == mention.handle",
    # What fails does not hold, whichever way it is asked.
    "1 / mention.words == 1 || 1 / mention.words != 1",
    "mention.flags[0] == 'a' || mention.flags[0] != 'a'",
    "1 / mention.words == 1 ? true : true",
    # It could be told, with more of an effort than it is worth.
    "1 + 1 == 2",
    '"abc".contains("a")',
]


@pytest.mark.parametrize("when", ALWAYS)
def test_what_always_holds_is_known(when: str) -> None:
    assert truth(parse(when)) is True


@pytest.mark.parametrize("when", NEVER)
def test_what_never_holds_is_known(when: str) -> None:
    assert truth(parse(when)) is False


@pytest.mark.parametrize("when", PERHAPS)
def test_nothing_is_said_of_what_may_be_either_or_may_fail(when: str) -> None:
    assert truth(parse(when)) is None


@pytest.mark.parametrize("when", ALWAYS + NEVER)
def test_the_engine_says_the_same(when: str) -> None:
    values = variables(mention(), score(), STRANGER, public=True)
    found = environment().compile(when).eval(activation(values)).value()
    assert found is truth(parse(when))
