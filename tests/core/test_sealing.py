"""What is personal in a fact can be taken out and put back, and nothing else moves."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.facts import OPS
from app.core.queue_state import NO_QUEUES
from app.core.recorded import kept
from app.core.rules import VARIABLES
from app.core.sealing import (
    PERSONAL,
    emptied,
    filled,
    letter_owner,
    matter_of,
    owner_of,
    personal,
)

SAID = {
    "mention_id": "m1",
    "source_id": "post-1",
    "channel": "x",
    "text": "My name is Kim",
    "author": {"handle": "@Kim", "name": "Kim", "followers": 90217},
    "url": "https://x.example/1",
    "meta": {"order": 5},
    "in_reply_to": "",
    "community": {"thread": "t-1", "title": "Kim asks", "standing": {"posts": 34017}},
    "detected_at": "2026-11-28T10:00:00Z",
}
VALUES = {
    "mention.handle": "@Kim",
    "mention.followers": 90217,
    "profile.name": "Kim",
    "profile.household": "Kim, Quay 5",
    "profile.credit": 412.5,
    "profile.rewards": 412.0,
    "score.urgency": 0.5,
    "community.title": "Kim asks",
    "community.thread": "t-1",
}

ADVOCACY = {"word": "ally", "source": "kim-club", "at_ms": 1234567890123}


def fact(op: str, **data: Any) -> dict[str, Any]:
    return {
        "fact_id": f"a/{op}",
        "op_id": "a",
        "op": op,
        "mention_id": "m1",
        "source_id": "post-1",
        "data": data,
    }


FACTS = [
    fact("received", mention=SAID, content_hash="h"),
    fact("edited", mention=SAID, values=VALUES),
    fact("decided", values=VALUES, decision={"queue": "service"}),
    fact("identified", handle_key="x:kim", customer_id="c1", known=True, advocacy=ADVOCACY),
    fact("replied", text="Dear Kim", first=True),
    fact("completed", note="Kim is happy"),
    fact("sent", text="Dear Kim", reference="kim-1", purpose="answer"),
    fact("not_sent", text="Dear Kim", state="refused"),
    fact(
        "consent_changed", handle_key="x:kim", evidence="Kim said so", kind="stop", source="message"
    ),
    fact("offered", attempt=1),
]


LEADS = ("kim", "post-1", "order", "412", "90217", "34017", "1234567890123")


@pytest.mark.parametrize("told", FACTS, ids=lambda told: told["op"])
def test_what_is_taken_out_and_put_back_is_the_fact(told: dict[str, Any]) -> None:
    before = copy.deepcopy(told)
    secrets = personal(told)
    bare = emptied(told, [path for path, _ in secrets])
    assert not any(word in repr(bare).casefold() for word in LEADS)
    assert filled(bare, secrets) == told == before


# What many have alike, or what is of our own people: it leads to nobody.
SHARED = {
    "profile.known", "profile.missing", "profile.tier", "profile.lang", "profile.open_cases",
    "profile.preferred_channel", "profile.last_rep",
    "history.mentions_1h", "history.mentions_48h", "history.mentions_30d", "history.open_tasks",
    "history.unanswered", "history.breached_30d", "history.open_cases", "history.last_sentiment",
    "history.last_status",
    "community.position", "community.ally", "community.advocate",
}  # fmt: skip


def test_what_rules_see_of_a_person_is_sealed_or_shared_by_many() -> None:
    """A variable that rules come to ask for is sealed, unless it is named above."""
    parts = ("profile.", "history.", "community.")
    known = {name: type_ for name, type_ in VARIABLES.items() if name.startswith(parts)}
    some: dict[type, Any] = {str: "Kim", int: 7, float: 7.5, bool: True, list: ["Kim"]}
    seen = {name: some[type_] for name, type_ in known.items()}
    told = fact("decided", values=kept(NO_QUEUES | seen))
    taken = {path[-1] for path, _ in personal(told)} - {"source_id"}
    assert taken == known.keys() - SHARED
    assert known.keys() >= SHARED


@pytest.mark.parametrize("told", FACTS, ids=lambda told: told["op"])
def test_a_fact_keeps_its_shape(told: dict[str, Any]) -> None:
    """Who reads a fact of somebody who was erased finds each field, empty."""
    assert shape(emptied(told, [path for path, _ in personal(told)])) == shape(told)


def shape(value: Any) -> Any:
    if isinstance(value, dict) and value is not SAID["meta"] and value:
        return {name: shape(part) for name, part in value.items() if name != "meta"}
    return type(value)


def test_what_rules_and_reports_need_stays() -> None:
    bare = emptied(FACTS[2], [path for path, _ in personal(FACTS[2])])
    assert bare["data"]["decision"] == {"queue": "service"}
    assert bare["data"]["values"]["score.urgency"] == 0.5


def test_only_the_facts_that_there_are_can_be_personal() -> None:
    assert set(PERSONAL) <= set(OPS)


def test_the_first_fact_of_a_mention_tells_whose_it_is() -> None:
    assert owner_of(FACTS[0]) == "x:kim"
    assert [owner_of(told) for told in FACTS[1:]] == [""] * 9


def test_a_consent_that_somebody_records_tells_whose_it_is() -> None:
    told = fact("consent_changed", handle_key="x:kim", source="phone", evidence="a call")
    told["mention_id"] = ""
    assert owner_of(told) == "x:kim"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["mention", "author", "handle", "channel", "text", "values"]), inner
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.sampled_from(sorted(PERSONAL)), anything)
def test_a_fact_of_any_shape_is_taken(op: str, data: Any) -> None:
    """The ledger may refuse nothing: whatever is odd is kept as it is."""
    told = fact(op) | {"data": data}
    owner_of(told)
    secrets = personal(told)
    assert filled(emptied(told, [path for path, _ in secrets]), secrets) == told


def test_the_reason_that_a_person_wrote_is_sealed_and_the_code_of_the_system_stays() -> None:
    by_ann = {"reason": "Kim is angry", "actor": {"type": "user", "id": "ann"}}
    handed = fact("transferred", reason="Kim is angry") | by_ann
    handed["fields"] = {"handed_on": "Kim is angry", "rep": ""}
    bare = emptied(handed, [path for path, _ in personal(handed)])
    assert "Kim" not in repr(bare)
    by_system = {"reason": "no_first_reply", "actor": {"type": "system", "id": "door"}}
    for told in (
        fact("transferred") | by_system,
        fact("cancelled") | by_ann | {"reason": "erased"},
        fact("completed") | by_ann | {"reason": "resolved"},
    ):
        assert ("reason",) not in [path for path, _ in personal(told)]


def test_a_dead_letter_has_a_key_of_its_own() -> None:
    told = fact("dead", detail="author: expected an object, got 'kim'") | {"mention_id": ""}
    assert (owner_of(told), matter_of(told)) == (letter_owner("a"), "a/dead")
    assert "kim" not in repr(emptied(told, [path for path, _ in personal(told)]))
