"""Each rung of the ladder on labelled texts: macro recall, accuracy and speed, side by side."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from app.adapters.ladder_scorer import LadderScorer
from app.core.ladder import LEXICON, RUNGS
from app.core.lexicon import band, mood
from app.core.score import LABELS
from app.settings import Settings
from app.wiring.scoring import scorer
from benchmarks.figures import Row, load_now
from benchmarks.texts import LABELLED
from tests.builders import mention

SETS = {
    "tweets": "tweeteval_sentiment_val.jsonl",
    "airline": "airline_american_virgin_dev.jsonl",
}
_TRAINING = "tweeteval_sentiment_train.jsonl"
BATCH = 64  # what triage takes at most
SPED, ROUNDS = 512, 5  # texts a round; the best of the rounds is the rung's rate

Text = tuple[str, str]  # and its label


def measure() -> list[Row]:
    """A row for each rung; none where no labelled texts are there."""
    files = {name: LABELLED / file for name, file in SETS.items()}
    sets = {name: texts(file) for name, file in files.items() if file.exists()}
    return asyncio.run(_measure(sets)) if sets else []


async def _measure(sets: dict[str, list[Text]]) -> list[Row]:
    """Accuracy rung by rung; speed in turn, so that whatever else runs slows all of them alike."""
    before, scorers = load_now(), {rung: _only(rung) for rung in RUNGS}
    figures = {rung: await _accuracy(one, sets) for rung, one in scorers.items()}
    some = next(iter(sets.values()))[:SPED]
    rates: dict[str, list[float]] = {rung: [] for rung in RUNGS}
    for _ in range(ROUNDS):
        for rung, one in scorers.items():
            used = time.process_time()
            await _labels(one, some)
            rates[rung].append(len(some) / (time.process_time() - used))
    rows = []
    for rung in RUNGS:
        speed = {"a CPU-second": max(rates[rung])}
        found, load, told = figures[rung] | speed, (before, load_now()), {"rates": rates[rung]}
        rows.append(Row(name=f"rung {rung}", figures=found, unit="", load=load, details=told))
    if (training := LABELLED / _TRAINING).exists():
        rows[-1].details["shares"] = shares(texts(training))
    return rows


def texts(file: Path) -> list[Text]:
    lines = file.read_text("utf-8").splitlines()
    return [(said["text"], said["label"]) for said in map(json.loads, lines)]


def _only(rung: str) -> LadderScorer:
    ladder = tuple(dict.fromkeys((rung, LEXICON)))
    alone = {"ladder": ladder, "until_ms": (1,) * (len(ladder) - 1)}
    return scorer(Settings().scoring.model_copy(update=alone), lambda: 0)


async def _accuracy(one: LadderScorer, sets: dict[str, list[Text]]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, known in sets.items():
        found, labels = await _labels(one, known), [label for _, label in known]
        right = sum(label == said for label, said in zip(labels, found, strict=True))
        figures[f"{name} macro recall"] = 100 * macro_recall(labels, found)
        figures[f"{name} accuracy"] = 100 * right / len(known)
    return figures


async def _labels(one: LadderScorer, known: Sequence[Text]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(known), BATCH):
        # The language is left to be found, as it is for most channels.
        some = [mention(text=text) for text, _ in known[start : start + BATCH]]
        found += [said.sentiment.label for said in await one.score(some)]
    return found


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
