"""How often people agree with the model, and what they say instead, model by model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.core.score import UNSUPPORTED
from app.core.score_labels import FIELDS, SENTIMENT, ScoreLabel


@dataclass(slots=True)
class _Counted:
    labels: int = 0
    agreed: int = 0
    said: dict[tuple[str, str], int] = field(default_factory=dict)


class Agreement:
    """Counts labels by model, field, and whether they were said blind.

    Blind labels alone say how good a model is on what was drawn: nobody corrects what they find
    right, so corrections tell where a model errs and never how often. What no model knew stands
    under the model `unsupported`.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, bool], _Counted] = {}

    def add(self, one: ScoreLabel) -> None:
        for of in FIELDS:
            if label := getattr(one, of):
                said = getattr(one, f"said_{of}")
                blind = one.blind and of == SENTIMENT
                model = UNSUPPORTED if said == UNSUPPORTED else one.model
                counted = self._found.setdefault((model, of, blind), _Counted())
                counted.labels += 1
                counted.agreed += said == label
                counted.said[said, label] = counted.said.get((said, label), 0) + 1

    def as_list(self) -> list[dict[str, Any]]:
        """Ready for JSON: the most labelled first; `agreed` counts, `share` lies in 0..1."""
        order = sorted(self._found.items(), key=lambda one: (-one[1].labels, one[0]))
        return [
            {
                "model": model,
                "of": of,
                "blind": blind,
                "labels": counted.labels,
                "agreed": counted.agreed,
                "share": round(counted.agreed / counted.labels, 4),
                "confusion": [
                    {"said": said, "label": label, "times": times}
                    for (said, label), times in sorted(counted.said.items())
                ],
            }
            for (model, of, blind), counted in order
        ]
