"""A training in small for the tests of it: a dozen texts, models of a layer, seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

pytest.importorskip("jax", reason="jax is missing: it comes with the extra `train`")

from models.sentiment.training import encoder, export, fast, fit
from models.sentiment.training.batches import Batches, tokenizer_of
from models.sentiment.training.sources import Row, one_hot
from models.sentiment.training.tasks import COMPLAINT, SENTIMENT

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
        "embeddings.position_embeddings.weight": (80, encoder.HIDDEN),
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


def padded(tokenizer: Tokenizer) -> tuple[Any, Any]:
    batch = Batches(rows(), tokenizer, len(rows())).batch([r.text for r in rows()], rows())
    return batch.ids, batch.mask
