"""The settings of scoring: what is wrong is told with its key, and who can wait gets the top."""

from __future__ import annotations

import pytest

from app.settings import Scoring, load
from app.wiring.check import check
from app.wiring.scoring import patient


def test_a_model_that_there_is_not_is_told_with_the_setting_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDSHAKE_SCORING__FAST", "typo")
    scoring = load().scoring.model_copy(update={"cascade": ("sentiment-l3", "typed")})
    problems = check(load().model_copy(update={"scoring": scoring}))
    assert [problem.split(": ")[:2] for problem in problems] == [
        ["config/settings.toml", "scoring.cascade"],
        ["environment HANDSHAKE_SCORING__FAST", "scoring.fast"],
    ]
    assert problems[1].endswith("model: expected sentiment-l3, sentiment-l6, got 'typo'")


def test_a_model_of_a_rung_that_is_not_in_use_may_be_any() -> None:
    scoring = Scoring(ladder=("full", "lexicon"), until_ms=(1000,), fast="typo")
    assert not check(load().model_copy(update={"scoring": scoring}))


@pytest.mark.parametrize("ladder", [("fast", "lexicon"), ("lexicon",)])
def test_who_can_wait_is_answered_by_the_top_of_the_ladder_as_it_is(
    ladder: tuple[str, ...],
) -> None:
    scoring = Scoring(ladder=ladder, until_ms=(1000,) * (len(ladder) - 1))
    assert patient(scoring).look() == ladder[0]
