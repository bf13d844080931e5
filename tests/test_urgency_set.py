"""The labelled messages of models/urgency, and the figures that are made from them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.heads import COMPLAINT, OTHER, PRAISE, QUESTION, REQUEST
from app.core.pillar import NOBODY, PILLARS
from app.core.score_labels import LEVELS
from benchmarks.urgency import SET, spearman

ALLOWED = {
    "urgency": {*LEVELS},
    "pillar": {*PILLARS, NOBODY},
    "intent": {QUESTION, COMPLAINT, PRAISE, REQUEST, OTHER},
    "lang": {"en", "de", "fr", "es", "it", "pt"},
    "channel": {"mail", "chat", "social", "review", "phone", "sms", "forum"},
}
FIELDS = {"id", "text", "why", *ALLOWED}


def part(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SET / f"{name}.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", ["dev", "test"])
def test_every_message_is_labelled_in_full(name: str) -> None:
    for one in part(name):
        assert one.keys() - {"followers", "earlier_contacts"} == FIELDS, one["id"]
        assert all(one[field] in allowed for field, allowed in ALLOWED.items()), one["id"]
        assert (one["text"].strip() != "", one["why"].strip() != "") == (True, True)


def test_at_least_400_messages_are_measured_on_and_none_of_them_may_be_looked_at() -> None:
    dev, test = part("dev"), part("test")
    assert len(test) >= 400
    for field in ("id", "text"):
        said = [one[field] for one in (*dev, *test)]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("one", "other", "rank"),
    [
        ([1, 2, 3], [10, 20, 30], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 1, 2, 2], [1, 2, 1, 2], 0.0),
        ([1, 2, 3], [5, 5, 5], 0.0),
    ],
)
def test_rank_correlation_knows_order_ties_and_what_does_not_vary(
    one: list[float], other: list[float], rank: float
) -> None:
    assert spearman(one, other) == pytest.approx(rank)
