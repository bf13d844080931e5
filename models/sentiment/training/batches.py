"""Batches: texts of like length together, padded to few widths so that few shapes are compiled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from app.adapters.onnx_scorer import padded
from app.core.text import as_read
from models.sentiment.training.sources import Row
from models.sentiment.training.tasks import HEADS

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

MAX_TOKENS: Final = 64  # 99 percent of tweets need 43 or fewer
_WIDTHS: Final = (16, 24, 32, 40, 48, 64)  # tokens; each is one compiled program
_POOL: Final = 32  # batches that are sorted together: more pads less and mixes less
_LINK: Final = re.compile(r"\s*\bhttp\b\s*")
_TAG: Final = re.compile(r"#(?=\w)")


@dataclass(frozen=True, slots=True)
class Batch:
    """`ids` and `mask` are int32 (B, T); targets (B, labels) and weights (B,) by head."""

    ids: Ints
    mask: Ints
    targets: dict[str, Floats]
    weights: dict[str, Floats]

    def arrays(self) -> dict[str, Any]:
        """All of it as one tree, as JAX takes it."""
        return {
            "ids": self.ids, "mask": self.mask, "targets": self.targets, "weights": self.weights
        }  # fmt: skip


class Batches:
    """All texts of a training, drawn anew for each pass."""

    def __init__(self, rows: Sequence[Row], tokenizer: Tokenizer, size: int) -> None:
        self._rows = rows
        self._texts = [as_read(row.text) for row in rows]
        self._tokenizer = tokenizer
        self._size = size
        self._balance = label_weights(rows)

    def __len__(self) -> int:
        """Batches of one pass."""
        return -(-len(self._rows) // self._size)

    def one_pass(self, seed: int) -> Iterator[Batch]:
        """Every text once, in an order and with changes that `seed` decides."""
        random = np.random.default_rng(seed)
        order = random.permutation(len(self._rows))
        for start in range(0, len(order), self._size * _POOL):
            pool = order[start : start + self._size * _POOL]
            texts = [varied(self._texts[i], random) for i in pool]
            lengths = [len(found.ids) for found in self._tokenizer.encode_batch_fast(texts)]
            by_length = np.argsort(lengths, kind="stable")
            chunks = [by_length[at : at + self._size] for at in range(0, len(pool), self._size)]
            for at in random.permutation(len(chunks)):
                chosen = chunks[at]
                yield self.batch([texts[i] for i in chosen], [self._rows[pool[i]] for i in chosen])

    def batch(self, texts: Sequence[str], rows: Sequence[Row]) -> Batch:
        ids, mask = filled(self._tokenizer, texts, self._size)
        targets = {head: np.zeros((self._size, len(of)), np.float32) for head, of in HEADS.items()}
        weights = {head: np.zeros(self._size, np.float32) for head in HEADS}
        for at, row in enumerate(rows):
            for head, target in row.targets.items():
                targets[head][at] = target
                weights[head][at] = float(np.dot(target, self._balance[head]))
        return Batch(ids, mask, targets, weights)


def filled(tokenizer: Tokenizer, texts: Sequence[str], size: int) -> tuple[Ints, Ints]:
    """Word pieces and their mask, int32 (size, width); rows beyond the texts have one token."""
    found = padded([encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))])
    rows, longest = found[0].shape
    width = next(w for w in _WIDTHS if w >= longest)
    ids, mask = np.zeros((2, size, width), np.int32)
    mask[:, 0] = 1
    ids[:rows, :longest], mask[:rows, :longest] = found
    return ids, mask


def label_weights(rows: Sequence[Row]) -> dict[str, Floats]:
    """What a text of each label counts: 1/sqrt of the label's share, 1 in the mean of all texts."""
    weights: dict[str, Floats] = {}
    for head, share in shares(rows).items():
        raw = 1.0 / np.sqrt(np.maximum(share, 1e-3))
        weights[head] = np.asarray(raw / float(np.dot(raw, share)), np.float32)
    return weights


def shares(rows: Sequence[Row]) -> dict[str, Floats]:
    """How frequent each label is among the texts that a head learns from; 1 where none tells."""
    found: dict[str, Floats] = {}
    for head, labels in HEADS.items():
        told = [row.targets[head] for row in rows if head in row.targets]
        of = np.asarray(told, np.float32).mean(axis=0) if told else np.ones(len(labels))
        found[head] = np.asarray(of, np.float32)
    return found


def varied(text: str, random: np.random.Generator) -> str:
    """The text as others might have typed it: without links, hash signs or the last full stop."""
    drawn = random.random(3)
    if drawn[0] < 0.5:
        text = _LINK.sub(" ", text).strip() or text
    if drawn[1] < 0.3:
        text = _TAG.sub("", text)
    return text.removesuffix(".") if drawn[2] < 0.2 else text


def tokenizer_of(path: Any) -> Tokenizer:
    """The tokenizer of the product, cut at the training's length and without padding."""
    found = Tokenizer.from_file(str(path))
    found.enable_truncation(MAX_TOKENS)
    found.no_padding()
    return found
