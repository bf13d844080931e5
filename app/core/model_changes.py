"""Which model is live: what was promoted and rolled back, and whether a candidate makes sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.score import LABELS
from app.core.versions import Actor

PROMOTED, ROLLED_BACK = "promoted", "rolled_back"

_NEGATIVE, _, _POSITIVE = LABELS

# Texts of which nobody doubts the mood, in English. They are no test set: a model that fails here
# has its labels mixed up, says the same of everything, or is broken.
BAD: Final = (
    "This is the worst service I have ever had, I am furious.",
    "My order arrived broken and nobody answers, this is terrible.",
    "I hate this, you lost my bag again and the staff were rude.",
    "Awful, disappointing and a complete waste of money.",
)
GOOD: Final = (
    "Thank you so much, the staff were wonderful and helpful.",
    "I love it, this is the best trip of my life!",
    "Great job, my problem was solved within minutes, thanks.",
    "Fantastic service, I am very happy with it.",
)
# May be wrong of each four: a small model has its odd text, one with its labels mixed up has four.
_WRONG_AT_MOST: Final = 1

Row = Mapping[str, float]  # probabilities by label


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChange:
    """A promotion or a rollback. `change` numbers them from 1.

    `live` is the promotion that is live from here on, 0 where it is the model of the setting.
    `name`, `digest` and `before` (what was live before it) are of a promotion alone.
    """

    change: int
    kind: str
    at_ms: int
    by: Actor
    reason: str
    from_tag: str
    to_tag: str
    live: int
    name: str = ""
    digest: str = ""
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to be done. `seen` is the newest change that they have looked at."""

    by: Actor
    at_ms: int
    reason: str
    seen: int
    from_tag: str
    to_tag: str


def nonsense(bad: Sequence[Row], good: Sequence[Row]) -> list[str]:
    """What is wrong with what a model says of BAD and GOOD; nothing where it makes sense."""
    bad_missed = sum(row[_NEGATIVE] <= row[_POSITIVE] for row in bad)
    good_missed = sum(row[_POSITIVE] <= row[_NEGATIVE] for row in good)
    told = (
        (bad_missed, len(bad), "plain complaints", _NEGATIVE, _POSITIVE),
        (good_missed, len(good), "plain thanks", _POSITIVE, _NEGATIVE),
    )
    return [
        f"it says of {missed} of {of} {what} that they are no more {right} than {wrong}:"
        " are its labels in the order of its manifest?"
        for missed, of, what, right, wrong in told
        if missed > _WRONG_AT_MOST
    ]
