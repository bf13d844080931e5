"""Urgency: a transparent sum over evidence, apart from sentiment. Every part is named.

urgency = (1 - prod(1 - weight)) * prod(1 - discount): a noisy-or of what presses, so that each
further piece of evidence raises it and it stays within 0..1, times what says that it can wait.
docs/urgency.md gives the reason of every weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Final

from app.core.evidence import Evidence
from app.core.heads import ANGER
from app.core.score import UNSUPPORTED, Judgement, Sentiment

Part = tuple[str, float]

# What presses by itself, heaviest first.
_OF_ITSELF: Final[Mapping[str, float]] = {
    "safety": 0.80, "money": 0.50, "legal": 0.45, "need": 0.40, "churn": 0.35, "fault": 0.25,
}  # fmt: skip
# What makes a trouble press more. Without one ("are you open tonight?") it weighs a third.
_OF_A_TROUBLE: Final[Mapping[str, float]] = {
    "deadline": 0.35, "time": 0.25, "vulnerable": 0.20, "repeat": 0.20,
}  # fmt: skip
_WITHOUT_TROUBLE: Final = 1 / 3
_ASK: Final = 0.25  # somebody waits for an answer
_DATE: Final = 0.20  # something depends on a day that is not far
_FAULT_OF_UNKNOWN_MOOD: Final = 0.40  # where no model speaks, what is wrong speaks for it
_NEGATIVE: Final = 0.35  # times P(negative): bad mood alone is no emergency
# What the heads of a model hear. Empty, none of it counts.
_HEARD: Final[Mapping[str, float]] = {"complaint": 0.05, "anger": 0.05}
_REACH: Final = 0.4  # at a million followers, falling to 0 at a thousand
# What takes a share off; only `calm` does so where safety is at stake.
_CALM: Final = 0.4
_CALM_IN_TROUBLE: Final = 0.2  # what is told speaks against it
_CLOSED: Final = 0.5
_ADVERT: Final = 0.6
_POSITIVE: Final = 0.35  # times P(positive), where nothing is wrong and nobody asks
_LEAST: Final = 0.01  # what weighs less is not told


@dataclass(frozen=True, slots=True)
class Urgency:
    """The urgency in 0..1, with what presses and what eases, heaviest first each."""

    value: float
    pressing: tuple[Part, ...] = ()
    easing: tuple[Part, ...] = ()

    @property
    def why(self) -> tuple[str, ...]:
        """Each part with its weight, for people."""
        return (
            *(f"{name} +{weight:.2f}" for name, weight in self.pressing),
            *(f"{name} -{share:.2f}" for name, share in self.easing),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The parts alone, in the same order."""
        return tuple(name for name, _ in (*self.pressing, *self.easing))


def urgency_of(found: Evidence, judged: Judgement, followers: int) -> Urgency:
    """How much this presses, and why."""
    families: Set[str] = found.families.keys()
    if found.asks:
        families = families | {"ask"}
    pressing = _told(_pressing(families, judged, followers))
    easing = _told(_easing(families, judged.sentiment))
    urgency = (1.0 - math.prod(1.0 - weight for _, weight in pressing)) * math.prod(
        1.0 - share for _, share in easing
    )
    return Urgency(round(urgency, 4), pressing, easing)


def _pressing(found: Set[str], judged: Judgement, followers: int) -> Iterator[Part]:
    sentiment, weights = judged.sentiment, _OF_ITSELF
    if sentiment.label == UNSUPPORTED:
        weights = {**_OF_ITSELF, "fault": _FAULT_OF_UNKNOWN_MOOD}
    yield from ((name, weight) for name, weight in weights.items() if name in found)
    share = 1.0 if _troubled(found) else _WITHOUT_TROUBLE
    yield from ((name, share * weight) for name, weight in _OF_A_TROUBLE.items() if name in found)
    yield "ask", _ASK if "ask" in found else 0.0
    yield "date", _DATE if "date" in found else 0.0
    yield "negative", _NEGATIVE * sentiment.negative
    yield "complaint", _HEARD.get("complaint", 0.0) * (judged.complaint or 0.0)
    yield "anger", _HEARD.get("anger", 0.0) if judged.emotion == ANGER else 0.0
    yield "reach", _REACH * _reach(followers)


def _easing(found: Set[str], sentiment: Sentiment) -> Iterator[Part]:
    """Shares in 0..1 to take off."""
    if "calm" in found:
        yield "calm", _CALM_IN_TROUBLE if _troubled(found) else _CALM
    if "safety" not in found:
        # "Thanks for losing my bag" closes nothing.
        yield "closed", _CLOSED * (1.0 - sentiment.negative) if "closed" in found else 0.0
        yield "advert", _ADVERT if "advert" in found else 0.0
    if not _troubled(found) and "ask" not in found:
        yield "positive", _POSITIVE * sentiment.positive


def _troubled(found: Set[str]) -> bool:
    return bool(found & _OF_ITSELF.keys())


def _told(parts: Iterator[Part]) -> tuple[Part, ...]:
    told = (part for part in parts if part[1] >= _LEAST)
    return tuple(sorted(told, key=lambda part: -part[1]))


def _reach(followers: int) -> float:
    """0 up to a thousand followers, 1 from a million on, logarithmic between."""
    if followers <= 1_000:
        return 0.0
    return min(1.0, (math.log10(followers) - 3.0) / 3.0)
