"""The draw: the less sure the model was the likelier, the same whenever and however it is made."""

from __future__ import annotations

from typing import Any

from app.core.label_draw import DAY_MS, UNSURE, Candidate, Draw, candidate
from app.core.lexicon import NAME as LEXICON
from app.core.score import UNSUPPORTED
from tests.builders import NOON_MS
from tests.core.label_house import score_json

DRAW = Draw(per_day=10, unsupported_per_day=3, unsure_below=0.7)


def drawn(mention_id: str = "m1", at_ms: int = NOON_MS, **score: Any) -> Candidate | None:
    return candidate(mention_id, score_json(**score), at_ms, DRAW)


def test_what_the_model_is_sure_of_is_never_drawn() -> None:
    assert drawn(confidence=0.7) is None
    assert drawn(confidence=0.99) is None
    assert drawn(confidence=0.69) is not None


def test_the_same_mention_has_the_same_rank_whenever_it_is_asked() -> None:
    first, again = drawn(at_ms=NOON_MS), drawn(at_ms=NOON_MS + 5)
    assert first
    assert again
    assert first.rank == again.rank
    assert (first.kind, first.day) == (UNSURE, NOON_MS // DAY_MS)


def test_the_less_sure_the_likelier_and_nobody_for_certain() -> None:
    """Of 400 unsure and 400 nearly sure mentions, the best 100 are mostly of the first kind."""
    unsure = [drawn(f"u{n}", confidence=0.4) for n in range(400)]
    nearly = [drawn(f"n{n}", confidence=0.65) for n in range(400)]
    ranked = sorted((one for one in (*unsure, *nearly) if one), key=lambda one: -one.rank)
    first = sum(one.mention_id.startswith("u") for one in ranked[:100])
    # weights of 0.30 and 0.05: six of seven are expected, less as the first kind is used up
    assert 75 <= first < 100


def test_what_no_model_knows_is_drawn_apart() -> None:
    found = drawn(label=UNSUPPORTED, confidence=0.0)
    assert found
    assert found.kind == UNSUPPORTED
    assert DRAW.most(found.kind) == 3


def test_what_word_lists_guessed_is_not_drawn() -> None:
    """Their confidence is none: a day of overload would fill the list with it."""
    assert drawn(confidence=0.3, model=LEXICON) is None


def test_what_word_lists_could_not_judge_is_not_taken_for_what_no_model_knows() -> None:
    assert drawn(label=UNSUPPORTED, confidence=0.0, model=LEXICON) is None


def test_a_cap_of_none_draws_nobody() -> None:
    none = Draw(per_day=0, unsupported_per_day=0, unsure_below=0.7)
    for label in ("neutral", UNSUPPORTED):
        assert candidate("m1", score_json(label=label, confidence=0.1), NOON_MS, none) is None
