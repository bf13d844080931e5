"""Joins: who is one person, as the fold of what was joined, taken back and told apart.

A node is a customer id or a handle; a person is a group of nodes. Nothing that is known of a node
ever moves: an un-join is the fold without that join, so both come back as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.core.errors import Conflict
from app.core.particulars import CUSTOMER, contradictions, split_node

JOINED, UNJOINED, APART = "joined", "unjoined", "apart"

MACHINE: Final = "identity"  # who joins by itself
# Nodes of one person: nobody has more, and a chain of wrong joins ends here.
MOST_NODES, MOST_BY_MACHINE = 200, 30

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who does it, when, and in what words. The machine is `MACHINE`."""

    name: str
    role: str
    at_ms: int
    reason: str = ""

    @property
    def is_machine(self) -> bool:
        return self.name == MACHINE and self.role == "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that was done to a pair, for ever. `of` is the join that an un-join takes back."""

    seq: int
    kind: str
    a: str
    b: str
    at_ms: int
    by: str
    role: str
    of: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)  # reason, confidence, evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The fold: joins in effect by their number, and pairs that are told apart."""

    joins: Mapping[int, Pair] = field(default_factory=dict)
    apart: frozenset[Pair] = frozenset()

    def group(self, node: str) -> frozenset[str]:
        """All nodes of the person behind this one."""
        found, waiting = {node}, [node]
        near: dict[str, list[str]] = {}
        for a, b in self.joins.values():
            near.setdefault(a, []).append(b)
            near.setdefault(b, []).append(a)
        while waiting:
            for other in near.get(waiting.pop(), ()):
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return frozenset(found)

    def groups(self) -> set[frozenset[str]]:
        """Every person of more than one node."""
        nodes = {node for pair in self.joins.values() for node in pair}
        return {self.group(node) for node in nodes}

    def told_apart(self, ours: Iterable[str], theirs: Iterable[str]) -> list[Pair]:
        """Pairs between two persons of which somebody said that they are not the same."""
        left, right = set(ours), set(theirs)
        return sorted(
            (a, b)
            for a, b in self.apart
            if (a in left and b in right) or (a in right and b in left)
        )


def pair_of(a: str, b: str) -> Pair:
    """Two nodes in the order in which they are kept."""
    return (a, b) if a <= b else (b, a)


def person_of(group: Iterable[str]) -> str:
    """The node by which a person is called: the first customer id, else the first handle."""
    return min(group, key=lambda node: (split_node(node)[0] != CUSTOMER, node))


def fold(events: Iterable[Event]) -> People:
    """What these events, in order, make of their nodes. Never raises: what makes no sense is idle.

    An un-join counts wherever it stands: the join is left out, as if it had never been.
    """
    every = list(events)
    back = {event.of for event in every if event.kind == UNJOINED}
    joins: dict[int, Pair] = {}
    apart: set[Pair] = set()
    for event in every:
        pair = pair_of(event.a, event.b)
        if event.kind == JOINED and event.seq not in back and event.a != event.b:
            joins[event.seq] = pair
            apart.discard(pair)
        elif event.kind == APART:
            apart.add(pair)
    return People(joins=joins, apart=frozenset(apart))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before it has a number."""

    kind: str
    a: str
    b: str
    of: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)


def join(
    people: People,
    pair: Pair,
    who: Who,
    strong: Mapping[str, Sequence[str]],
    told: Mapping[str, Any],
) -> list[Draft]:
    """Say that two nodes are one person. `strong`: of every node of both, `told`: the evidence.

    Raises Conflict: `same_node`, `already_joined`, `told_apart`, `too_many_nodes`; for the machine
    also `contradiction` and `needs_person`, for a person `reason_needed` where either is so.
    """
    a, b = pair = pair_of(*pair)
    if a == b:
        raise Conflict("same_node", "Expected two different ids")
    ours, theirs = people.group(a), people.group(b)
    if b in ours:
        raise Conflict("already_joined", "Both belong to one person already")
    apart = people.told_apart(ours, theirs)
    if apart and (who.is_machine or apart != [pair]):
        told_of = " and ".join(apart[0])
        raise Conflict("told_apart", f"Somebody said that {told_of} are not the same")
    if len(ours) + len(theirs) > (MOST_BY_MACHINE if who.is_machine else MOST_NODES):
        raise Conflict("too_many_nodes", f"Expected at most {MOST_NODES} ids of one person")
    against = _against(ours, theirs, strong)
    if who.is_machine:
        _refuse_machine(pair, (ours, theirs), against)
    elif not who.reason and (apart or against):
        told_of = "Somebody told them apart" if apart else " and ".join(against or ()) + " differ"
        raise Conflict("reason_needed", f"{told_of}: say why they are the same all the same")
    return [Draft(kind=JOINED, a=a, b=b, data={"reason": who.reason, **told})]


def unjoin(people: People, seq: int, who: Who) -> list[Draft]:
    """Take a join back and remember that its two are not the same.

    Raises Conflict (`unknown_join`) where it is not in effect.
    """
    pair = people.joins.get(seq)
    if pair is None:
        raise Conflict("unknown_join", "No join in effect has this number")
    data = {"reason": who.reason}
    return [
        Draft(kind=UNJOINED, a=pair[0], b=pair[1], of=seq, data=data),
        Draft(kind=APART, a=pair[0], b=pair[1], data=data),
    ]


def keep_apart(people: People, pair: Pair, who: Who) -> list[Draft]:
    """Remember that two nodes are not one person; the machine never joins theirs again.

    Raises Conflict: `same_node`, `already_joined`, `already_apart`.
    """
    a, b = pair = pair_of(*pair)
    if a == b:
        raise Conflict("same_node", "Expected two different ids")
    if b in people.group(a):
        raise Conflict("already_joined", "Both belong to one person: take the join back first")
    if pair in people.apart:
        raise Conflict("already_apart", "Somebody said before that they are not the same")
    return [Draft(kind=APART, a=a, b=b, data={"reason": who.reason})]


def _against(
    ours: frozenset[str], theirs: frozenset[str], strong: Mapping[str, Sequence[str]]
) -> Pair | None:
    """Two strong ids of one kind that contradict each other, if there are such."""
    left = {key for node in ours for key in strong.get(node, ())}
    right = {key for node in theirs for key in strong.get(node, ())}
    return next(contradictions(left, right), None)


def _refuse_machine(
    pair: Pair, groups: tuple[frozenset[str], frozenset[str]], against: Pair | None
) -> None:
    if against:
        told = " and ".join(against)
        raise Conflict("contradiction", f"{told} are attested: a person decides")
    customers = [any(split_node(n)[0] == CUSTOMER for n in group) for group in groups]
    direct = all(split_node(node)[0] == CUSTOMER for node in pair)
    if all(customers) and not direct:
        raise Conflict("needs_person", "It would join two customers through a handle")
