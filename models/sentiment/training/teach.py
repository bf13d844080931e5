"""Soft labels: what a teacher says of each text becomes part of what a student learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import load_file

from app.adapters.onnx_scorer import softmax
from models.sentiment.training.batches import Floats
from models.sentiment.training.fit import put
from models.sentiment.training.measure import Measured
from models.sentiment.training.sources import Row
from models.sentiment.training.tasks import HEADS

SOFT_SHARE: Final = 0.7  # of a target; the rest is what humans said (Hinton et al. 2015)
SOFTENED: Final = 2.0  # temperature of the teacher's answers


def taught(rows: Sequence[Row], soft: Mapping[str, Floats]) -> list[Row]:
    """The rows with the teacher's word mixed in; heads that nobody labelled learn from it alone."""
    return [_taught(row, {head: soft[head][at] for head in HEADS}) for at, row in enumerate(rows)]


def said(rows: Sequence[Row], teacher: Measured, keep: Path) -> Mapping[str, Floats]:
    """The teacher's softened probabilities, (rows, labels) by head; kept in the file `keep`."""
    if not keep.exists():
        logits = teacher.logits([row.text for row in rows], list(HEADS))
        put({head: softmax(values / SOFTENED) for head, values in logits.items()}, keep)
    found: dict[str, Floats] = load_file(keep)
    return found


def _taught(row: Row, soft: dict[str, Floats]) -> Row:
    targets = {}
    for head, values in soft.items():
        hard = np.asarray(row.targets.get(head, values))
        mixed = SOFT_SHARE * values + (1.0 - SOFT_SHARE) * hard
        targets[head] = tuple(float(v) for v in mixed)
    return Row(row.text, targets)
