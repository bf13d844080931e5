"""One ONNX model: a single-threaded session that takes small batches, sorted by length."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Encoding, Tokenizer

from app.adapters.model_files import ModelFiles
from app.core.errors import ConfigError
from app.core.formulas import completed
from app.core.heads import COMPLAINT, EMOTION, INTENT, IRONIC, IRONY, PILLAR
from app.core.mention import Mention
from app.core.score import Judgement, Score, Sentiment
from app.core.text import as_read
from app.failpoints import failpoint

# The tokenizer would start a thread for each core; it asks this anew for each batch.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

# Its kernel took 12 to 15 % of a batch on AVX2, the sum and the norm apart 3 to 6 %: decision 25.
SLOW_FUSIONS: Final = ("SkipLayerNormFusion",)


class Model:
    """One loaded model. Raises ConfigError where the file does not do what its manifest says."""

    def __init__(self, files: ModelFiles, micro_batch: int = 8) -> None:
        self.files = files
        self._micro_batch = micro_batch
        # Each output that is asked for, with how many labels it has and its temperature.
        self._outputs = [
            (files.output, len(files.labels), files.temperature),
            *((h.output, len(h.labels), h.temperature) for h in files.heads.values()),
        ]
        try:
            self._session = session(files.model)
            self._tokenizer = Tokenizer.from_file(str(files.tokenizer))
            self._tokenizer.enable_truncation(files.max_tokens)
            self._tokenizer.no_padding()
            # As long as texts may get: what the graph cannot read fails here, not at a mention.
            warm = self.probabilities(["warm " * files.max_tokens])
        except Exception as error:  # the runtimes raise their own kinds, without a common root
            raise ConfigError([f"{files.model}: cannot be loaded: {error}"]) from error
        if not np.isfinite(warm).all():
            raise ConfigError([f"{files.model}: expected finite outputs, got {warm[0].tolist()}"])

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has for this model, at most those that it reads."""
        encodings = self._tokenizer.encode_batch_fast([as_read(text) for text in texts])
        return [len(encoding.ids) for encoding in encodings]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Probabilities, float32 of shape (texts, `files.columns`), rows in the order given.

        Those of the sentiment come first, then those of each head; each head's sum to 1. Raises
        ValueError for outputs that do not have the labels of the manifest.
        """
        encodings = self._tokenizer.encode_batch_fast([as_read(text) for text in texts])
        # Sorted by length, a batch pads little: unsorted ones were measured 25-38 % slower.
        order = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        logits = np.empty((len(texts), self.files.columns), dtype=np.float32)
        for start in range(0, len(order), self._micro_batch):
            rows = order[start : start + self._micro_batch]
            logits[rows] = self._logits([encodings[i] for i in rows])
            failpoint("mid-score")
        ends = np.cumsum([labels for _, labels, _ in self._outputs])[:-1]
        heads = zip(np.split(logits, ends, axis=1), self._outputs, strict=True)
        return np.concatenate([softmax(head / t) for head, (_, _, t) in heads], axis=1)

    def _logits(self, encodings: list[Encoding]) -> Floats:
        """Those of all outputs, side by side."""
        fed = zip(self.files.inputs, padded([one.ids for one in encodings]), strict=True)
        parts = self._session.run([output for output, *_ in self._outputs], dict(fed))
        for part, (output, labels, _) in zip(parts, self._outputs, strict=True):
            if part.shape != (expected := (len(encodings), labels)):
                raise ValueError(f"output {output}: expected {expected}, got {part.shape}")
        return np.concatenate(parts, axis=1)


def padded(rows: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Token ids and their mask, int64 of shape (rows, tokens of the longest)."""
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for at, row in enumerate(rows):
        ids[at, : len(row)], mask[at, : len(row)] = row, 1
    return ids, mask


def session(model: Path) -> Any:
    """A session of the runtime on a model's file. Raises the runtime's own kinds of errors."""
    options = ort.SessionOptions()
    # One thread a session: scaling is by workers, and a spinning pool would starve them.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW_FUSIONS
    )


def finish(mention: Mention, judged: Judgement, lang: str, model: str) -> Score:
    """Add to what a model says what follows from it and the text."""
    return completed(mention.text, mention.author.followers, judged, lang, model)


def judgement_of(row: Floats, files: ModelFiles) -> Judgement:
    """One row of finite probabilities, as the model with these files says them."""
    moods = row[: len(files.labels)]
    share: dict[str, Any] = _by_label(files.labels, moods)
    label = files.labels[int(moods.argmax())]
    said = {name: _by_label(head.labels, row[head.columns]) for name, head in files.heads.items()}
    return Judgement(
        sentiment=Sentiment(label=label, confidence=share[label], **share),
        complaint=said[COMPLAINT][COMPLAINT] if COMPLAINT in said else None,
        intent=_likeliest(said.get(INTENT)),
        emotion=_likeliest(said.get(EMOTION)),
        irony=said[IRONY][IRONIC] if IRONY in said else None,
        pillars=said.get(PILLAR, {}),
    )


def _by_label(labels: Sequence[str], row: Floats) -> dict[str, float]:
    return {name: round(float(p), 4) for name, p in zip(labels, row, strict=True)}


def _likeliest(said: Mapping[str, float] | None) -> str:
    return max(said, key=lambda label: said[label]) if said else ""


def softmax(logits: Floats) -> Floats:
    """Probabilities of each row of logits, float32 of the same shape."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
