"""What the training exports: the graph says what was trained, and the product reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from tokenizers import Tokenizer

from app.adapters.model_files import find
from app.adapters.onnx_scorer import SLOW_FUSIONS, Model
from app.core.errors import ConfigError
from models.sentiment.training import card, encoder, export, manifest
from models.sentiment.training.batches import Batches, tokenizer_of
from models.sentiment.training.measure import Measured, judged
from models.sentiment.training.sources import Row, Source
from models.sentiment.training.tasks import FURTHER, HEADS, SENTIMENT
from tests.live.training_house import (
    KINDS,
    padded,
    rows,
    small_encoder,
    tokenizer,
    tokenizer_file,
    trained,
)

__all__ = ["tokenizer", "tokenizer_file", "trained"]  # fixtures

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


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


def test_the_int8_weights_of_each_product_have_a_scale_for_each_output(
    trained: tuple[str, encoder.Params], tmp_path: Path
) -> None:
    kind, params = trained
    KINDS[kind][2](params, tmp_path / "whole.onnx")
    export.quantized(tmp_path / "whole.onnx", tmp_path / "small.onnx")
    graph = onnx.load(tmp_path / "small.onnx").graph
    dims = {one.name: list(one.dims) for one in graph.initializer}
    weights = [node.input[1] for node in graph.node if node.op_type == "MatMulInteger"]
    assert len(weights) >= len(HEADS)
    for name in weights:
        assert dims[name.replace("_quantized", "_scale")] == dims[name][-1:]


def test_a_scale_for_each_word_vector_is_nearer_to_what_was_trained_than_one_for_all(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    params, table = small_encoder(), "embeddings.word_embeddings.weight"
    uneven = np.array(params[table])
    uneven[tokenizer.token_to_id("[UNK]")] *= 100.0  # read by no text, and scales all the others
    uneven[tokenizer.token_to_id("the")] = 0.0
    params = params | {table: uneven}
    told = encoder.logits(params, *padded(tokenizer), None, 0.0)
    texts, off = [row.text for row in rows()], {}
    for by_row in (True, False):
        export.write(params, tmp_path / "whole.onnx", by_row=by_row)
        export.quantized(tmp_path / "whole.onnx", tmp_path / "small.onnx")
        found = Measured(tmp_path / "small.onnx", tokenizer).logits(texts, list(HEADS))
        off[by_row] = max(np.abs(found[head] - np.asarray(told[head])).max() for head in HEADS)
    assert off[True] < 0.1
    assert off[True] < 0.5 * off[False]


def test_a_text_is_read_to_the_last_token_that_the_product_gives(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    row = Row("the bag is lost again " * 30)
    export.write(params := small_encoder(), tmp_path / "whole.onnx")
    batch = Batches([row], tokenizer, 1).batch([row.text], [row])
    told = encoder.logits(params, batch.ids, batch.mask, None, 0.0)
    found = Measured(tmp_path / "whole.onnx", tokenizer).logits([row.text], [SENTIMENT])
    assert batch.mask.sum() == 64
    assert np.abs(found[SENTIMENT] - np.asarray(told[SENTIMENT])).max() < 1e-3


def write_manifest(folder: Path, name: str, tokenizer_file: Path) -> manifest.Shipped:
    """Manifest and tokenizer beside a model that is judged by the texts it learned."""
    (folder / manifest.TOKENIZER).write_bytes(tokenizer_file.read_bytes())
    model = Measured(folder / f"{name}{manifest.SUFFIX}", tokenizer_of(tokenizer_file))
    shipped = manifest.Shipped(name, judged(model, rows()), list(FURTHER))
    manifest.write(folder, [shipped])
    return shipped


def test_a_training_says_what_it_made_of_what_and_how_good_it_is(
    trained: tuple[str, encoder.Params], tokenizer_file: Path, tmp_path: Path
) -> None:
    kind, params = trained
    KINDS[kind][2](params, tmp_path / f"sentiment-{kind}.int8.onnx")
    shipped = write_manifest(tmp_path, f"sentiment-{kind}", tokenizer_file)
    learned = (("tweets.jsonl", "0abc", "mine"), ("emotion/train_text.txt", "0def", "theirs"))
    told = [Source(*one, lambda _: iter(())) for one in learned]
    card.write(tmp_path, [shipped], told[:1], told[1:])
    said = (tmp_path / "TRAINED.md").read_text()
    assert f"| `sentiment-{kind}.int8.onnx` | complaint, intent," in said
    assert f"| sentiment-{kind} | sentiment | 9 | 100.0 | 100.0 | 100.0 |" in said
    assert f"| sentiment-{kind} | irony | none are labelled for it | | | | | 1.0 |" in said
    assert "| `tweets.jsonl` | 0abc | mine |" in said
    assert "| `emotion/train_text.txt` and `emotion/train_labels.txt` | 0def | theirs |" in said


def test_a_manifest_that_promises_more_tokens_than_the_model_reads_is_refused_at_once(
    tokenizer_file: Path, tmp_path: Path
) -> None:
    export.write(small_encoder(), tmp_path / "sentiment-few.int8.onnx")
    write_manifest(tmp_path, "sentiment-few", tokenizer_file)
    assert Model(find(tmp_path, "sentiment-few")).lengths(["the bag " * 99]) == [64]
    written = (tmp_path / "manifest.toml").read_text()
    (tmp_path / "manifest.toml").write_text(written.replace("max_tokens = 64", "max_tokens = 65"))
    with pytest.raises(ConfigError, match="cannot be loaded"):
        Model(find(tmp_path, "sentiment-few"))


def test_the_slow_fusion_is_one_that_the_runtime_would_do_and_does_not(tmp_path: Path) -> None:
    export.write(small_encoder(), tmp_path / "whole.onnx")
    export.quantized(tmp_path / "whole.onnx", tmp_path / "small.onnx")
    kinds = {}
    for name, unused in (("as it is", ()), ("ours", SLOW_FUSIONS)):
        options = ort.SessionOptions()
        options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
        options.log_severity_level = 3
        ort.InferenceSession(
            tmp_path / "small.onnx",
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=unused,
        )
        graph = onnx.load(tmp_path / "optimised.onnx").graph
        kinds[name] = {node.op_type for node in graph.node}
    assert "SkipLayerNormalization" in kinds["as it is"]
    assert "SkipLayerNormalization" not in kinds["ours"]


def test_the_product_loads_what_the_training_writes_with_all_heads(
    trained: tuple[str, encoder.Params], tokenizer_file: Path, tmp_path: Path
) -> None:
    kind, params = trained
    KINDS[kind][2](params, tmp_path / "whole.onnx")
    export.quantized(tmp_path / "whole.onnx", tmp_path / f"sentiment-{kind}.int8.onnx")
    write_manifest(tmp_path, f"sentiment-{kind}", tokenizer_file)
    model = Model(find(tmp_path, f"sentiment-{kind}"))
    said = model.probabilities([row.text for row in rows()])
    assert said.shape == (len(rows()), sum(map(len, HEADS.values())))
    answers = [int(np.argmax(row.targets[SENTIMENT])) for row in rows()]
    assert said[:, :3].argmax(axis=1).tolist() == answers
