"""Fit the weights of matching: `python -m models.identity.fit FOLDER` writes weights.toml.

The labels say who is who, so that the shares are counted (no estimation by EM is needed). Half of
the people of dataset2 and dataset3 are fitted on; the other half, dataset1 and dataset4 are held
out. The same FOLDER gives the same file.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Final

from app.adapters.labelled_csv import read
from app.adapters.normal_forms import similar
from app.core.labelled import Record, true_pairs
from app.core.levels import FITTED, LEVELS, OTHER, SAME, levels
from app.core.matching import Weights
from app.core.particulars import MAIL, PHONE

FITTED_ON: Final = ("dataset2.csv", "dataset3.csv")
SEED: Final = 7
# Two strangers' records drawn at random, of each set: enough for a share of one in 100,000.
_STRANGERS: Final = 300_000
# By the model the machine is wrong once in a thousand; a human is asked from one in twenty on.
JOIN_CONFIDENCE, REVIEW_CONFIDENCE = 0.999, 0.05
# Not fitted, as no labelled set has them: a mail or phone that is only claimed. A number that a
# thousandth of all people share (families, switchboards, typing mistakes) gives ten bits.
ASSUMED: Final = {
    (MAIL, SAME): 10.0,
    (PHONE, SAME): 10.0,
    (MAIL, OTHER): -0.5,
    (PHONE, OTHER): -0.5,
}


def is_fitted_on(person: str) -> bool:
    """Which half a person belongs to: by their number alone, so that all records stay together."""
    return hashlib.sha256(f"{SEED}:{person}".encode()).digest()[0] % 2 == 0


def halves(folder: Path) -> tuple[list[list[Record]], list[list[Record]]]:
    """The records of the sets that are fitted on: those that are, and those held out."""
    sets = [read([folder / name]) for name in FITTED_ON]
    return (
        [[record for record in each if is_fitted_on(record[0])] for each in sets],
        [[record for record in each if not is_fitted_on(record[0])] for each in sets],
    )


def fit(sets: Sequence[Sequence[Record]]) -> Weights:
    """Count how often each level is seen with one person's records and with two people's."""
    same: Counter[tuple[str, str]] = Counter()
    other: Counter[tuple[str, str]] = Counter()
    rng = Random(SEED)
    for records in sets:
        same.update(_counted(records, true_pairs(records)))
        other.update(_counted(records, _strangers(records, rng)))
    people = round(sum(len(records) for records in sets) / len(sets))
    return Weights(
        bits=_bits(same, other) | ASSUMED,
        join=math.log2(people) + _odds(JOIN_CONFIDENCE),
        review=math.log2(people) + _odds(REVIEW_CONFIDENCE),
        people=people,
    )


def as_toml(weights: Weights) -> str:
    """The file: rounded, in a fixed order."""
    lines = [
        "# Written by `python -m models.identity.fit`: see CARD.md.",
        'version = "febrl-1"',
        f"people = {weights.people}  # among so many the bands begin where they are said to",
        f"join = {weights.join:.2f}  # bits: {JOIN_CONFIDENCE} sure",
        f"review = {weights.review:.2f}  # bits: {REVIEW_CONFIDENCE} sure",
    ]
    for field in (*FITTED, MAIL, PHONE):
        lines += ["", f"[bits.{field}]" + ("" if field in FITTED else "  # assumed, not fitted")]
        for level in LEVELS:
            if (field, level) in weights.bits:
                lines.append(f"{level} = {weights.bits[field, level]:.2f}")
    return "\n".join(lines) + "\n"


def _counted(
    records: Sequence[Record], pairs: Iterable[tuple[int, int]]
) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for a, b in pairs:
        found.update(levels(records[a][1], records[b][1], similar))
    return found


def _strangers(records: Sequence[Record], rng: Random) -> Iterable[tuple[int, int]]:
    drawn = 0
    while drawn < _STRANGERS:
        a, b = rng.randrange(len(records)), rng.randrange(len(records))
        if records[a][0] != records[b][0]:
            drawn += 1
            yield a, b


def _bits(
    same: Counter[tuple[str, str]], other: Counter[tuple[str, str]]
) -> dict[tuple[str, str], float]:
    """With half a pair added to each level, as none was never seen only by chance.

    More agreement never weighs less: where the counts say so, it is by rare levels.
    """
    found: dict[tuple[str, str], float] = {}
    for field in FITTED:
        seen = [level for level in LEVELS if same[field, level] + other[field, level]]
        ours = sum(same[field, level] + 0.5 for level in seen)
        theirs = sum(other[field, level] + 0.5 for level in seen)
        least = -math.inf
        for level in reversed(seen):
            m, u = (same[field, level] + 0.5) / ours, (other[field, level] + 0.5) / theirs
            found[field, level] = least = max(least, round(math.log2(m / u), 2))
    return found


def _odds(confidence: float) -> float:
    return math.log2(confidence / (1.0 - confidence))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.identity.fit")
    parser.add_argument("folder", type=Path, help="with dataset2.csv and dataset3.csv")
    folder: Path = parser.parse_args().folder
    fitted_on, _ = halves(folder)
    weights = fit(fitted_on)
    Path(__file__).with_name("weights.toml").write_text(as_toml(weights), "utf-8")


if __name__ == "__main__":
    main()
