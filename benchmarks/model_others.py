"""What our models are measured beside: word lists, and a linear model trained in the same run.

Their packages are the dependency group `bench`, which nothing else needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from app.adapters.labelled_lines import Labelled
from app.core.score import LABELS
from app.core.text import clean
from app.processes.model_evaluate import Scoring

VADER_CUT = 0.05  # as its authors advise: what is nearer to 0 is neutral
TEXTBLOB_CUT = 0.0
_NEUTRAL = 0.6  # the share of neutral within the cut: above both others


def others(train: Labelled | None) -> Iterator[tuple[Scoring, str]]:
    """Each with a note. Without training data, the word lists alone. Raises SystemExit."""
    analyser = _module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    yield _by_polarity("VADER", lambda t: analyser.polarity_scores(t)["compound"], VADER_CUT), ""
    blob = _module("textblob").TextBlob
    yield _by_polarity("TextBlob", lambda t: blob(t).sentiment.polarity, TEXTBLOB_CUT), ""
    if train:
        began = time.process_time()
        scoring = _linear(train)
        spent = time.process_time() - began
        yield scoring, f"trained on {len(train.texts):,} texts, {spent:.0f} s of processor time"


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise SystemExit(
            f"{name.partition('.')[0]} is not installed: expected the dependency group `bench`."
            " `make bench-model` installs it, or: uv sync --inexact --group bench"
        ) from None


def _by_polarity(name: str, polarity: Callable[[str], float], cut: float) -> Scoring:
    """Shares whose greatest is what the polarity (-1 to 1) says; no probabilities of anything."""

    def row(text: str) -> tuple[float, float, float]:
        p = polarity(text)
        neutral = _NEUTRAL if -cut < p < cut or p == 0 else 0.0
        return (1 - neutral) * (1 - p) / 2, neutral, (1 - neutral) * (1 + p) / 2

    return Scoring(name, LABELS, lambda texts: np.array([row(text) for text in texts]))


def _linear(train: Labelled) -> Scoring:
    """TF-IDF of words (1 to 2) and characters in words (2 to 5), logistic regression, balanced."""
    text = _module("sklearn.feature_extraction.text")
    words = text.TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    chars = text.TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=200_000
    )
    both = _module("sklearn.pipeline").FeatureUnion([("words", words), ("chars", chars)])
    linear = _module("sklearn.linear_model").LogisticRegression(
        class_weight="balanced", max_iter=200, C=1.0
    )
    linear.fit(both.fit_transform([clean(one) for one in train.texts]), train.labels)

    def probabilities(texts: Sequence[str]) -> Any:
        return linear.predict_proba(both.transform([clean(one) for one in texts]))

    return Scoring("TF-IDF + logistic regression", tuple(linear.classes_), probabilities)
