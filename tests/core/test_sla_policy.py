"""SLA policies: the most specific one wins, and what nobody could decide is found."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.policy import STANDARD, Policy, Slas, conflicts, unreachable
from app.core.sla import FIRST_RESPONSE, NEXT_RESPONSE

QUEUES, TIERS, CHANNELS = ("service", "billing"), ("gold", "silver", ""), ("x", "email", "fax")


def policy(name: str, **given_: tuple[str, ...]) -> Policy:
    return Policy(name=name, **given_)  # type: ignore[arg-type]


STANDARD_POLICY = policy(STANDARD)
EVERYTHING = [
    STANDARD_POLICY,
    policy("email", channels=("email",)),
    policy("billing", queues=("billing",)),
    policy("gold", tiers=("gold",)),
    policy("billing-email", queues=("billing",), channels=("email",)),
    policy("gold-email", tiers=("gold",), channels=("email",)),
    policy("gold-billing", tiers=("gold",), queues=("billing",)),
    policy("gold-billing-email", tiers=("gold",), queues=("billing",), channels=("email",)),
]


def test_more_dimensions_win_then_tier_before_queue_before_channel() -> None:
    """Take the winner away, and the next in the documented order wins."""
    left, order = list(EVERYTHING), []
    while left:
        winner = Slas(policies=tuple(left)).of("billing", "gold", "email")
        order.append(winner.name)
        left.remove(winner)
    assert order == [
        *("gold-billing-email", "gold-billing", "gold-email", "billing-email"),
        *("gold", "billing", "email", STANDARD),
    ]
    assert not list(conflicts(EVERYTHING))
    assert not list(unreachable(EVERYTHING, QUEUES))


def test_what_no_policy_names_is_standard() -> None:
    assert Slas(policies=tuple(EVERYTHING)).of("service", "", "fax").name == STANDARD
    assert Slas().of("anything", "any", "where").name == STANDARD


def test_the_next_response_is_as_the_first_unless_it_is_named() -> None:
    one = Policy(name="one", first_response_s=60.0)
    two = Policy(name="two", first_response_s=60.0, next_response_s=90.0)
    assert one.response_s(NEXT_RESPONSE, 0.0, 10.0) == 60.0
    assert two.response_s(NEXT_RESPONSE, 0.0, 10.0) == 90.0
    assert two.response_s(FIRST_RESPONSE, 0.0, 10.0) == 60.0
    assert Policy(name="three", next_response_s=90.0).response_s(FIRST_RESPONSE, 0, 10.0) == 10.0
    assert two.response_s(NEXT_RESPONSE, 5.0, 10.0) == 5.0


def test_two_equally_specific_policies_that_can_meet_are_a_conflict() -> None:
    one = policy("one", tiers=("gold", "silver"), queues=("service",))
    two = policy("two", tiers=("silver",), queues=("billing", "service"))
    apart = policy("apart", tiers=("bronze",), queues=("service",))
    other_kind = policy("other", tiers=("gold",), channels=("x",))
    [(first, second, example)] = conflicts([STANDARD_POLICY, one, two, apart, other_kind])
    assert (first.name, second.name) == ("one", "two")
    assert example == "tier 'silver', queue 'service'"
    [(_, _, everything)] = conflicts([STANDARD_POLICY, policy("all")])
    assert everything == "everything"


def test_a_policy_that_others_take_everything_from_is_unreachable() -> None:
    gold = policy("gold", tiers=("gold",))
    each = policy("gold-each", tiers=("gold",), queues=QUEUES)
    assert [p.name for p in unreachable([STANDARD_POLICY, gold, each], QUEUES)] == ["gold"]
    half = policy("gold-half", tiers=("gold",), queues=("billing",))
    assert not list(unreachable([STANDARD_POLICY, gold, half], QUEUES))
    # Channels and tiers are open lists: there is always one more that nobody named.
    named = policy("gold-here", tiers=("gold",), channels=CHANNELS)
    assert not list(unreachable([STANDARD_POLICY, gold, named], QUEUES))


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values)).map(lambda found: tuple(sorted(found)))


policies = st.lists(st.tuples(some(QUEUES), some(TIERS[:2]), some(CHANNELS[:2])), max_size=5).map(
    lambda found: [
        STANDARD_POLICY,
        *(
            Policy(name=f"p{n}", queues=queues, tiers=tiers, channels=channels)
            for n, (queues, tiers, channels) in enumerate(found)
        ),
    ]
)
MENTIONS = [(q, t, c) for q in QUEUES for t in TIERS for c in CHANNELS]


@given(policies)
def test_a_conflict_is_found_exactly_where_a_mention_has_two_best_policies(
    found: list[Policy],
) -> None:
    """Against the definition, mention by mention."""
    tied = set()
    for mention in MENTIONS:
        fitting = [p for p in found if p.applies(*mention)]
        best = max(p.specificity for p in fitting)
        names = [p.name for p in fitting if p.specificity == best]
        tied |= {(a, b) for a in names for b in names if a < b}
    told = {tuple(sorted((a.name, b.name))) for a, b, _ in conflicts(found)}
    # A conflict below a more specific policy may be told too; none that matters is missed.
    assert tied <= told


@given(policies)
def test_without_conflicts_a_policy_applies_somewhere_or_is_told_to_be_unreachable(
    found: list[Policy],
) -> None:
    assume(not list(conflicts(found)))
    slas = Slas(policies=tuple(found))
    used = {slas.of(*mention).name for mention in MENTIONS} | {STANDARD}
    assert {p.name for p in unreachable(found, QUEUES)} == {p.name for p in found} - used


@given(policies, st.permutations(range(6)))
def test_the_order_in_which_policies_are_written_decides_nothing(
    found: list[Policy], order: list[int]
) -> None:
    assume(not list(conflicts(found)))
    mixed = tuple(found[n] for n in order if n < len(found))
    for mention in MENTIONS:
        assert Slas(policies=mixed).of(*mention) == Slas(policies=tuple(found)).of(*mention)
