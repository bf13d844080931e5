"""How good matching is, by records of which somebody knows who is who."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.core.blocking import MOST_ALIKE, blocks
from app.core.levels import Similar
from app.core.matching import BANDS, JOIN, REVIEW, Weights, quick_band
from app.core.particulars import Particulars

Record = tuple[str, Particulars]  # who it truly is, and what is known


@dataclass(slots=True)
class Band:
    """Pairs of one band, and how many of them are one person."""

    pairs: int = 0
    true: int = 0

    @property
    def precision(self) -> float:
        """The share of true pairs; 1 where there are none at all, as none is wrong."""
        return self.true / self.pairs if self.pairs else 1.0


@dataclass(slots=True, kw_only=True)
class Report:
    """The figures of one labelled set. `pairs`: those of one person; `lost`: never compared."""

    records: int
    pairs: int
    compared: int
    lost: int
    bands: dict[str, Band] = field(default_factory=dict)
    groups: Band = field(default_factory=Band)

    @property
    def join_recall(self) -> float:
        return self.bands[JOIN].true / self.pairs if self.pairs else 1.0

    @property
    def recall(self) -> float:
        """With what comes before a human, who is taken to decide rightly."""
        true = self.bands[JOIN].true + self.bands[REVIEW].true
        return true / self.pairs if self.pairs else 1.0

    def as_dict(self) -> dict[str, Any]:
        """For programs: shares from 0 to 1."""
        bands = {
            name: asdict(band) | {"share": round(band.precision, 5)}
            for name, band in self.bands.items()
        }
        return {
            "records": self.records,
            "pairs": self.pairs,
            "compared": self.compared,
            "lost": self.lost,
            "bands": bands,
            "joined_groups": asdict(self.groups) | {"precision": round(self.groups.precision, 5)},
            "precision_join": round(self.bands[JOIN].precision, 5),
            "recall_join": round(self.join_recall, 5),
            "recall_with_review": round(self.recall, 5),
        }


def evaluate(records: Sequence[Record], weights: Weights, similar: Similar) -> Report:
    """Compare all that share a key, and see how each band did."""
    true = set(true_pairs(records))
    compared = candidates(records)
    report = Report(
        records=len(records),
        pairs=len(true),
        compared=len(compared),
        lost=len(true - compared),
        bands={name: Band() for name in BANDS},
    )
    shift = weights.shift(len(records))
    joined: list[tuple[int, int]] = []
    for pair in compared:
        band = quick_band(records[pair[0]][1], records[pair[1]][1], weights, similar, shift)
        report.bands[band].pairs += 1
        report.bands[band].true += pair in true
        if band == JOIN:
            joined.append(pair)
    report.groups = _closed(records, joined)
    return report


def candidates(records: Sequence[Record]) -> set[tuple[int, int]]:
    """Pairs of positions that share a blocking key which is not too common."""
    found: dict[str, list[int]] = defaultdict(list)
    for at, (_, known) in enumerate(records):
        for key in set(blocks(known)):
            found[key].append(at)
    return {
        pair for members in found.values() if len(members) <= MOST_ALIKE for pair in _pairs(members)
    }


def true_pairs(records: Sequence[Record]) -> Iterator[tuple[int, int]]:
    """Pairs of positions of one person."""
    people: dict[str, list[int]] = defaultdict(list)
    for at, (person, _) in enumerate(records):
        people[person].append(at)
    for members in people.values():
        yield from _pairs(members)


def _closed(records: Sequence[Record], joined: Iterable[tuple[int, int]]) -> Band:
    """All pairs that are in one group once joins are followed: a wrong one draws others along."""
    head = list(range(len(records)))

    def root(at: int) -> int:
        while head[at] != at:
            head[at] = head[head[at]]
            at = head[at]
        return at

    for a, b in joined:
        head[root(b)] = root(a)
    groups: dict[int, list[int]] = defaultdict(list)
    for at in range(len(records)):
        groups[root(at)].append(at)
    found = Band()
    for members in groups.values():
        for a, b in _pairs(members):
            found.pairs += 1
            found.true += records[a][0] == records[b][0]
    return found


def _pairs(members: Sequence[int]) -> Iterator[tuple[int, int]]:
    for place, later in enumerate(members):
        for earlier in members[:place]:
            yield earlier, later
