"""Training texts as they are kept: rows with what they teach, and how each kind of file is read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from models.sentiment.training.tasks import (
    COMPLAINT,
    EMOTION,
    HEADS,
    INTENT,
    IRONY,
    PILLAR,
    SENTIMENT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One text with a distribution over the labels of each head that it teaches."""

    text: str
    targets: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A set of texts: in one file, or with its labels in a second one."""

    file: str
    sha256: str  # of the file, followed by that of the labels where there is one
    licence: str
    read: Callable[[Path], Iterator[Row]]


class SourceError(Exception):
    """A file that is missing or is not the one that was trained on; says all that is wrong."""


def rows(folder: Path, sources: tuple[Source, ...]) -> list[Row]:
    """The texts of all these sets. Raises SourceError with every file that is wrong."""
    problems = [
        problem for source in sources if (problem := _problem(folder / source.file, source))
    ]
    if problems:
        raise SourceError("\n".join(problems))
    return [row for source in sources for row in source.read(folder / source.file)]


def _problem(path: Path, source: Source) -> str:
    files = files_of(path)
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        return f"{', '.join(missing)}: missing"
    found = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    if found == source.sha256:
        return ""
    return f"{' and '.join(map(str, files))}: expected sha256 {source.sha256}, got {found}"


_TEXTS: Final = "_text.txt"


def files_of(path: Path) -> tuple[Path, ...]:
    """The file of a set, and that of its labels where it has one; the hash is of them in a row."""
    return (path, labels_of(path)) if path.name.endswith(_TEXTS) else (path,)


def labels_of(texts: Path) -> Path:
    """The file of labels that TweetEval keeps beside one of texts."""
    return texts.with_name(texts.name.replace(_TEXTS, "_labels.txt"))


def apart(rows: Sequence[Row], judged: Sequence[Row]) -> list[Row]:
    """The rows whose text is none of what is judged by, whatever its names, links and marks."""
    known = {_letters(row.text) for row in judged}
    return [row for row in rows if _letters(row.text) not in known]


_NAMES_AND_MARKS: Final = re.compile(r"@\w+|http\S*|[\W_]+")


def _letters(text: str) -> str:
    # Two texts of emoji alone are two texts.
    return _NAMES_AND_MARKS.sub("", text.lower()) or text.strip()


def one_hot(head: str, label: str) -> tuple[float, ...]:
    """All the weight on one label. Raises ValueError for a label that the head does not have."""
    at = HEADS[head].index(label)
    return tuple(float(i == at) for i in range(len(HEADS[head])))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def sentiments(path: Path) -> Iterator[Row]:
    for line in _lines(path):
        yield Row(line["text"], {SENTIMENT: one_hot(SENTIMENT, line["label"])})


def many(path: Path) -> Iterator[Row]:
    """Tweets in other languages than English; their escapes are undone first."""
    for line in _lines(path):
        if line["lang"] in _SPOKEN:
            yield Row(_unescaped(line["text"]), {SENTIMENT: one_hot(SENTIMENT, line["label"])})


def _unescaped(text: str) -> str:
    """The text with its escapes undone; as it is where a backslash is meant as one."""
    try:
        return text.encode("latin-1", "backslashreplace").decode("unicode_escape")
    except UnicodeDecodeError:
        return text


# Without English, of which 1,277 tweets are of TweetEval's validation set, and Hindi, of which the
# tweets are in Latin letters, so that no mention is ever taken for it.
_SPOKEN: Final = {
    "arabic": "ar", "french": "fr", "german": "de", "italian": "it", "portuguese": "pt",
    "spanish": "es",
}  # fmt: skip
LANGUAGES: Final = tuple(sorted(_SPOKEN.values()))


def held_out(text: str) -> bool:
    """Three of ten review sentences are kept for measuring, whatever their order in the file."""
    return _drawn(text) < 77


def _drawn(text: str) -> int:
    """A number of 0..255 that depends on the text alone."""
    return hashlib.sha256(text.encode()).digest()[0]


def reviews(path: Path) -> Iterator[Row]:
    for line in _lines(path):
        if not held_out(line["text"]):
            yield Row(line["text"], {SENTIMENT: one_hot(SENTIMENT, line["label"])})


# A report of something gone wrong reads like these names; the others ask how something is done.
_WENT_WRONG: Final = (
    "wrong", "declined", "failed", "not_received", "not_recognised", "not_working", "twice",
    "not_updated", "lost_or_stolen", "reverted", "compromised", "swallowed", "not_accepted",
    "unrecognised", "charged",
)  # fmt: skip


def banking(path: Path) -> Iterator[Row]:
    """Banking77 has no attitude; its 77 intents become question, or a complaint that asks.

    A third of it is enough: its texts are all alike, and say nothing of the sentiment.
    """
    for line in _lines(path):
        if _drawn(line["text"]) >= 86:
            continue
        wrong = any(part in line["label"] for part in _WENT_WRONG)
        request = line["label"] in ("request_refund", "cancel_transfer", "terminate_account")
        intent = "request" if request else "complaint" if wrong else "question"
        yield Row(
            line["text"],
            {
                INTENT: one_hot(INTENT, intent),
                COMPLAINT: (0.35, 0.65) if wrong else (0.95, 0.05),
            },
        )


def _written(path: Path) -> Iterator[Row]:
    for line in _lines(path):
        yield Row(
            line["text"],
            {
                SENTIMENT: one_hot(SENTIMENT, line["sentiment"]),
                COMPLAINT: one_hot(COMPLAINT, "complaint" if line["complaint"] else "other"),
                INTENT: one_hot(INTENT, line["intent"]),
                EMOTION: one_hot(EMOTION, line["emotion"]),
                IRONY: one_hot(IRONY, "ironic" if line["irony"] else "plain"),
                PILLAR: one_hot(PILLAR, line["pillar"]),
            },
        )


def messages(path: Path) -> Iterator[Row]:
    """The English ones of models/urgency: what they want, and whose they are."""
    for line in _lines(path):
        if line["lang"] == "en":
            targets = {head: one_hot(head, line[head]) for head in (INTENT, PILLAR)}
            yield Row(line["text"], targets)


# What an emotion tells of the sentiment.
_FELT: Final = {
    "anger": (0.85, 0.12, 0.03),
    "sadness": (0.80, 0.15, 0.05),
    "joy": (0.03, 0.12, 0.85),
    "optimism": (0.08, 0.22, 0.70),
}


def tweeteval(head: str, labels: tuple[str, ...]) -> Callable[[Path], Iterator[Row]]:
    """Texts and labels line by line beside each other, as the benchmark keeps them."""

    def read(path: Path) -> Iterator[Row]:
        texts = _text_lines(path)
        answers = labels_of(path).read_text("utf-8").split()
        for text, answer in zip(texts, answers, strict=True):
            label = labels[int(answer)]
            felt = {SENTIMENT: _FELT[label]} if label in _FELT else {}
            yield Row(text, felt | {head: one_hot(head, label)})

    return read


def _text_lines(path: Path) -> list[str]:
    """By line feeds alone: a text may hold what else counts as the end of a line."""
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def unlabelled(share: int) -> Callable[[Path], Iterator[Row]]:
    """`share` of 256 texts of a file, by their hash, without its labels: a teacher will speak."""

    def read(path: Path) -> Iterator[Row]:
        for text in _text_lines(path):
            if _drawn(text) < share:
                yield Row(text)

    return read


def written(folder: Path) -> list[Row]:
    """The texts that were written for this project, of every file in `folder`, in name order."""
    return [row for path in sorted(folder.glob("*.jsonl")) for row in _written(path)]
