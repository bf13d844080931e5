"""Urgency: a transparent sum over evidence, apart from sentiment. Every part is named.

urgency = (1 - prod(1 - weight)) * prod(1 - discount): a noisy-or of what presses, so that each
further piece of evidence raises it and it stays within 0..1, times what says that it can wait.
docs/urgency.md gives the reason of every weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from typing import Final

from app.core import urgency_words as words
from app.core import urgency_words_around as around
from app.core.intent import asks
from app.core.phrases import PhraseBook
from app.core.score import UNSUPPORTED, Sentiment

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
_REACH: Final = 0.4  # at a million followers, falling to 0 at a thousand
# What takes a share off; only `calm` does so where safety is at stake.
_CALM: Final = 0.4
_CALM_IN_TROUBLE: Final = 0.2  # what is told speaks against it
_CLOSED: Final = 0.5
_ADVERT: Final = 0.6
_POSITIVE: Final = 0.35  # times P(positive), where nothing is wrong and nobody asks
_LEAST: Final = 0.01  # what weighs less is not told

_PHRASES: Final = PhraseBook(
    {
        "safety": words.SAFETY,
        "money": words.MONEY,
        "need": words.NEED,
        "legal": words.LEGAL,
        "churn": words.CHURN,
        "fault": words.FAULT,
        "date": around.DATE,
        "deadline": around.DEADLINE,
        "time": around.TIME,
        "vulnerable": around.VULNERABLE,
        "repeat": around.REPEAT,
        "ask": around.ASK,
        "calm": around.CALM,
        "closed": around.CLOSED,
        "advert": around.ADVERT,
    },
    believed=("calm", "closed", "advert"),
)


def urgency_of(text: str, sentiment: Sentiment, followers: int) -> tuple[float, tuple[str, ...]]:
    """Return the urgency in 0..1 and its reasons: what presses, heaviest first, then discounts."""
    found: Set[str] = _PHRASES.families_in(text).keys()
    if "ask" not in found and asks(text):
        found = found | {"ask"}
    pressing = _told(_pressing(found, sentiment, followers))
    easing = _told(_easing(found, sentiment))
    urgency = (1.0 - math.prod(1.0 - weight for _, weight in pressing)) * math.prod(
        1.0 - share for _, share in easing
    )
    why = [f"{name} +{weight:.2f}" for name, weight in pressing]
    return round(urgency, 4), (*why, *(f"{name} -{share:.2f}" for name, share in easing))


def _pressing(found: Set[str], sentiment: Sentiment, followers: int) -> Iterator[Part]:
    weights = _OF_ITSELF
    if sentiment.label == UNSUPPORTED:
        weights = {**_OF_ITSELF, "fault": _FAULT_OF_UNKNOWN_MOOD}
    yield from ((name, weight) for name, weight in weights.items() if name in found)
    share = 1.0 if _troubled(found) else _WITHOUT_TROUBLE
    yield from ((name, share * weight) for name, weight in _OF_A_TROUBLE.items() if name in found)
    yield "ask", _ASK if "ask" in found else 0.0
    yield "date", _DATE if "date" in found else 0.0
    yield "negative", _NEGATIVE * sentiment.negative
    yield "reach", _REACH * _reach(followers)


def _easing(found: Set[str], sentiment: Sentiment) -> Iterator[Part]:
    """Shares in 0..1 to take off."""
    if "calm" in found:
        yield "calm", _CALM_IN_TROUBLE if _troubled(found) else _CALM
    if "safety" not in found:
        yield "closed", _CLOSED if "closed" in found else 0.0
        yield "advert", _ADVERT if "advert" in found else 0.0
    if not _troubled(found) and "ask" not in found:
        yield "positive", _POSITIVE * sentiment.positive


def _troubled(found: Set[str]) -> bool:
    return bool(found & _OF_ITSELF.keys())


def _told(parts: Iterator[Part]) -> list[Part]:
    return sorted((part for part in parts if part[1] >= _LEAST), key=lambda part: -part[1])


def _reach(followers: int) -> float:
    """0 up to a thousand followers, 1 from a million on, logarithmic between."""
    if followers <= 1_000:
        return 0.0
    return min(1.0, (math.log10(followers) - 3.0) / 3.0)
