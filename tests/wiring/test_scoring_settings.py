"""The settings of scoring: what is wrong is told with its key, and who can wait gets the top."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.model_files import find, names
from app.core.errors import ConfigError
from app.settings import MODELS, Scoring, load
from app.wiring.check import check
from app.wiring.scoring import models, patient, wrong_languages


def test_a_model_that_there_is_not_is_told_with_the_setting_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDSHAKE_SCORING__FAST", "typo")
    scoring = load().scoring.model_copy(update={"cascade": ("sentiment-fast", "typed")})
    problems = check(load().model_copy(update={"scoring": scoring}))
    assert [problem.split(": ")[:2] for problem in problems] == [
        ["config/settings.toml", "scoring.cascade"],
        ["environment HANDSHAKE_SCORING__FAST", "scoring.fast"],
    ]
    assert problems[1].endswith(f"model: expected {', '.join(names(MODELS))}, got 'typo'")


def test_a_model_of_a_rung_that_is_not_in_use_may_be_any() -> None:
    scoring = Scoring(ladder=("full", "lexicon"), until_ms=(1000,), fast="typo")
    assert not check(load().model_copy(update={"scoring": scoring}))


def test_a_model_for_other_languages_must_be_there_and_know_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDSHAKE_SCORING__OTHERS", "typo")
    assert check(load()) == [
        f"environment HANDSHAKE_SCORING__OTHERS: scoring.others: {MODELS / 'manifest.toml'}:"
        f" model: expected {', '.join(names(MODELS))}, got 'typo'"
    ]
    scoring = Scoring(others="sentiment-fast")
    assert check(load().model_copy(update={"scoring": scoring})) == [
        "environment HANDSHAKE_SCORING__OTHERS: scoring.others: expected a model for other"
        " languages than en, got 'sentiment-fast' with en"
    ]
    with pytest.raises(ConfigError, match="other languages than en"):
        models(scoring)


def test_a_lower_rung_must_know_the_languages_of_the_full_one() -> None:
    """Otherwise a language would be judged under load by a model that cannot read it."""
    files = {name: find(MODELS, name) for name in ("sentiment-fast", "sentiment-l6")}
    files["sentiment-l6"] = replace(files["sentiment-l6"], languages=frozenset({"de", "en"}))
    assert wrong_languages(Scoring(), files) == [
        f"config/settings.toml: scoring.{key}: expected a model for de, en, as scoring.model is,"
        " got 'sentiment-fast' with en"
        for key in ("cascade", "fast")
    ]
    assert not wrong_languages(Scoring(ladder=("full", "lexicon"), until_ms=(1000,)), files)
    other = {**files, "tiny": replace(files["sentiment-fast"], languages=frozenset({"de", "nl"}))}
    alone = {"ladder": ("full", "lexicon"), "until_ms": (1000,), "others": "tiny"}
    assert not wrong_languages(Scoring(**alone), other)


@pytest.mark.parametrize(("windows", "right"), [(0, False), (1, True), (20, True), (21, False)])
def test_windows_are_bounded(windows: int, right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDSHAKE_SCORING__WINDOWS", str(windows))
    if right:
        assert load().scoring.windows == windows
        return
    with pytest.raises(ConfigError, match=r"HANDSHAKE_SCORING__WINDOWS: scoring\.windows"):
        load()


@pytest.mark.parametrize("ladder", [("fast", "lexicon"), ("lexicon",)])
def test_who_can_wait_is_answered_by_the_top_of_the_ladder_as_it_is(
    ladder: tuple[str, ...],
) -> None:
    scoring = Scoring(ladder=ladder, until_ms=(1000,) * (len(ladder) - 1))
    assert patient(scoring).look() == ladder[0]
