"""What a trained model is worth on labelled texts, and the temperature that makes it honest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from app.adapters.onnx_scorer import padded, session, softmax
from app.core.evaluation import Report, evaluate
from app.core.text import as_read
from models.sentiment.training.export import IDS, MASK, output_of
from models.sentiment.training.sources import Row
from models.sentiment.training.tasks import HEADS

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
            ids, mask = padded([found[i].ids for i in order[start : start + _MICRO_BATCH]])
            given = self._session.run([output_of(head) for head in heads], {IDS: ids, MASK: mask})
            for head, values in zip(heads, given, strict=True):
                pieces[head].append(values)
        back = np.argsort(order)
        return {head: np.concatenate(parts)[back] for head, parts in pieces.items()}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model says of the texts that are labelled for a head.

    `logits` are float32 (texts, labels), `answers` the place of the right label of each, and
    `temperature` the one that makes these answers likeliest.
    """

    head: str
    logits: Floats
    answers: npt.NDArray[np.int64]
    temperature: float

    def report(self) -> Report:
        """How good the head is on these texts, with the temperature that was fitted on them."""
        labels = HEADS[self.head]
        shares = softmax(self.logits / self.temperature)
        return evaluate(labels, [labels[at] for at in self.answers], shares.tolist())


def judged(model: Measured, rows: Sequence[Row]) -> list[Judged]:
    """What `model` says of `rows`, by each head that these are labelled for."""
    found = []
    for head in HEADS:
        asked = [row for row in rows if head in row.targets]
        # what an emotion tells of the sentiment is a guess: good to learn from, not to be judged by
        asked = [row for row in asked if max(row.targets[head]) == 1.0]
        if asked:
            logits = model.logits([row.text for row in asked], [head])[head]
            answers = np.array([int(np.argmax(row.targets[head])) for row in asked])
            found.append(Judged(head, logits, answers, temperature(logits, answers)))
    return found


def temperature(logits: Floats, answers: npt.NDArray[np.int64]) -> float:
    """What the logits are divided by so that the answers are likeliest (Guo et al. 2017)."""
    losses = [_loss(logits / t, answers) for t in _TRIED]
    return float(round(_TRIED[int(np.argmin(losses))], 2))


def _loss(logits: Floats, answers: npt.NDArray[np.int64]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-logs[np.arange(len(answers)), answers].mean())
