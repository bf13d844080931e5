"""The long reviews that models are measured on: whole, labelled alike often, and of no training."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

SENTIMENT = Path(__file__).parent.parent / "models" / "sentiment"


def lines_of(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_long_reviews_are_long_alike_often_of_each_mood_and_none_is_trained_on() -> None:
    reviews = lines_of(SENTIMENT / "long_reviews.jsonl")
    assert Counter(review["label"] for review in reviews) == {
        "negative": 50, "neutral": 50, "positive": 50,
    }  # fmt: skip
    assert len({review["text"] for review in reviews}) == len(reviews)
    assert all(90 <= len(review["text"].split()) <= 260 for review in reviews)
    learned = {
        line["text"] for path in (SENTIMENT / "texts").glob("*.jsonl") for line in lines_of(path)
    }
    assert not learned & {review["text"] for review in reviews}
