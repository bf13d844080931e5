"""Who is an ally or an advocate, and what a mention tells of its place in a community."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.core.community import (
    ADVOCATE,
    ALLY,
    ALLY_ACCEPTED,
    COMMUNITY_VARIABLES,
    NO_COMMUNITY_VALUES,
    STAFF,
    community_values,
    is_ally,
    known_as,
    place_of,
    stated,
)
from app.core.errors import Invalid
from app.core.known import fold
from app.core.mention import Community, Mention, Standing
from app.core.profile import STRANGER, Profile
from app.core.profile_fields import statement_of
from app.core.rules import variables
from tests.builders import NEGATIVE, NOON_MS, POSITIVE, mention, score
from tests.core.test_known import facts, statement


def post(**standing: Any) -> Mention:
    place = Community(thread="t-1", position="answer", title="Bag", standing=Standing(**standing))
    return mention(channel="community", community=place)


def test_rules_see_thread_and_standing_each_with_its_type() -> None:
    """A11.2: a thread is no island, and no mere text."""
    found = community_values(post(role="regular", posts=7, accepted=2, kudos=3, trust=1), STRANGER)
    assert {name: type(value) for name, value in found.items()} == COMMUNITY_VARIABLES
    assert found == {
        "community.thread": "t-1",
        "community.title": "Bag",
        "community.position": "answer",
        "community.role": "regular",
        "community.posts": 7,
        "community.accepted": 2,
        "community.kudos": 3,
        "community.trust": 1,
        "community.ally": False,
        "community.advocate": False,
    }
    assert community_values(mention(), STRANGER) == NO_COMMUNITY_VALUES


@pytest.mark.parametrize(
    ("standing", "ally"),
    [
        ({"accepted": ALLY_ACCEPTED}, True),
        ({"accepted": ALLY_ACCEPTED - 1, "posts": 9_000, "kudos": 9_000, "trust": 4}, False),
        ({"accepted": 500, "role": STAFF}, False),
        ({"accepted": "500"}, False),
        ({}, False),
    ],
)
def test_an_ally_by_standing_has_solved_what_others_asked(
    standing: dict[str, Any], ally: bool
) -> None:
    """A11.5: by accepted answers, not by how much somebody writes; our own people are none."""
    assert is_ally(standing) is ally


@pytest.mark.parametrize(
    ("word", "accepted", "found"),
    [
        ("", 0, ""),
        ("", ALLY_ACCEPTED, ALLY),
        (ALLY, 0, ALLY),
        (ADVOCATE, 0, ADVOCATE),
        ("none", ALLY_ACCEPTED, ""),
    ],
)
def test_what_a_source_states_goes_before_the_standing(
    word: str, accepted: int, found: str
) -> None:
    """A11.5"""
    values = community_values(post(accepted=accepted), Profile(advocacy=word))
    assert known_as(values) == found
    assert values["community.ally"] is bool(found)  # an advocate is an ally, too


def test_no_mood_makes_an_ally() -> None:
    """A11.5: praise is praise, from whomever it comes."""
    for mood in (POSITIVE, NEGATIVE):
        values = variables(post(), score(mood, intent="praise"), STRANGER, public=True)
        assert known_as(values) == ""


def test_a_statement_is_known_with_whose_word_it_is_and_since_when() -> None:
    """A11.5, A2.4: the newest of equally trusted sources is shown, the other stands beside it."""
    found = fold(
        facts(
            statement("crm", 5, advocacy="ally"),
            statement("pr", 7, advocacy="advocate"),
        )
    )
    assert stated(found) == {"word": "advocate", "source": "pr", "at_ms": 7}
    assert stated(Profile(advocacy="none")) == {}
    assert stated(STRANGER) == {}


@pytest.mark.parametrize("value", ["fan", "", 1])
def test_no_other_word_is_taken_for_a_statement(value: object) -> None:
    given = [("customer_id", "C1"), ("advocacy", value)]
    with pytest.raises(Invalid):
        statement_of(given, "crm", NOON_MS, NOON_MS)
    taken = statement_of([("customer_id", "C1"), ("advocacy", " Ally ")], "crm", NOON_MS, NOON_MS)
    assert taken.says == {"advocacy": "ally"}


def test_the_place_of_a_post_is_read_from_its_fact() -> None:
    said = orjson.loads(orjson.dumps(post(role="regular", accepted=2)))
    key, position, standing = place_of(said)
    assert (key, position) == ("community:t-1", "answer")
    assert orjson.loads(standing)["accepted"] == 2
    assert place_of(orjson.loads(orjson.dumps(mention()))) == ("", "", "")
    assert place_of({"channel": "x", "community": {}}) == ("", "", "")
