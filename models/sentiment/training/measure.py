"""What a trained model is worth on labelled texts, and the temperature that makes it honest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from app.adapters.onnx_scorer import session
from app.core.text import as_read
from models.sentiment.training.export import IDS, MASK, output_of

Floats = npt.NDArray[np.float32]
_MICRO_BATCH: Final = 8  # as the product scores: int8 activations are scaled by the batch
_TRIED: Final = np.linspace(0.2, 5.0, 481)  # temperatures


class Measured:
    """An exported model, asked as the product asks it: one thread, small batches by length."""

    def __init__(self, path: Path, tokenizer: Tokenizer) -> None:
        self._session = session(path)
        self._tokenizer = tokenizer

    def logits(self, texts: Sequence[str], heads: Sequence[str]) -> dict[str, Floats]:
        """Logits of these heads, float32 (texts, labels), rows in the order given."""
        found = self._tokenizer.encode_batch_fast([as_read(text) for text in texts])
        order = sorted(range(len(texts)), key=lambda i: len(found[i].ids))
        pieces: dict[str, list[Floats]] = {head: [] for head in heads}
        for start in range(0, len(order), _MICRO_BATCH):
            rows = [found[i].ids for i in order[start : start + _MICRO_BATCH]]
            ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
            mask = np.zeros_like(ids)
            for at, row in enumerate(rows):
                ids[at, : len(row)], mask[at, : len(row)] = row, 1
            given = self._session.run([output_of(head) for head in heads], {IDS: ids, MASK: mask})
            for head, values in zip(heads, given, strict=True):
                pieces[head].append(values)
        back = np.argsort(order)
        return {head: np.concatenate(parts)[back] for head, parts in pieces.items()}


def temperature(logits: Floats, answers: npt.NDArray[np.int64]) -> float:
    """What the logits are divided by so that the answers are likeliest (Guo et al. 2017)."""
    losses = [_loss(logits / t, answers) for t in _TRIED]
    return float(round(_TRIED[int(np.argmin(losses))], 2))


def _loss(logits: Floats, answers: npt.NDArray[np.int64]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-logs[np.arange(len(answers)), answers].mean())
