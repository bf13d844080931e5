"""A model for texts that are longer than it reads: these are scored by windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.adapters.onnx_scorer import Floats, Model
from app.core.windows import together, windows


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
        if not long:
            return rows
        said = super().probabilities([part.text for of in long.values() for part in of])
        begin = 0
        for at, of in long.items():
            rows[at] = np.asarray(together(said[begin : begin + len(of)].tolist(), of))
            begin += len(of)
        return rows
