"""The training of the sentiment models, in small: one layer, a dozen texts, seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from app.adapters.model_files import find
from app.adapters.onnx_scorer import Model

pytest.importorskip("jax", reason="jax is missing: it comes with the extra `train`")

from models.sentiment import train as training
from models.sentiment.training import encoder, export, fast, fit, manifest, sources, teach
from models.sentiment.training.batches import Batch, Batches, tokenizer_of
from models.sentiment.training.measure import Measured
from models.sentiment.training.sources import Row, Source, SourceError, one_hot
from models.sentiment.training.tasks import COMPLAINT, HEADS, SENTIMENT

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

GOOD = ("the crew was kind and quick", "i love this app", "what a good day")
BAD = ("the bag is lost again", "i hate this queue", "what a bad day")
PLAIN = ("the gate is upstairs", "we open at nine", "the app is an app")
WORDS = sorted({word for text in (*GOOD, *BAD, *PLAIN) for word in text.split()})
PLAN = fit.Plan(passes=12, rate=1e-3, seed=1, batch=4, average=0.5)


def rows() -> list[Row]:
    labelled = zip(("positive", "negative", "neutral"), (GOOD, BAD, PLAIN), strict=True)
    return [
        Row(text, {SENTIMENT: one_hot(SENTIMENT, label), COMPLAINT: (1.0, 0.0)})
        for label, texts in labelled
        for text in texts
    ]


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    made = Tokenizer(WordPiece({name: at for at, name in enumerate(names)}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    file = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    made.save(str(file))
    return file


@pytest.fixture(scope="module")
def tokenizer(tokenizer_file: Path) -> Tokenizer:
    return tokenizer_of(tokenizer_file)


def small_encoder() -> encoder.Params:
    """One layer of the backbone's kind, drawn by chance."""
    random = np.random.default_rng(0)
    wide = 4 * encoder.HIDDEN
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS) + 4, encoder.HIDDEN),
        "embeddings.position_embeddings.weight": (64, encoder.HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, encoder.HIDDEN),
    }
    at = "encoder.layer.0."
    for name in ("attention.self.query", "attention.self.key", "attention.self.value"):
        shapes[f"{at}{name}.weight"] = (encoder.HIDDEN, encoder.HIDDEN)
    shapes[f"{at}attention.output.dense.weight"] = (encoder.HIDDEN, encoder.HIDDEN)
    shapes[f"{at}intermediate.dense.weight"] = (wide, encoder.HIDDEN)
    shapes[f"{at}output.dense.weight"] = (encoder.HIDDEN, wide)
    params: dict[str, Any] = {
        name: random.normal(0, 0.05, shape).astype(np.float32) for name, shape in shapes.items()
    }
    for name, shape in shapes.items():
        if name.startswith(at):
            params[name.replace("weight", "bias")] = np.zeros(shape[0], np.float32)
    for name in ("embeddings", f"{at}attention.output", f"{at}output"):
        params[f"{name}.LayerNorm.weight"] = np.ones(encoder.HIDDEN, np.float32)
        params[f"{name}.LayerNorm.bias"] = np.zeros(encoder.HIDDEN, np.float32)
    return encoder.with_heads(encoder.loaded(params), 1)


def small_fast() -> encoder.Params:
    random = np.random.default_rng(0)
    words = random.normal(0, 1, (4 * fast.WIDTH, encoder.HIDDEN)).astype(np.float32)
    return fast.start(words, 1)


KINDS = {
    "encoder": (small_encoder, encoder.logits, export.write),
    "fast": (small_fast, fast.logits, fast.write),
}


@pytest.fixture(scope="module", params=KINDS)
def trained(
    request: pytest.FixtureRequest, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, encoder.Params]:
    start, logits, _ = KINDS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    work = fit.Training(PLAN, logits, folder, lambda _: None)
    return request.param, fit.fit(work, Batches(rows(), tokenizer, PLAN.batch), start())


class Stopped(Exception):
    """The machine is switched off."""


class Interrupted(Batches):
    """Batches that end the training after so many."""

    left = 5

    def one_pass(self, seed: int) -> Iterator[Batch]:
        for batch in super().one_pass(seed):
            if not self.left:
                raise Stopped
            self.left -= 1
            yield batch


def test_a_training_that_was_stopped_ends_with_the_weights_of_one_that_was_not(
    trained: tuple[str, encoder.Params],
    tokenizer: Tokenizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind, whole = trained
    start, logits, _ = KINDS[kind]
    monkeypatch.setattr(fit, "_SAVE_EVERY_S", 0.0)
    work = fit.Training(PLAN, logits, tmp_path, lambda _: None)
    with pytest.raises(Stopped):
        fit.fit(work, Interrupted(rows(), tokenizer, PLAN.batch), start())
    again = fit.fit(work, Batches(rows(), tokenizer, PLAN.batch), start())
    assert {name: np.asarray(value).tolist() for name, value in again.items()} == {
        name: np.asarray(value).tolist() for name, value in whole.items()
    }


def test_a_training_learns_the_texts_that_it_is_given(
    trained: tuple[str, encoder.Params], tokenizer: Tokenizer
) -> None:
    kind, params = trained
    found = KINDS[kind][1](params, *padded(tokenizer), None, 0.0)[SENTIMENT]
    answers = [int(np.argmax(row.targets[SENTIMENT])) for row in rows()]
    assert np.asarray(found).argmax(axis=1).tolist() == answers


def padded(tokenizer: Tokenizer) -> tuple[Any, Any]:
    batch = Batches(rows(), tokenizer, len(rows())).batch([r.text for r in rows()], rows())
    return batch.ids, batch.mask


def test_the_exported_graph_says_what_was_trained_and_int8_nearly_so(
    trained: tuple[str, encoder.Params], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    kind, params = trained
    _, logits, write = KINDS[kind]
    write(params, tmp_path / "whole.onnx")
    export.quantized(tmp_path / "whole.onnx", tmp_path / "small.onnx")
    told = logits(params, *padded(tokenizer), None, 0.0)
    texts = [row.text for row in rows()]
    whole = Measured(tmp_path / "whole.onnx", tokenizer).logits(texts, list(HEADS))
    small = Measured(tmp_path / "small.onnx", tokenizer).logits(texts, list(HEADS))
    for head in HEADS:
        assert np.abs(whole[head] - np.asarray(told[head])).max() < 1e-3
        assert np.abs(small[head] - whole[head]).max() < 0.5


def test_the_product_loads_what_the_training_writes_with_all_heads(
    trained: tuple[str, encoder.Params], tokenizer_file: Path, tmp_path: Path
) -> None:
    kind, params = trained
    KINDS[kind][2](params, tmp_path / "whole.onnx")
    export.quantized(tmp_path / "whole.onnx", tmp_path / f"sentiment-{kind}.int8.onnx")
    heads = [head for head in HEADS if head != SENTIMENT]
    shipped = manifest.Shipped(f"sentiment-{kind}", rows(), heads)
    manifest.write(tmp_path, [shipped], tokenizer_file)
    model = Model(find(tmp_path, f"sentiment-{kind}"))
    said = model.probabilities([row.text for row in rows()])
    assert said.shape == (len(rows()), sum(map(len, HEADS.values())))
    answers = [int(np.argmax(row.targets[SENTIMENT])) for row in rows()]
    assert said[:, :3].argmax(axis=1).tolist() == answers


def test_a_student_is_told_mostly_what_its_teacher_says_and_of_all_heads(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    fast.write(small_fast(), tmp_path / "teacher.onnx")
    teacher = Measured(tmp_path / "teacher.onnx", tokenizer)
    soft = teach.said(rows(), teacher, tmp_path / "soft.safetensors")
    taught = teach.taught(rows(), soft)
    for row in taught:
        assert row.targets.keys() == HEADS.keys()
        assert all(abs(sum(values) - 1.0) < 1e-5 for values in row.targets.values())


def test_a_rare_sentiment_is_judged_as_if_it_were_as_frequent_as_the_others() -> None:
    shares = {"negative": 1, "neutral": 4, "positive": 16}
    told = [
        Row("a", {SENTIMENT: one_hot(SENTIMENT, label)})
        for label, count in shares.items()
        for _ in range(count)
    ]
    params = {"heads.sentiment.bias": np.zeros(3)}
    bias = training.alike(params, told, told)["heads.sentiment.bias"]
    # the weights of texts have made up for half of it
    assert np.allclose(bias[0] - bias[1], 0.5 * np.log(4))
    assert np.allclose(bias[1] - bias[2], 0.5 * np.log(4))


def test_another_text_or_plan_is_another_training() -> None:
    told = training.fingerprint(PLAN, rows())
    assert told == training.fingerprint(PLAN, rows())
    assert told != training.fingerprint(PLAN, rows()[1:])
    assert told != training.fingerprint(fit.Plan(passes=1, rate=1e-2, seed=1), rows())


def test_training_texts_that_are_missing_or_others_are_told_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text(json.dumps({"text": "a"}))
    wanted = [Source(name, "00", "mine", lambda _: iter(())) for name in ("there.jsonl", "gone")]
    with pytest.raises(SourceError) as told:
        sources.rows(tmp_path, tuple(wanted))
    assert "there.jsonl: expected sha256 00, got" in str(told.value)
    assert "gone: missing" in str(told.value)


def test_the_sets_for_evaluation_are_never_trained_on() -> None:
    trained_on = " ".join(source.file for source in sources.PUBLIC)
    assert not [
        name for name in ("airline", "brand", "complaint", "/val", "_val") if name in trained_on
    ]


def test_what_is_judged_by_is_never_trained_on_whatever_its_names_and_marks() -> None:
    judged = [Row("@kim the bag is LOST again!! http://a.example/1")]
    assert sources.apart([Row("The bag is lost, again"), Row("the bag came")], judged) == [
        Row("the bag came")
    ]
