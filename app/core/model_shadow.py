"""A candidate model beside the live one, on the same texts: how far they agree, and how fast."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.core.quantiles import quantile
from app.core.score import LABELS
from app.core.words import clipped

_TEXT_CHARS: Final = 100  # of a mention that is shown
_MOST: Final = 10  # mentions that differ most
_TIMES: Final = 100_000  # the newest of each model: enough for a percentile, little memory


@dataclass(frozen=True, slots=True)
class Heard:
    """What one model said of one text: the label, P(negative), and the seconds that it took."""

    label: str
    negative: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Apart:
    """A mention of which the two say something else. `by` is the difference of P(negative)."""

    mention_id: str
    text: str
    live: str
    candidate: str
    by: float

    def as_dict(self) -> dict[str, Any]:
        return {
            "mention_id": self.mention_id,
            "text": self.text,
            "live": self.live,
            "candidate": self.candidate,
            "negative_apart": round(self.by, 4),
        }


@dataclass(slots=True)
class _Speed:
    """How long one model took, a text at a time."""

    times: deque[float] = field(default_factory=lambda: deque(maxlen=_TIMES))
    seconds: float = 0.0
    texts: int = 0

    def add(self, seconds: float) -> None:
        self.times.append(seconds)
        self.seconds += seconds
        self.texts += 1

    def as_dict(self) -> dict[str, Any]:
        rate = round(self.texts / self.seconds, 1) if self.seconds > 0 else None
        return {
            "p50_ms": _quantile_ms(self.times, 0.50),
            "p99_ms": _quantile_ms(self.times, 0.99),
            "messages_per_second": rate,
        }


@dataclass(slots=True)
class Comparison:
    """Grows with each mention.

    `skipped` counts those in a language that one of the two does not know, `failed` those at which
    one of them failed.
    """

    live: str
    candidate: str
    skipped: int = 0
    failed: int = 0
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)  # live's label, candidate's
    _negative: float = 0.0
    _furthest: list[tuple[float, int, Apart]] = field(default_factory=list)  # a heap
    _live_speed: _Speed = field(default_factory=_Speed)
    _candidate_speed: _Speed = field(default_factory=_Speed)

    @property
    def mentions(self) -> int:
        return sum(self._counts.values())

    def add(self, mention_id: str, text: str, live: Heard, candidate: Heard) -> None:
        """One more mention that both have scored."""
        key = (live.label, candidate.label)
        self._counts[key] = self._counts.get(key, 0) + 1
        by = abs(live.negative - candidate.negative)
        self._negative += by
        self._live_speed.add(live.seconds)
        self._candidate_speed.add(candidate.seconds)
        shown = clipped(text, _TEXT_CHARS)
        apart = Apart(mention_id, shown, live.label, candidate.label, by)
        heapq.heappush(self._furthest, (by, -self.mentions, apart))
        if len(self._furthest) > _MOST:
            heapq.heappop(self._furthest)

    def as_dict(self) -> dict[str, Any]:
        """The report. Shares lie in 0..1; what no mention tells is None.

        `confusion`: what the live model says, then the candidate, then how often. `changed` is the
        number of mentions of which the rules would be told another label.
        """
        n = self.mentions
        matrix = [[self._counts.get((a, b), 0) for b in LABELS] for a in LABELS]
        same = sum(matrix[at][at] for at in range(len(LABELS)))
        furthest = [apart for _, _, apart in sorted(self._furthest, reverse=True)]
        return {
            "live": self.live,
            "candidate": self.candidate,
            "mentions": n,
            "skipped": self.skipped,
            "failed": self.failed,
            "agreement": _share(same, n),
            "kappa": kappa(matrix),
            "changed": n - same,
            "negative_apart": round(self._negative / n, 5) if n else None,
            "confusion": {
                name: dict(zip(LABELS, row, strict=True))
                for name, row in zip(LABELS, matrix, strict=True)
            },
            "by_label": {
                name: {
                    "live": sum(matrix[at]),
                    "candidate": sum(row[at] for row in matrix),
                    "same": _share(matrix[at][at], sum(matrix[at])),
                }
                for at, name in enumerate(LABELS)
            },
            "speed": {
                "live": self._live_speed.as_dict(),
                "candidate": self._candidate_speed.as_dict(),
            },
            "furthest": [apart.as_dict() for apart in furthest if apart.by > 0],
        }


def kappa(matrix: Sequence[Sequence[int]]) -> float | None:
    """Cohen's: how far two agree beyond what chance alone would make of their labels.

    1 is always, 0 no more than by chance, below 0 less. None where chance explains all of it:
    there are no texts, or both say one and the same label of each.
    """
    n = sum(map(sum, matrix))
    if not n:
        return None
    same = sum(row[at] for at, row in enumerate(matrix)) / n
    columns = [sum(column) for column in zip(*matrix, strict=True)]
    chance = sum(sum(row) * column for row, column in zip(matrix, columns, strict=True)) / n**2
    return round((same - chance) / (1 - chance), 5) if chance < 1 else None


def _share(part: int, of: int) -> float | None:
    return round(part / of, 5) if of else None


def _quantile_ms(seconds: Collection[float], share: float) -> float | None:
    return round(quantile(seconds, share) * 1000, 3) if seconds else None
