"""Joins: whatever is joined and taken back, in whatever order, both people come back exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import joins
from app.core.errors import Conflict
from app.core.joins import (
    APART,
    JOINED,
    MACHINE,
    MOST_BY_MACHINE,
    UNJOINED,
    Draft,
    Event,
    People,
    Who,
    fold,
    person_of,
)

SUE = Who(name="sofia", role="supervisor", at_ms=1, reason="I asked them")
ITSELF = Who(name=MACHINE, role="service", at_ms=1)
NODES = [*(f"customer:C{n}" for n in range(5)), *(f"handle:x:{n}" for n in range(5))]
STRONG = {node: [f"mail:m{n % 4}@a.test"] for n, node in enumerate(NODES)}


@dataclass
class Diary:
    """Events as they are written, by commands that may be refused."""

    events: list[Event] = field(default_factory=list)

    @property
    def people(self) -> People:
        return fold(self.events)

    def write(self, drafts: Sequence[Draft], who: Who = SUE) -> None:
        for draft in drafts:
            seq = len(self.events) + 1
            self.events.append(
                Event(
                    seq=seq, kind=draft.kind, a=draft.a, b=draft.b, of=draft.of, at_ms=who.at_ms,
                    by=who.name, role=who.role, data=draft.data,
                )
            )  # fmt: skip

    def join(self, a: str, b: str, who: Who = SUE) -> int:
        self.write(joins.join(self.people, (a, b), who, STRONG, {}), who)
        return len(self.events)

    def unjoin(self, seq: int) -> None:
        self.write(joins.unjoin(self.people, seq, SUE))

    def apart(self, a: str, b: str) -> None:
        self.write(joins.keep_apart(self.people, (a, b), SUE))


COMMAND = st.tuples(
    st.sampled_from(["join", "machine", "unjoin", "apart"]),
    st.sampled_from(NODES),
    st.sampled_from(NODES),
    st.integers(0, 10),
)


def carried_out(commands: Sequence[tuple[str, str, str, int]]) -> Diary:
    """What is left of these commands, where each may be refused."""
    diary = Diary()
    for kind, a, b, which in commands:
        try:
            if kind == "unjoin":
                effective = sorted(diary.people.joins)
                diary.unjoin(effective[which % len(effective)] if effective else which)
            elif kind == "apart":
                diary.apart(a, b)
            else:
                diary.join(a, b, ITSELF if kind == "machine" else SUE)
        except Conflict:
            pass
    return diary


@given(st.lists(COMMAND, max_size=30), st.integers(0, 30))
def test_an_unjoin_is_the_world_without_that_join(
    commands: list[tuple[str, str, str, int]], which: int
) -> None:
    """A2.3, D9: whichever join is taken back, and whatever was done since."""
    diary = carried_out(commands)
    if not diary.people.joins:
        return
    seqs = sorted(diary.people.joins)
    seq = seqs[which % len(seqs)]
    without = fold(event for event in diary.events if event.seq != seq)
    pair = diary.people.joins[seq]
    before = diary.people.group(pair[0])
    diary.unjoin(seq)
    assert diary.people.joins == without.joins
    assert diary.people.groups() == without.groups()
    ours, theirs = diary.people.group(pair[0]), diary.people.group(pair[1])
    assert ours | theirs == before
    assert not ours & theirs


@given(st.lists(COMMAND, max_size=25), st.sampled_from(NODES), st.sampled_from(NODES))
def test_joined_and_taken_back_is_as_if_nothing_had_been(
    commands: list[tuple[str, str, str, int]], a: str, b: str
) -> None:
    diary = carried_out(commands)
    before = diary.people
    try:
        seq = diary.join(a, b)
    except Conflict:
        assert diary.people == before
        return
    diary.unjoin(seq)
    assert diary.people.joins == before.joins
    assert diary.people.groups() == before.groups()
    assert before.apart <= diary.people.apart | {joins.pair_of(a, b)}


@given(st.lists(COMMAND, max_size=40))
def test_nobody_who_was_told_apart_is_in_one_person(
    commands: list[tuple[str, str, str, int]],
) -> None:
    people = carried_out(commands).people
    for group in people.groups():
        assert people.told_apart(group, group) == []
        inside = [pair for pair in people.joins.values() if pair[0] in group]
        assert len(inside) == len(group) - 1  # no circle: each join is the only bridge


@given(st.lists(COMMAND, max_size=40))
def test_the_machine_never_joins_two_different_strong_ids(
    commands: list[tuple[str, str, str, int]],
) -> None:
    by_itself = [(kind if kind != "join" else "machine", *rest) for kind, *rest in commands]
    for group in carried_out(by_itself).people.groups():  # type: ignore[arg-type]
        assert len({key for node in group for key in STRONG[node]}) == 1


@given(
    st.lists(
        st.builds(
            Event,
            seq=st.integers(0, 8),
            kind=st.sampled_from([JOINED, UNJOINED, APART, "nonsense"]),
            a=st.sampled_from(NODES),
            b=st.sampled_from(NODES),
            at_ms=st.just(1),
            by=st.just("x"),
            role=st.just("y"),
            of=st.integers(0, 8),
        ),
        max_size=30,
    )
)
def test_any_events_whatever_have_a_fold(events: list[Event]) -> None:
    """Circles, repeats, un-joins of nothing: each has an outcome, and order of a pair is none."""
    people = fold(events)
    flipped = [
        Event(
            seq=e.seq, kind=e.kind, a=e.b, b=e.a, at_ms=1, by="x", role="y", of=e.of
        ) for e in events
    ]  # fmt: skip
    assert fold(flipped) == people
    groups = people.groups()
    assert sum(len(group) for group in groups) == len({n for group in groups for n in group})


def refused(diary: Diary, a: str, b: str, who: Who = SUE) -> str:
    with pytest.raises(Conflict) as error:
        diary.join(a, b, who)
    return error.value.code


def test_repeated_and_circular_joins_are_refused_by_name() -> None:
    diary = Diary()
    diary.join(NODES[0], NODES[4])
    diary.join(NODES[4], NODES[8])
    assert refused(diary, NODES[0], NODES[4]) == "already_joined"
    assert refused(diary, NODES[8], NODES[0]) == "already_joined"
    assert refused(diary, NODES[8], NODES[8]) == "same_node"
    with pytest.raises(Conflict, match="take the join back"):
        diary.apart(NODES[0], NODES[8])


def test_not_the_same_is_remembered_for_everybody_they_are_joined_with() -> None:
    """A person may think again, about that very pair."""
    diary = Diary()
    diary.apart(NODES[0], NODES[4])
    diary.join(NODES[4], NODES[8])
    assert refused(diary, NODES[0], NODES[4], ITSELF) == "told_apart"
    assert refused(diary, NODES[0], NODES[8], ITSELF) == "told_apart"
    assert refused(diary, NODES[0], NODES[8]) == "told_apart"  # somebody else's word stands
    seq = diary.join(NODES[0], NODES[4])
    assert diary.people.apart == frozenset()
    diary.unjoin(seq)
    assert refused(diary, NODES[0], NODES[4], ITSELF) == "told_apart"


def test_a_person_may_join_what_the_machine_must_not() -> None:
    diary = Diary()
    assert refused(diary, NODES[0], NODES[1], ITSELF) == "contradiction"
    in_a_hurry = Who(name="sofia", role="supervisor", at_ms=1)
    assert refused(diary, NODES[0], NODES[1], in_a_hurry) == "reason_needed"
    diary.join(NODES[0], NODES[1])
    assert diary.people.group(NODES[0]) == {NODES[0], NODES[1]}


def test_a_handle_does_not_draw_two_customers_together() -> None:
    diary = Diary()
    diary.join(NODES[0], NODES[8], ITSELF)
    assert refused(diary, NODES[4], NODES[8], ITSELF) == "needs_person"
    diary.join(NODES[0], NODES[4], ITSELF)  # two customers themselves


def test_a_chain_of_joins_by_the_machine_ends() -> None:
    diary = Diary()
    nodes = [f"handle:x:many{n}" for n in range(MOST_BY_MACHINE + 1)]
    for left, right in pairwise(nodes[:-1]):
        diary.join(left, right, ITSELF)
    assert refused(diary, nodes[0], nodes[-1], ITSELF) == "too_many_nodes"
    diary.join(nodes[0], nodes[-1])


def test_a_person_is_called_by_the_first_customer_id() -> None:
    assert person_of(["handle:a:1", "customer:C2", "customer:C1"]) == "customer:C1"
    assert person_of(["handle:x:2", "handle:a:9"]) == "handle:a:9"
