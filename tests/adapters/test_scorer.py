"""Scoring: every mention gets a score, in order, whatever the model does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.adapters.language import Language
from app.adapters.model_files import find
from app.adapters.onnx_scorer import Model
from app.core.score import UNSUPPORTED
from tests.adapters.scoring_house import FAST, L6, FakeModel, House
from tests.builders import mention

TEXTS = [
    "You lost my bag and nobody answers, this is the worst airline",
    "thank you so much, the crew was wonderful",
    "ok",
    "My flight is at noon and the gate changed twice while I was waiting in the line for coffee",
    "is the office open on sunday?",
]


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.fixture(scope="module")
def real() -> Model:
    models = Path(__file__).parents[2] / "models" / "sentiment"
    return Model(find(models, "sentiment-fast"))


@pytest.fixture
def house(language: Language) -> House:
    return House(language)


async def test_scores_come_in_the_order_of_the_mentions(house: House, real: Model) -> None:
    """A3.1: the mood that primes the rules is that of this very mention."""
    house.tiers.swap({L6: real, FAST: real})
    scores = await house.scorer.score([mention(str(i), text=t) for i, t in enumerate(TEXTS)])
    assert [s.sentiment.label for s in scores[:2]] == ["negative", "positive"]
    assert all(s.model == real.files.tag for s in scores)


async def test_emoji_count_with_words_and_alone(house: House, real: Model) -> None:
    """A3.1: what is told by a sign alone is a mood, too."""
    house.tiers.swap({L6: real, FAST: real})
    texts = ["my flight 😡", "my flight 😍", "🤬🤬", "❤️"]
    scores = await house.scorer.score([mention(str(i), text=t) for i, t in enumerate(texts)])
    assert [s.sentiment.label for s in scores] == ["negative", "positive", "negative", "positive"]


# In a process of its own: the tokenizer starts its threads once, and whoever came first had them.
_THREADS = """
import os
from app.adapters.model_files import find
from app.adapters.onnx_scorer import Model
from app.settings import MODELS
before = {*os.listdir("/proc/self/task")}
Model(find(MODELS, "sentiment-fast")).probabilities(["a gate", "a plane"] * 32)
print(len({*os.listdir("/proc/self/task")} - before))
"""


def test_a_model_works_on_the_thread_that_asks_it() -> None:
    """Scaling is by workers: what the tokenizer starts beside would take their cores."""
    said = subprocess.run(
        [sys.executable, "-c", _THREADS], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "0"


def test_company_in_the_batch_moves_a_probability_by_hundredths(real: Model) -> None:
    """Dynamic int8 scales its activations by the whole batch; the card says how much it moves."""
    together = real.probabilities(TEXTS)
    alone = np.concatenate([real.probabilities([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 0.15


def test_probabilities_sum_to_one_for_any_text(real: Model) -> None:
    odd = ["", " ", "\0", "🤬" * 500, "a" * 100_000, "@kim https://x.test"]
    rows = real.probabilities(odd)
    heads = [head.columns for head in real.files.heads.values()]
    for columns in (slice(0, len(real.files.labels)), *heads):
        assert np.allclose(rows[:, columns].sum(axis=1), 1, atol=1e-5)


async def test_a_language_that_the_model_does_not_know_gets_no_confidence(house: House) -> None:
    [said] = await house.scorer.score([mention(text="bad", lang="fi")])
    assert (said.sentiment.label, said.sentiment.confidence, said.lang) == (UNSUPPORTED, 0.0, "fi")
    assert said.model == "l6@1"


async def test_a_foreign_text_among_english_ones_moves_nobody(house: House) -> None:
    batch = [
        mention("1", text="bad"),
        mention("2", text="bad", lang="fi"),
        mention("3", text="good"),
    ]
    labels = [s.sentiment.label for s in await house.scorer.score(batch)]
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


async def test_a_batch_is_cut_into_micro_batches_of_like_length(house: House) -> None:
    texts = ["good " * (1 + i * 7 % 20) for i in range(20)]
    scores = await house.scorer.score([mention(str(i), text=t) for i, t in enumerate(texts)])
    asked = house.models[L6].asked
    assert [len(some) for some in asked] == [8, 8, 4]
    lengths = [len(text) for some in asked for text in some]
    assert lengths == sorted(lengths)
    assert len(scores) == 20


async def test_a_model_that_says_no_number_is_not_believed(house: House) -> None:
    texts = ("nan", "good")
    [said, _] = await house.scorer.score([mention(str(i), text=t) for i, t in enumerate(texts)])
    assert said.sentiment.label == UNSUPPORTED
    assert said.sentiment.confidence == 0


async def test_a_swap_keeps_serving_and_signs_with_the_new_model(house: House) -> None:
    before = await house.scorer.score([mention(text="bad")])
    house.tiers.swap({name: FakeModel(name, 2) for name in (L6, FAST)})  # type: ignore[misc]
    after = await house.scorer.score([mention(text="bad")])
    assert [before[0].model, after[0].model] == ["l6@1", "l6@2"]
    assert house.scorer.model == "l6@2"


async def test_no_mentions_are_no_work(house: House) -> None:
    assert await house.scorer.score([]) == []
    assert not house.models[L6].asked
