"""Models side by side on labelled texts: how right they are against how fast, in one run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.adapters.labelled_lines import Labelled, read
from app.adapters.model_files import ModelFiles, find, names
from app.adapters.model_named import named
from app.core.quantiles import quantile
from app.processes.model_evaluate import Scoring, measure, of_files
from app.settings import MODELS, ROOT, Settings
from benchmarks.figures import Row, load_now
from benchmarks.long_texts import long_texts
from benchmarks.model_others import others
from benchmarks.texts import LABELLED
from models.sentiment.training.sources import held_out

TRAIN = "tweeteval_sentiment_train.jsonl"
TWEETS = "tweeteval_sentiment_val.jsonl"  # the speed is measured on these
REVIEWS = "uci_review_sentences.jsonl"
ENGLISH = "en"
WRITTEN = MODELS / "long_reviews.jsonl"  # of this project, and never trained on
FIRST_MODELS = ROOT.parent / "shared" / "models"
FIRST = {"sentiment-l3": 1.20, "sentiment-l6": 1.30}
FILES = {
    "tweets": TWEETS,
    "airline": "airline_american_virgin_dev.jsonl",
    "brands": "brand_product_tweets_dev.jsonl",
    "complaints": "complaints_train.jsonl",
    "reviews": REVIEWS,
}
KIND = "mood"  # the beginning of these rows' names, by which the page finds them
SINGLES = 400


def rows() -> Iterator[Row]:
    """One row a model. Raises SystemExit where there is nothing to measure with."""
    sets = {
        name: read(LABELLED / file) for name, file in FILES.items() if (LABELLED / file).exists()
    }
    if "tweets" not in sets:
        raise SystemExit(f"{LABELLED / TWEETS}: expected labelled texts, there are none")
    long = {"written": read(WRITTEN)}
    if "reviews" in sets:
        long |= long_texts(sets["reviews"])
        sets["reviews"] = _unread(sets["reviews"])
    train = read(LABELLED / TRAIN) if (LABELLED / TRAIN).exists() else None
    for scoring, note in others(train):
        yield _row(scoring, sets, long, note)
    for files in (*_first(), *_ours()):
        note = f"{_megabytes(files.model):.1f} MB"
        batch = Settings().scoring.micro_batch
        yield _row(of_files(files, batch), sets, long, note)
        yield _row(of_files(files, batch, by_windows=True), {}, long, "long texts by windows")


def _ours() -> Iterator[ModelFiles]:
    """The models of the manifest that know the language of the sets."""
    for files in (find(MODELS, name) for name in names(MODELS)):
        if ENGLISH in files.languages:
            yield files


def _first() -> Iterator[ModelFiles]:
    """The models that this project began with, where they are, with the temperatures they had."""
    for name, temperature in FIRST.items():
        path = FIRST_MODELS / f"{name}.int8.onnx"
        if path.exists():
            files = named(str(path), MODELS, "")
            yield replace(files, name=f"first-{name}", temperature=temperature)


def _unread(reviews: Labelled) -> Labelled:
    """Those alone that our models were not trained on."""
    kept = [at for at, text in enumerate(reviews.texts) if held_out(text)]
    texts, labels = ([of[at] for at in kept] for of in (reviews.texts, reviews.labels))
    return Labelled(tuple(texts), tuple(labels), reviews.classes)


def _megabytes(file: Path) -> float:
    return file.stat().st_size / 1e6


def _row(
    scoring: Scoring, sets: Mapping[str, Labelled], long: Mapping[str, Labelled], note: str
) -> Row:
    before = load_now()
    details: dict[str, Any] = {"tag": scoring.tag, "windows": scoring.windows}
    details["sets"] = {name: measure(scoring, of).as_dict() for name, of in sets.items()}
    details["long"] = {name: measure(scoring, of).as_dict() for name, of in long.items()}
    figures = {
        name: _chief(name, of) for name, of in {**details["sets"], **details["long"]}.items()
    }
    if "tweets" in sets:
        singles = [_single(scoring, text) for text in sets["tweets"].texts[:SINGLES]]
        figures["a CPU-second"] = details["sets"]["tweets"]["messages_per_cpu_second"]
        figures["messages/s"] = details["sets"]["tweets"]["messages_per_second"]
        figures["batch-1 p50"] = 1000 * quantile(singles, 0.50)
        figures["p99"] = 1000 * quantile(singles, 0.99)
    name = f"{KIND}, {scoring.tag}{', windows' * scoring.windows}"
    return Row(
        name=name,
        figures=figures,
        unit="share; ms",
        load=(before, load_now()),
        note=note,
        details=details,
    )


def _chief(name: str, said: Mapping[str, Any]) -> float:
    """Macro recall, and of complaints macro F1: what others report of these sets."""
    return float(said["macro_f1" if name == "complaints" else "macro_recall"])


def _single(scoring: Scoring, text: str) -> float:
    """Seconds of the thread's processor time for one text alone: the machine is shared."""
    began = time.thread_time()
    scoring.probabilities([text])
    return time.thread_time() - began
