"""How good a model is on labelled texts: recall, F1, calibration, confusion. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core import heads
from app.core.errors import Invalid
from app.core.heads import HEADS
from app.core.score import LABELS

NEGATIVE, NEUTRAL, POSITIVE = LABELS
POLARITY = (NEGATIVE, POSITIVE)
COMPLAINT = ("complaint", "other")

BINS = 15  # of the calibration error, equally wide: the number that papers use
_HALF = 0.5  # the probability from which a two-way question is answered with yes

_WORDS = {
    **{name: name for labels in (LABELS, *HEADS.values()) for name in labels},
    "neg": NEGATIVE,
    "neu": NEUTRAL,
    "pos": POSITIVE,
}
_NUMBERS = {str(number): name for number, name in enumerate(LABELS)}
EXPECTED = "negative, neutral, positive, neg, neu, pos, 0, 1, 2, " + ", ".join(
    dict.fromkeys(name for labels in HEADS.values() for name in labels)
)

Matrix = tuple[tuple[int, ...], ...]  # rows: what is true, columns: what was said


def label_of(raw: object) -> tuple[str, bool]:
    """The label of one line, and whether it was written as a number. Raises Invalid."""
    if isinstance(raw, str):
        written = raw.strip().lower()
    elif isinstance(raw, int) and not isinstance(raw, bool):
        written = str(raw)
    else:
        raise Invalid("label", EXPECTED, repr(raw), "label")
    if written in _NUMBERS:
        return _NUMBERS[written], True
    if written not in _WORDS:
        raise Invalid("label", EXPECTED, repr(raw), "label")
    return _WORDS[written], False


def classes_of(labels: Collection[str], only_numbers: bool = False) -> tuple[str, ...]:
    """What a file with these labels asks: mood, polarity alone, or what one head says.

    Complaint and other alone ask for complaints, with a third intent beside them for intents.

    Raises Invalid where they are of two kinds, and for numbers with a 1 of which nobody can say
    that it means neutral: without 0 and 2 it may be positive (0 and 1) or negative (1 and 2).
    """
    found = set(labels)
    if not found:
        raise Invalid("labels", "one labelled text or more", "none")
    others = (of for head, of in HEADS.items() if head != heads.COMPLAINT)
    for classes in (COMPLAINT, *others):
        if found <= set(classes):
            return classes
    if found - set(LABELS):
        kinds = (
            "labels of one kind: moods, complaint and other, intents, emotions, ironies, pillars"
        )
        raise Invalid("labels", kinds, ", ".join(sorted(found)))
    if only_numbers and NEUTRAL in found and found != set(LABELS):
        expected = "0, 1 and 2 (negative, neutral, positive), 0 and 2 (polarity), or words"
        raise Invalid("labels", expected, _ambiguous(found), "label")
    return POLARITY if found == set(POLARITY) else LABELS


def head_of(classes: Sequence[str]) -> str:
    """The head that is asked about these classes; empty where the sentiment is."""
    return next((name for name, labels in HEADS.items() if set(labels) == set(classes)), "")


def _ambiguous(found: Collection[str]) -> str:
    numbers = " and ".join(number for number, name in _NUMBERS.items() if name in found)
    other = NEGATIVE if POSITIVE in found else POSITIVE
    return f"{numbers} alone, of which 1 may mean {other}"


def shares(classes: Sequence[str], row: Mapping[str, float]) -> tuple[float, ...]:
    """Probabilities of these classes, summing to 1, from those of the three moods.

    Polarity compares negative with positive and leaves neutral out. P(negative) stands for a
    complaint where a model has no better word for it.
    """
    if tuple(classes) == COMPLAINT:
        return row[NEGATIVE], 1.0 - row[NEGATIVE]
    of = [row[name] for name in classes]
    total = sum(of)
    return tuple(p / total for p in of) if total > 0 else (1.0 / len(of),) * len(of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one set. Shares lie in 0..1; averages are over classes that are in it."""

    classes: tuple[str, ...]
    n: int
    matrix: Matrix
    ece: float
    auc: float | None  # for two classes: of the first against the second

    @property
    def recall(self) -> dict[str, float]:
        """The share found of each class that is in the set."""
        return {
            name: row[at] / sum(row)
            for at, (name, row) in enumerate(zip(self.classes, self.matrix, strict=True))
            if sum(row)
        }

    @property
    def f1(self) -> dict[str, float]:
        """The harmonic mean of precision and recall of each class that is in the set."""
        return {
            name: 2 * row[at] / (sum(row) + sum(other[at] for other in self.matrix))
            for at, (name, row) in enumerate(zip(self.classes, self.matrix, strict=True))
            if sum(row)
        }

    @property
    def macro_recall(self) -> float:
        return _mean(self.recall.values())

    @property
    def macro_f1(self) -> float:
        return _mean(self.f1.values())

    @property
    def accuracy(self) -> float:
        return sum(row[at] for at, row in enumerate(self.matrix)) / self.n

    def as_dict(self) -> dict[str, Any]:
        """For programs. `confusion`: what is true, then what was said, then how often."""
        auc = {} if self.auc is None else {"auc": round(self.auc, 5)}
        return {
            "n": self.n,
            "classes": list(self.classes),
            "macro_recall": round(self.macro_recall, 5),
            "accuracy": round(self.accuracy, 5),
            "macro_f1": round(self.macro_f1, 5),
            "ece": round(self.ece, 5),
            **auc,
            "recall": {name: round(value, 5) for name, value in self.recall.items()},
            "f1": {name: round(value, 5) for name, value in self.f1.items()},
            "confusion": {
                name: dict(zip(self.classes, row, strict=True))
                for name, row in zip(self.classes, self.matrix, strict=True)
            },
        }


def evaluate(
    classes: Sequence[str], truth: Sequence[str], rows: Sequence[Sequence[float]]
) -> Report:
    """Compare what is true with probabilities of the classes, one row of them a text.

    The most probable class is what was said; of equals, the first. Raises Invalid for no texts.
    """
    if not truth:
        raise Invalid("labels", "one labelled text or more", "none")
    place = {name: at for at, name in enumerate(classes)}
    true = [place[name] for name in truth]
    said = [max(range(len(row)), key=row.__getitem__) for row in rows]
    matrix = [[0] * len(classes) for _ in classes]
    for is_so, was_said in zip(true, said, strict=True):
        matrix[is_so][was_said] += 1
    right = [a == b for a, b in zip(true, said, strict=True)]
    two = len(classes) == len(POLARITY)
    return Report(
        classes=tuple(classes),
        n=len(truth),
        matrix=tuple(tuple(row) for row in matrix),
        ece=calibration_error([max(row) for row in rows], right),
        auc=auc([row[0] for row in rows], [at == 0 for at in true]) if two else None,
    )


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error: over 15 equally wide bins of confidence, |accuracy - confidence|.

    Weighted by the number of texts in the bin; a confidence of 1 is in the last bin.
    """
    sums = [[0.0, 0.0] for _ in range(BINS)]
    for confidence, is_right in zip(confidences, right, strict=True):
        held = sums[min(BINS - 1, int(confidence * BINS))]
        held[0] += confidence
        held[1] += is_right
    return sum(abs(confidence - correct) for confidence, correct in sums) / len(confidences)


def auc(scores: Sequence[float], yes: Sequence[bool]) -> float | None:
    """The chance that a text of the class scores above one that is not of it; equals count half.

    None where all or none are of the class.
    """
    of_class = sum(yes)
    others = len(yes) - of_class
    if not of_class or not others:
        return None
    order = sorted(range(len(scores)), key=scores.__getitem__)
    below = wins = 0.0
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        mine = sum(yes[at] for at in order[start:end])
        theirs = end - start - mine
        wins += mine * (below + _HALF * theirs)
        below += theirs
        start = end
    return wins / (of_class * others)


def spread(count: int, most: int) -> list[int]:
    """Which of `count` lines to take when `most` are wanted: evenly over all of them."""
    if most >= count:
        return list(range(count))
    return [at * count // most for at in range(most)]


def _mean(values: Collection[float]) -> float:
    return math.fsum(values) / len(values)
