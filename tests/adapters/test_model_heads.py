"""Heads: what a model says beside the sentiment, from its manifest to a score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.adapters.language import Language
from app.adapters.model_files import find, problems
from app.adapters.onnx_scorer import Model, judgement_of
from app.adapters.windowed import WindowedModel
from app.core.errors import ConfigError
from app.core.heads import HEADS as KNOWN
from tests.adapters.heads_house import HEADS, NAME, OUTPUTS, folder, loaded
from tests.adapters.scoring_house import FAST, L6, House
from tests.builders import mention

SHORT = "Lovely!"
LONG = "Lovely, " * 20 + "and then the bag was gone."


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return loaded(tmp_path)


def problems_of(at: Path, **given: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        loaded(at, **given)
    return "\n".join(refused.value.problems)


def test_columns_are_the_sentiment_and_then_each_head_in_the_order_of_the_model(
    tmp_path: Path,
) -> None:
    files = find(folder(tmp_path), NAME)
    assert files.columns == 3 + 2 + 2 + 5 + 5 + 5
    assert {name: head.columns for name, head in files.heads.items()} == {
        "irony": slice(3, 5),
        "complaint": slice(5, 7),
        "intent": slice(7, 12),
        "emotion": slice(12, 17),
        "pillar": slice(17, 22),
    }
    assert {name: head.labels for name, head in files.heads.items()} == KNOWN


def test_a_temperature_is_the_models_own_or_that_of_the_head(tmp_path: Path) -> None:
    heads = find(folder(tmp_path), NAME).heads
    found = {name: head.temperature for name, head in heads.items()}
    assert found == {"irony": 4.0, "complaint": 2.0, "intent": 1.0, "emotion": 1.0, "pillar": 1.0}


def test_a_model_has_no_heads_unless_it_says_so(tmp_path: Path) -> None:
    """Model files of before load as they did, heads in the manifest or none."""
    model = loaded(tmp_path, of_model="")
    assert (model.files.heads, model.files.columns) == ({}, 3)
    assert model.probabilities([SHORT]).shape == (1, 3)
    said = judgement_of(model.probabilities([SHORT])[0], model.files)
    assert (said.complaint, said.intent, said.emotion, said.irony) == (None, "", "", None)
    assert said.pillars == {}


def test_each_head_is_softmaxed_by_itself_with_its_temperature(model: Model) -> None:
    texts = [LONG, SHORT]
    rows = model.probabilities(texts)
    assert rows.shape == (2, model.files.columns)
    for head in model.files.heads.values():
        assert np.allclose(rows[:, head.columns].sum(axis=1), 1, atol=1e-6)
    assert np.allclose(rows[:, :3].sum(axis=1), 1, atol=1e-6)
    # Of two labels, P = 1 / (1 + exp(-(difference of the logits) / temperature)).
    grown = 0.5 * np.array(model.lengths(texts))
    for name, temperature in (("complaint", 2.0), ("irony", 4.0)):
        expected = 1 / (1 + np.exp(-(grown - 4.0) / temperature))
        assert np.allclose(rows[:, model.files.heads[name].columns][:, 1], expected, atol=1e-5)


def test_each_text_keeps_its_row_over_several_micro_batches(tmp_path: Path) -> None:
    files, texts = find(folder(tmp_path), NAME), [SHORT * (1 + at * 7 % 10) for at in range(10)]
    alone = [Model(files).probabilities([text])[0] for text in texts]
    together = Model(files, micro_batch=3).probabilities(texts)
    assert np.allclose(together, np.array(alone), atol=1e-6)


def test_one_row_is_read_as_what_the_model_says_of_a_text(model: Model) -> None:
    """A3.1: complaint, intent, emotion, irony and pillar prime the rules beside the sentiment."""
    short, long = (judgement_of(row, model.files) for row in model.probabilities([SHORT, LONG]))
    assert (short.sentiment.label, long.sentiment.label) == ("positive", "negative")
    assert (short.intent, long.intent) == ("praise", "complaint")
    assert (short.emotion, long.emotion) == ("joy", "anger")
    assert [max(one.pillars, key=one.pillars.__getitem__) for one in (short, long)] == [
        "marketing", "service",
    ]  # fmt: skip
    for one, other in ((short.complaint, long.complaint), (short.irony, long.irony)):
        assert one is not None
        assert other is not None
        assert 0 <= one < 0.5 < other <= 1


def test_long_texts_by_windows_have_all_columns(tmp_path: Path) -> None:
    model = WindowedModel(find(folder(tmp_path), NAME))
    rows = model.probabilities([SHORT, "The bag was gone. " * 60])
    assert rows.shape == (2, model.files.columns)
    assert np.allclose(rows.sum(axis=1), 1 + len(model.files.heads), atol=1e-5)


async def test_a_score_carries_what_the_heads_say(model: Model) -> None:
    """A3.1: from the model through the formulas, of each mention its own."""
    house = House(Language())
    house.tiers.swap({L6: model, FAST: model})
    texts = (SHORT, LONG)
    short, long = await house.scorer.score([mention(str(i), text=t) for i, t in enumerate(texts)])
    assert (short.intent, short.emotion, long.intent, long.emotion) == (
        "praise", "joy", "complaint", "anger",
    )  # fmt: skip
    assert long.complaint is not None
    assert long.complaint > 0.9
    assert "complaint +0.05" in long.urgency_why
    assert any(why.startswith("meaning +") for why in long.pillar_why)
    assert long.irony is not None
    assert long.irony > 0.9
    assert short.sentiment.confidence == short.sentiment.positive


async def test_under_load_words_judge_and_say_nothing_of_the_heads(model: Model) -> None:
    house = House(Language(), waited_ms=60_000)
    house.tiers.swap({L6: model, FAST: model})
    [said] = await house.scorer.score([mention(text=LONG)])
    assert (said.model, said.complaint, said.emotion, said.irony) == ("lexicon", None, "", None)
    assert said.intent
    assert not [why for why in said.pillar_why if why.startswith("meaning")]


def test_everything_wrong_with_heads_is_told_at_once_with_its_key(tmp_path: Path) -> None:
    heads = HEADS.replace('"plain"', '"straight"').replace("temperature = 2.0", "temperature = 0")
    heads = heads.replace('output = "emotion"', 'output = "logits"')
    heads += '[head.sarcasm]\noutput = "sarcasm"\nlabels = ["no", "yes"]\n'
    of_model = (
        'heads = ["irony", "irony", "tone"]\ntemperatures = { irony = -1.0, complaint = 1.0 }'
    )
    said = problems_of(tmp_path, heads=heads, of_model=of_model)
    for expected in (
        "head.irony.labels: expected plain, ironic in any order, got ['straight', 'ironic']",
        "head.complaint.temperature: expected a number above zero, got 0",
        "head.emotion.output: expected an output of its own, got 'logits'",
        "head.sarcasm: expected complaint, intent, emotion, irony, pillar",
        "model.tiny.heads: expected each once, got 'irony' 2 times",
        "model.tiny.heads: expected heads of the manifest"
        " (complaint, intent, emotion, irony, pillar, sarcasm), got 'tone'",
        "model.tiny.temperatures.irony: expected a number above zero, got -1.0",
        "model.tiny.temperatures: expected heads of this model, got 'complaint'",
    ):
        assert f"manifest.toml: {expected}" in said
    assert problems(tmp_path, [("model", NAME)]) == said.split("\n")


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ({"irony": ([0.0] * 3, [0.0] * 3)}, "output irony: expected (1, 2), got (1, 3)"),
        ({"logits": ([0.0] * 2, [0.0] * 2)}, "output logits: expected (1, 3), got (1, 2)"),
        ({"wants": ([0.0] * 5, [float("nan")] * 5)}, "expected finite outputs"),
    ],
    ids=["width", "sentiment", "numbers"],
)
def test_a_model_whose_heads_do_not_fit_the_manifest_is_refused_at_load(
    tmp_path: Path, outputs: Any, said: str
) -> None:
    assert said in problems_of(tmp_path, outputs={**OUTPUTS, **outputs})


def test_a_model_that_lacks_an_output_is_refused_at_load(tmp_path: Path) -> None:
    less = {name: of for name, of in OUTPUTS.items() if name != "irony"}
    assert "cannot be loaded" in problems_of(tmp_path, outputs=less)
