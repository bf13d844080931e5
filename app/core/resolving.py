"""Resolving: what to do about somebody new, among all who share a key with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.levels import Similar
from app.core.matching import JOIN, REVIEW, SEPARATE, Verdict, Weights, judge, quick_band
from app.core.particulars import Particulars, shared

MOST_REVIEWS = 5  # pairs of one newcomer that a person is asked about: the best


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who shares a key with the newcomer; `person` is the group they belong to."""

    node: str
    person: str
    known: Particulars


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The one to join, if there is one, and the pairs for a person to decide, the best first."""

    join: tuple[str, Verdict] | None
    review: tuple[tuple[str, Verdict], ...]


def resolve(
    known: Particulars,
    found: Sequence[Candidate],
    weights: Weights,
    similar: Similar,
    population: int,
) -> Resolution:
    """Join where exactly one person fits, and no other has an id that is attested for this one.

    Where several fit, or one nearly, a person decides.
    """
    shift = weights.shift(population)
    near = [
        each for each in found if quick_band(known, each.known, weights, similar, shift) != SEPARATE
    ]
    verdicts = {each.node: judge(known, each.known, weights, similar, population) for each in near}
    persons = {each.node: each.person for each in near}
    fits = [node for node, verdict in verdicts.items() if verdict.band == JOIN]
    best = max(fits, key=lambda node: _rank(verdicts[node]), default=None)
    attested = [each.node for each in near if shared(known, each.known)]
    if best is not None and len({persons[node] for node in (*fits, *attested)}) == 1:
        others = {n: v for n, v in verdicts.items() if persons[n] != persons[best]}
        return Resolution(join=(best, verdicts[best]), review=_asked(others, persons))
    return Resolution(join=None, review=_asked(verdicts, persons))


def _asked(
    verdicts: Mapping[str, Verdict], persons: Mapping[str, str]
) -> tuple[tuple[str, Verdict], ...]:
    """The best pair with each person, the best few of them."""
    best: dict[str, str] = {}
    for node, verdict in sorted(verdicts.items(), key=lambda item: _rank(item[1]), reverse=True):
        if verdict.band in (JOIN, REVIEW):
            best.setdefault(persons[node], node)
    return tuple((node, verdicts[node]) for node in best.values())[:MOST_REVIEWS]


def _rank(verdict: Verdict) -> tuple[float, float]:
    return verdict.confidence, verdict.score
