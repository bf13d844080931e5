"""Long texts by windows: what a model says of each, put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.adapters.onnx_scorer import Floats, Model
from app.core.windows import Window, together, windows


def whole(rows: Floats, parts: Sequence[Sequence[Window]]) -> Floats:
    """One row for each text, from one for each of its windows: float32 of shape (texts, columns).

    Each column is averaged by itself, weighed. A text of one window keeps its row, bit by bit.
    """
    if all(len(of) == 1 for of in parts):
        return rows
    found = np.empty((len(parts), rows.shape[1]), dtype=np.float32)
    begin = 0
    for at, of in enumerate(parts):
        some = rows[begin : begin + len(of)]
        found[at] = some[0] if len(of) == 1 else together(some.tolist(), of)
        begin += len(of)
    return found


class WindowedModel(Model):
    """A model in whose place it may stand: a short text gets what the model alone says, bit by bit.

    For that, long texts are scored twice: cut short, as company in the batch of the short ones,
    which moves their figures (see the card), and then by windows.
    """

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Class probabilities, float32 of shape (texts, labels), rows in the order given."""
        rows = super().probabilities(texts)
        parts = {at: windows(text) for at, text in enumerate(texts)}
        long = {at: of for at, of in parts.items() if len(of) > 1 or of[0].text != texts[at]}
        if long:
            said = super().probabilities([part.text for of in long.values() for part in of])
            rows[list(long)] = whole(said, list(long.values()))
        return rows
