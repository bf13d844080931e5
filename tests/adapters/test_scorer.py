"""Scoring: every mention gets a score, in order, whatever the model does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.adapters.language import Language
from app.adapters.model_files import find
from app.adapters.onnx_scorer import UNSCORED, Model, OnnxScorer
from app.core.score import UNSUPPORTED
from tests.builders import mention

LABELS = ("negative", "neutral", "positive")
TEXTS = [
    "You lost my bag and nobody answers, this is the worst airline",
    "thank you so much, the crew was wonderful",
    "ok",
    "My flight is at noon and the gate changed twice while I was waiting in the line for coffee",
    "is the office open on sunday?",
]


class FakeModel:
    """Says of a text what its first word asks for; `release` lets a hanging one go."""

    def __init__(self, tag: str = "fake@1") -> None:
        self.files = SimpleNamespace(tag=tag, labels=LABELS, languages=frozenset({"en"}))
        self.release = threading.Event()

    def probabilities(self, texts: Sequence[str]) -> Any:
        return np.array([self._row(text) for text in texts], dtype=np.float32)

    def _row(self, text: str) -> list[float]:
        if text.startswith("hang"):
            self.release.wait(10)
        if text.startswith("raise"):
            raise RuntimeError("a broken model")
        if text.startswith("nan"):
            return [float("nan")] * 3
        return [0.8, 0.1, 0.1] if text.startswith("bad") else [0.1, 0.2, 0.7]


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.fixture(scope="module")
def real() -> Model:
    models = Path(__file__).parents[2] / "models" / "sentiment"
    return Model(find(models, "sentiment-l3"))


@pytest.fixture
def model() -> Iterator[FakeModel]:
    model = FakeModel()
    yield model
    model.release.set()


def scorer_of(model: Any, language: Language, budget_s: float = 5.0) -> OnnxScorer:
    return OnnxScorer(model, language, budget_s)


async def test_scores_come_in_the_order_of_the_mentions(language: Language, real: Model) -> None:
    """A3.1: the mood that primes the rules is that of this very mention."""
    scores = await scorer_of(real, language).score(
        [mention(str(i), text=t) for i, t in enumerate(TEXTS)]
    )
    assert [s.sentiment.label for s in scores[:2]] == ["negative", "positive"]
    assert all(s.model == real.files.tag for s in scores)


def test_company_in_the_batch_moves_a_probability_by_hundredths(real: Model) -> None:
    """Dynamic int8 scales its activations by the whole batch; the card says how much it moves."""
    together = real.probabilities(TEXTS)
    alone = np.concatenate([real.probabilities([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 0.15


def test_probabilities_sum_to_one_for_any_text(real: Model) -> None:
    odd = ["", " ", "\0", "🤬" * 500, "a" * 100_000, "@kim https://x.test"]
    assert np.allclose(real.probabilities(odd).sum(axis=1), 1, atol=1e-5)


async def test_a_language_that_the_model_does_not_know_gets_no_confidence(
    language: Language, model: FakeModel
) -> None:
    [said] = await scorer_of(model, language).score([mention(text="bad", lang="fi")])
    assert (said.sentiment.label, said.sentiment.confidence, said.lang) == (UNSUPPORTED, 0.0, "fi")
    assert said.model == "fake@1"


async def test_a_foreign_text_among_english_ones_moves_nobody(
    language: Language, model: FakeModel
) -> None:
    batch = [
        mention("1", text="bad"),
        mention("2", text="bad", lang="fi"),
        mention("3", text="good"),
    ]
    labels = [s.sentiment.label for s in await scorer_of(model, language).score(batch)]
    assert labels == ["negative", UNSUPPORTED, "positive"]


@pytest.mark.parametrize(
    ("text", "hint", "lang"),
    [
        ("Wo ist mein Koffer geblieben, ich warte seit zwei Stunden am Flughafen", "", "de"),
        ("Where is my bag, I have been waiting for two hours at the airport", "", "en"),
        ("ok", "", "en"),
        ("Where is my bag, I have been waiting for two hours", "pt-br", "pt"),
        ("two\nlines of a text that is long enough\r\nto be judged", "", "en"),
    ],
)
def test_the_language_is_the_sources_word_or_a_guess_where_it_is_sure(
    language: Language, text: str, hint: str, lang: str
) -> None:
    assert language.of(text, hint) == lang


async def test_a_hanging_model_falls_back_to_unscored_within_its_budget(
    language: Language, model: FakeModel
) -> None:
    """A1.11: a mention never waits for a model longer than it may."""
    scorer = scorer_of(model, language, budget_s=0.02)
    [said] = await scorer.score([mention(text="hang")])
    assert (said.model, said.sentiment.label) == (UNSCORED, UNSUPPORTED)


async def test_after_a_hang_the_next_batch_is_scored_again(
    language: Language, model: FakeModel
) -> None:
    scorer = scorer_of(model, language, budget_s=0.02)
    await scorer.score([mention(text="hang")])
    scorer._budget_s = 5.0
    [said] = await scorer.score([mention(text="bad")])
    assert said.sentiment.label == "negative"


async def test_a_raising_model_leaves_all_mentions_unscored_but_urgent_where_words_say_so(
    language: Language, model: FakeModel
) -> None:
    batch = [mention("1", text="raise the alarm, there is a fire"), mention("2", text="bad")]
    scores = await scorer_of(model, language).score(batch)
    assert [s.model for s in scores] == [UNSCORED, UNSCORED]
    assert scores[0].urgency >= 0.8


async def test_a_model_that_says_no_number_is_not_believed(
    language: Language, model: FakeModel
) -> None:
    [said] = await scorer_of(model, language).score([mention(text="nan")])
    assert said.sentiment.label == UNSUPPORTED
    assert said.sentiment.confidence == 0


async def test_a_swap_keeps_serving_and_signs_with_the_new_model(
    language: Language, model: FakeModel
) -> None:
    scorer = scorer_of(model, language)
    before = await scorer.score([mention(text="bad")])
    scorer.swap(FakeModel("fake@2"))  # type: ignore[arg-type]
    after = await scorer.score([mention(text="bad")])
    assert [before[0].model, after[0].model] == ["fake@1", "fake@2"]
    assert scorer.model == "fake@2"


async def test_no_mentions_are_no_work(language: Language, model: FakeModel) -> None:
    assert await scorer_of(model, language).score([]) == []
