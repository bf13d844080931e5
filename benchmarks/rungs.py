"""Each rung of the ladder on labelled texts: macro recall, accuracy and speed, side by side."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.core.ladder import LEXICON, RUNGS
from app.core.lexicon import band, mood
from app.core.score import LABELS
from app.settings import Settings
from app.wiring.scoring import scorer
from benchmarks.figures import Row, load_now
from benchmarks.instance import ROOT
from tests.builders import mention

DATA = ROOT.parent / "shared" / "data" / "mentions"
SETS = {
    "tweets": "tweeteval_sentiment_val.jsonl",
    "airline": "airline_american_virgin_dev.jsonl",
}
_TRAINING = "tweeteval_sentiment_train.jsonl"
BATCH = 64  # what triage takes at most

Text = tuple[str, str]  # and its label


def measure() -> list[Row]:
    """A row for each rung; none where the labelled texts are not there."""
    if not DATA.is_dir():
        return []
    sets = {name: texts(DATA / file) for name, file in SETS.items()}
    rows = [asyncio.run(_rung(rung, sets)) for rung in RUNGS]
    rows[-1].details["shares"] = shares(texts(DATA / _TRAINING))
    return rows


def texts(file: Path) -> list[Text]:
    lines = file.read_text("utf-8").splitlines()
    return [(said["text"], said["label"]) for said in map(json.loads, lines)]


async def _rung(rung: str, sets: dict[str, list[Text]]) -> Row:
    ladder = tuple(dict.fromkeys((rung, LEXICON)))
    alone = {"ladder": ladder, "until_ms": (1,) * (len(ladder) - 1)}
    scores = scorer(Settings().scoring.model_copy(update=alone), lambda: 0)
    figures: dict[str, float] = {}
    before, count, used = load_now(), 0, time.process_time()
    for name, known in sets.items():
        found: list[str] = []
        for some in _batches(known):
            said = await scores.score([mention(text=text, lang="en") for text, _ in some])
            found += [one.sentiment.label for one in said]
        labels = [label for _, label in known]
        figures[f"{name} macro recall"] = 100 * macro_recall(labels, found)
        right = sum(label == one for label, one in zip(labels, found, strict=True))
        figures[f"{name} accuracy"] = 100 * right / len(known)
        count += len(known)
    figures["a CPU-second"] = count / (time.process_time() - used)
    return Row(name=f"rung {rung}", figures=figures, unit="", load=(before, load_now()))


def _batches(known: Sequence[Text]) -> Iterator[Sequence[Text]]:
    return (known[start : start + BATCH] for start in range(0, len(known), BATCH))


def macro_recall(labels: Sequence[str], found: Sequence[str]) -> float:
    """The mean over the labels of the share of theirs that was found, 0..1."""
    right = Counter(label for label, one in zip(labels, found, strict=True) if label == one)
    return sum(right[label] / count for label, count in Counter(labels).items()) / len({*labels})


def shares(known: Sequence[Text]) -> list[list[float]]:
    """What `app/core/lexicon.py` says by the sum of the words: each label weighed alike."""
    total = Counter(label for _, label in known)
    of = Counter((band(mood(text, "en")), label) for text, label in known)
    rows = []
    for one in sorted({place for place, _ in of}):
        weighed = [of[one, label] / total[label] for label in LABELS]
        rows.append([round(share / sum(weighed), 3) for share in weighed])
    return rows
