"""What is known of a customer: the fold of statements, whatever order they came in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.known import (
    Known,
    Order,
    Statement,
    adoption,
    differ,
    facts_of,
    fold,
    handles_of,
    influence,
    side_by_side,
)
from app.core.profile import STRANGER

ORDER = Order(trusted=("crm", "support"))


def statement(source: str, at_ms: int, **says: object) -> Statement:
    found = {name.replace("__", "."): value for name, value in says.items()}
    return Statement(
        customer_id="C1",
        source=source,
        at_ms=at_ms,
        seen_ms=at_ms,
        says=found,  # type: ignore[arg-type]
    )


def facts(*statements: Statement) -> list[Known]:
    return [fact for one in statements for fact in facts_of(one)]


_VALUES = st.sampled_from(["gold", "silver", "platinum", ""])
_FACTS = st.lists(
    st.builds(
        Known,
        customer_id=st.sampled_from(["C1", "C2"]),
        field=st.sampled_from(["tier", "name", "handle", "lang"]),
        value=_VALUES,
        source=st.sampled_from(["crm", "support", "credit"]),
        at_ms=st.integers(0, 5),
        seen_ms=st.integers(0, 9),
        confidence=st.sampled_from([0.4, 0.9, 1.0]),
    ),
    max_size=12,
)


@given(_FACTS, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_came_does_not_matter(
    found: list[Known], any_order: object
) -> None:
    """A2.4"""
    other = [*found]
    any_order.shuffle(other)  # type: ignore[attr-defined]
    assert fold(other, ORDER) == fold(found, ORDER)
    assert side_by_side(other, ORDER) == side_by_side(found, ORDER)


@given(_FACTS)
def test_no_fact_is_lost_beside_another_and_the_same_twice_is_once(found: list[Known]) -> None:
    """A2.4, A2.7"""
    known = side_by_side(found, ORDER)
    said = {(fact.field, fact.source, fact.value) for group in known.values() for fact in group}
    assert said == {(fact.field, fact.source, fact.value) for fact in found}
    assert side_by_side(found + found, ORDER) == known
    merged = [fact for group in known.values() for fact in group]
    assert side_by_side(merged, ORDER) == known, "the fold of a fold is the fold"


def test_the_trusted_source_is_shown_first_and_the_others_stand_beside_it() -> None:
    """A2.4"""
    found = facts(statement("credit", 9, tier="silver"), statement("crm", 1, tier="gold"))
    assert fold(found, ORDER).tier == "gold"
    assert [(f.source, f.value) for f in side_by_side(found, ORDER)["tier"]] == [
        ("crm", "gold"),
        ("credit", "silver"),
    ]
    assert differ(side_by_side(found, ORDER)["tier"])


def test_of_equally_trusted_sources_the_newest_is_shown() -> None:
    found = facts(statement("a", 1, tier="gold"), statement("b", 2, tier="silver"))
    assert fold(found).tier == "silver"


def test_what_a_source_says_anew_is_shown_and_what_it_said_before_stays() -> None:
    found = facts(statement("crm", 1, open_cases=3), statement("crm", 2, open_cases=1))
    assert fold(found, ORDER).open_cases == 1
    assert [fact.value for fact in side_by_side(found)["open_cases"]] == [1, 3]
    assert not differ(side_by_side(found)["open_cases"]), "one source changed its mind"


def test_contact_points_of_all_sources_are_the_customers() -> None:
    """A2.1, A2.3"""
    found = facts(
        statement("crm", 5, handle=("email:kim@a.test", "x:kim")),
        statement("support", 3, handle=("x:kim", "phone:+49 30")),
    )
    assert handles_of(found) == {"email:kim@a.test": 5, "x:kim": 3, "phone:+49 30": 3}


def test_where_they_are_and_how_far_their_word_carries_follow_from_the_facts() -> None:
    """A2.5"""
    found = facts(
        statement("crm", 1, handle=("x:kim", "email:kim@a.test"), posts__x=99),
        statement("social", 1, followers__x=999_999, followers__mastodon=0),
    )
    profile = fold(found, ORDER)
    assert profile.social == ("mastodon", "x"), "mail is nobody's public"
    assert (profile.influence, profile.adoption) == (100, 80)


def test_the_formulas_stay_within_their_bounds() -> None:
    """A2.5"""
    assert (influence(0, 0), influence(999, 0), influence(10**9, 10**6)) == (0, 45, 100)
    assert (adoption(0, 0), adoption(1, 0), adoption(1, 9), adoption(9, 10**6)) == (0, 20, 40, 100)


def test_of_nobody_nothing_is_known() -> None:
    assert fold([]) == STRANGER


def test_people_who_were_joined_have_one_profile_under_the_name_it_is_given() -> None:
    both = [
        *facts(statement("crm", 1, name="Kim")),
        Known(customer_id="C0", field="lang", value="de", source="crm", at_ms=1, seen_ms=1),
    ]
    assert (fold(both).customer_id, fold(both).lang, fold(both).name) == ("C0", "de", "Kim")
    assert fold(both, customer_id="P7").customer_id == "P7"
