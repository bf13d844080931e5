"""Matching: what agrees between two people is weighed, and the sum falls into one of three bands.

Weights are of Fellegi and Sunter: log2 of how much more often a level is seen with one person's
two records than with two people's. They are fitted in `models/identity`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.levels import (
    CLOSE,
    FITTED,
    OTHER,
    SAME,
    Similar,
    levels,
    where_levels,
    who_levels,
)
from app.core.particulars import ID, MAIL, PHONE, Particulars, contradictions, shared

JOIN, REVIEW, SEPARATE = "join", "review", "separate"
BANDS: Final = (JOIN, REVIEW, SEPARATE)

# A level beside those that are weighed: somebody attests it, so there is nothing to weigh.
ATTESTED = "attested"

_WHERE: Final = ("street", "postcode", "place")
_MOST_BITS = 60.0  # beyond, a float knows no difference from certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Bits for each level of each field, and where the bands begin.

    `join` and `review` hold among so many `people`; among more there are more chances to agree by
    accident: both rise by a bit each time they double.
    """

    bits: Mapping[tuple[str, str], float]
    join: float
    review: float
    people: int
    version: str = ""

    def shift(self, population: int) -> float:
        """Bits by which the bands begin later among so many people."""
        return math.log2(max(population, self.people) / self.people)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One field with what it says: level and bits; `ours` and `theirs` are what was compared."""

    field: str
    level: str
    bits: float
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with a pair, and why. `confidence`: the probability that both are one, 0 to 1.

    `against`: strong keys that contradict each other; such a pair is never joined by the machine.
    """

    band: str
    score: float
    confidence: float
    why: str
    evidence: tuple[Evidence, ...] = ()
    against: tuple[tuple[str, str], ...] = ()


def judge(
    a: Particulars, b: Particulars, weights: Weights, similar: Similar, population: int = 0
) -> Verdict:
    """Weigh a pair, with the evidence for it. What is attested decides before all weights do."""
    found = levels(a, b, similar)
    total = score(found, weights)
    band = band_of(found, total, weights, weights.shift(population))
    confidence = confidence_of(total, weights, population)
    attested = shared(a, b)
    against = tuple(contradictions(a.strong, b.strong))
    why = _why(band, found)
    if attested:
        band, confidence, why = _by_attested(found, confidence)
    if against and band == JOIN:
        band, why = REVIEW, "Much agrees, but two attested ids of one kind differ."
    stated = _attested(attested)
    evidence = [
        Evidence(field=field, level=level, bits=round(bits, 2), ours=ours, theirs=his)
        for (field, level), bits in zip(found, counted(found, weights), strict=True)
        for ours, his in [(shown(a, field), shown(b, field))]
        if not any(each.field == field for each in stated)
    ]
    return Verdict(
        band=band,
        score=round(total, 2),
        confidence=round(confidence, 4),
        why=why,
        evidence=(*stated, *evidence),
        against=against,
    )


def quick_band(
    a: Particulars, b: Particulars, weights: Weights, similar: Similar, shift: float
) -> str:
    """The band that `judge` gives, without the evidence: most candidates are strangers."""
    found = who_levels(a, b, similar)
    attested = a.strong and b.strong and shared(a, b)
    if not attested and not may_ask(found):
        return SEPARATE
    found += where_levels(a, b, similar)
    if attested:
        band = attested_band(found)
    else:
        band = band_of(found, score(found, weights), weights, shift)
    against = band == JOIN and any(contradictions(a.strong, b.strong))
    return REVIEW if against else band


def counted(found: Sequence[tuple[str, str]], weights: Weights) -> list[float]:
    """The bits of each level, in order, as far as they count.

    Street, postcode and place say nearly the same: of what agrees among them only the most counts,
    of what differs only the most. Otherwise all neighbours would be alike.
    """
    bits = [weights.bits.get(pair, 0.0) for pair in found]
    where = [at for at, (field, _) in enumerate(found) if field in _WHERE]
    for kept in (max, min):
        signed = [at for at in where if (bits[at] > 0) == (kept is max)]
        best = kept(signed, key=bits.__getitem__, default=None)
        for at in signed:
            if at != best:
                bits[at] = 0.0
    return bits


def score(found: Sequence[tuple[str, str]], weights: Weights) -> float:
    """The sum of the bits that count."""
    return sum(counted(found, weights))


def band_of(found: Sequence[tuple[str, str]], total: float, weights: Weights, shift: float) -> str:
    """The band of a pair by its levels and their sum.

    What is claimed of mail and phone has no fitted weight: it may bring a pair before a human, and
    adds nothing to what the machine joins by.
    """
    if total < weights.review + shift or not may_ask(found):
        return SEPARATE
    if total >= weights.join + shift and may_join(found):
        claimed = sum(max(weights.bits.get(p, 0.0), 0.0) for p in found if p[0] not in FITTED)
        if total - claimed >= weights.join + shift:
            return JOIN
    return REVIEW


def may_join(found: Sequence[tuple[str, str]]) -> bool:
    """Do name and birthday agree, one of them in full? A household shares everything else."""
    named = dict(found)
    pair = (named.get("name"), named.get("born"))
    return pair in ((SAME, SAME), (SAME, CLOSE), (CLOSE, SAME))


def may_ask(found: Sequence[tuple[str, str]]) -> bool:
    """Does a name, a birthday or a contact agree? Else people would be asked of every family."""
    return any(
        level in (SAME, CLOSE) for field, level in found if field in ("name", "born", MAIL, PHONE)
    )


def confidence_of(total: float, weights: Weights, population: int) -> float:
    """The probability that follows from the bits, where before one in so many was the same."""
    odds = total - math.log2(max(population, weights.people))
    return 1.0 / (1.0 + math.exp2(-max(min(odds, _MOST_BITS), -_MOST_BITS)))


def shown(of: Particulars, field: str) -> str:
    """What a person is shown of a field."""
    if field == "name":
        return of.written or " ".join(of.names)
    if field in FITTED:
        return str(getattr(of, field))
    return ", ".join(key.partition(":")[2] for key in of.keys if key.startswith(f"{field}:"))


def _why(band: str, found: Sequence[tuple[str, str]]) -> str:
    if band == JOIN:
        return "Name and birthday agree, and the rest is no accident."
    if band == SEPARATE:
        return "Too little agrees."
    if not may_join(found):
        return "Much agrees, but not name and birthday: a household shares as much."
    return "More agrees than by accident, and not enough to be sure."


def attested_band(found: Sequence[tuple[str, str]]) -> str:
    """Of two who share a strong key. Families share telephones: other names are no join."""
    return REVIEW if ("name", OTHER) in found else JOIN


def _by_attested(found: Sequence[tuple[str, str]], confidence: float) -> tuple[str, float, str]:
    if attested_band(found) == JOIN:
        return JOIN, 1.0, "One id, attested for both."
    return REVIEW, confidence, "One id, attested for both, but other names: a family may share it."


def _attested(keys: Sequence[str]) -> list[Evidence]:
    found = []
    for key in keys:
        kind, _, value = key.partition(":")
        field = f"{ID} {value.partition(':')[0]}" if kind == ID else kind
        value = value.partition(":")[2] if kind == ID else value
        found.append(Evidence(field=field, level=ATTESTED, bits=0.0, ours=value, theirs=value))
    return found
