"""The context card on communities: standing, thread, allies, and who else has answered."""

from __future__ import annotations

from typing import Any

from app.core.clause import Clause
from app.core.context import Trail, moment_of
from app.core.context_clauses import clauses
from app.core.context_community import answer_clauses
from tests.builders import NOON_MS
from tests.core.context_house import TASK, TITLES, Json, fact, mention, texts, trail

MINUTE_MS = 60_000


def community(position: str, **given: Any) -> Json:
    standing = {"role": "", "posts": 0, "accepted": 0, "kudos": 0, "trust": 0}
    post = {"thread": "t-1", "title": "My bag", "url": "", "position": position}
    return post | {"standing": standing} | given


def asked() -> list[Json]:
    """The usual trail, of a post that opens a thread, by somebody who is known there."""
    facts = trail()
    standing = {"role": "regular", "posts": 340, "accepted": 12, "kudos": 4, "trust": 3}
    facts[0]["data"]["mention"]["community"] = community("opening", standing=standing)
    facts[2]["data"]["advocacy"] = {"word": "advocate", "source": "crm", "at_ms": NOON_MS}
    seen = {"community.ally": True, "community.accepted": 12}
    facts[3]["data"]["values"] = facts[3]["data"]["values"] | seen
    return facts


def answer(number: int = 1, ally: bool = True, **given: Any) -> list[Json]:
    """What somebody else wrote into the thread."""
    author = {"handle": "@ann", "name": "Ann", "followers": 0}
    said = mention(author=author, community=community("answer") | given)
    return [
        fact("received", 100 * number, mention_id="m2", data={"mention": said}),
        fact("decided", 100 * number + 1, data={"values": {"community.ally": ally}}),
    ]


def told(facts: list[Json], *answers: list[Json], whole: list[Json] | None = None) -> list[Clause]:
    moment = moment_of(whole or facts, TASK, TITLES)
    elsewhere = tuple(answer_clauses(Trail(facts, moment), answers))
    return list(clauses(facts, moment, elsewhere))


def test_the_card_says_who_they_are_in_the_community_and_where_they_speak() -> None:
    """A11.2, A11.5, A8.1: each from the entry that tells it, a statement with source and time."""
    found = texts(told(asked()))
    assert found["advocacy"] == "advocate, as crm says, since"
    assert found["ally"] == "ally: 12 answers accepted"
    assert found["community"] == "regular in the community, 340 posts, 12 accepted answers"
    assert found["thread"] == "opens the thread My bag"
    [since] = [one.at_ms for one in told(asked()) if one.key == "advocacy"]
    assert since == NOON_MS


def test_who_is_nobody_there_is_told_nothing_of() -> None:
    facts = trail()
    facts[0]["data"]["mention"]["community"] = community("answer", title="", thread="t-9")
    found = texts(told(facts))
    assert found["thread"] == "answers in the thread t-9"
    assert not {"advocacy", "ally", "community", "answered"} & found.keys()


def test_the_card_of_a_question_says_who_else_has_answered() -> None:
    """A11.3, A11.5: the issue resolves where it was asked, and the agent sees it."""
    found = told(asked(), answer(), answer(2, ally=False, author="x"))
    mine = [one.text for one in found if one.key.startswith("answered")]
    assert mine == [
        "Ann answered in the thread at",
        "Ann is an ally",
        "Ann answered in the thread at",
    ]


def test_an_answer_in_another_thread_is_none() -> None:
    assert "answered" not in texts(told(asked(), answer(thread="t-2")))
    assert "answered" not in texts(told(trail(), answer()))


def test_without_an_entry_exactly_the_clauses_on_it_go_here_too() -> None:
    """A8.1: the same promise, over the trails of two mentions."""
    facts, other = asked(), answer()
    whole = told(facts, other)
    assert len([one for one in whole if one.key.startswith("answered")]) == 2
    for entry in [one["fact_id"] for one in (*facts, *other)]:
        left = [one for one in facts if one["fact_id"] != entry]
        answers = [one for one in other if one["fact_id"] != entry]
        rest = told(left, answers, whole=facts)
        assert rest == [one for one in whole if entry not in one.entries], entry
