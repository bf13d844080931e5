"""How far the formulas agree with the labels of models/urgency: urgency, intent, pillar.

What a model says of a text comes from the shipped one, as in triage. `urgency` measures the test
part, which nobody may tune on; `urgency-dev` measures the dev part and lists what is off by two
levels or more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.adapters.language import Language
from app.adapters.model_files import find
from app.adapters.onnx_scorer import Model, judgement_of
from app.core.formulas import completed
from app.core.score import NOT_JUDGED, Score
from app.core.score_labels import LEVELS, level_of
from app.settings import MODELS, ROOT, Settings
from benchmarks.figures import Row, load_now

SET = ROOT / "models" / "urgency"
PRESSING = LEVELS.index("high")
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Labelled:
    """One message of the set, its label as an index of LEVELS, and what the formulas said."""

    body: dict[str, Any]
    label: int
    score: Score

    @property
    def level(self) -> int:
        """The level of the urgency that the formula gave."""
        return LEVELS.index(level_of(self.score.urgency))


def measure() -> list[Row]:
    """The test part."""
    return _rows("test", scored("test"))


def measure_dev() -> list[Row]:
    """The dev part, with what is far off."""
    found = scored("dev")
    for one in found:
        if abs(one.level - one.label) >= 2:
            said = one.body["text"].replace("\n", " ")
            print(f"  {LEVELS[one.label]:>8} but {one.score.urgency:.2f}: {said}")
            print(f"           {', '.join(one.score.urgency_why)}")
    return _rows("dev", found)


def scored(part: str) -> list[Labelled]:
    """Score `dev` or `test` in the order of the file."""
    lines = (SET / f"{part}.jsonl").read_text("utf-8").splitlines()
    bodies = [json.loads(line) for line in lines]
    settings = Settings().scoring
    model, language = Model(find(MODELS, settings.model), settings.micro_batch), Language()
    found: list[Labelled] = []
    for start in range(0, len(bodies), _BATCH):
        batch = bodies[start : start + _BATCH]
        # The language is left to be found, as it is for most channels.
        langs = [language.of(body["text"], "") for body in batch]
        spoken = [lang in model.files.languages for lang in langs]
        rows = iter(
            model.probabilities([b["text"] for b, s in zip(batch, spoken, strict=True) if s])
        )
        for body, lang, known in zip(batch, langs, spoken, strict=True):
            judged = judgement_of(next(rows), model.files) if known else NOT_JUDGED
            reach = body.get("followers", 0)
            score = completed(body["text"], reach, judged, lang, model.files.tag)
            found.append(Labelled(body, LEVELS.index(body["urgency"]), score))
    return found


def _rows(part: str, found: Sequence[Labelled]) -> list[Row]:
    load = (load_now(), load_now())
    pairs = [(one.label, one.level) for one in found]
    confusion = [[pairs.count((label, level)) for level in range(5)] for label in range(5)]
    for label, counts in enumerate(confusion):
        print(f"  {LEVELS[label]:>8} {counts}")
    pressing = [one.label >= PRESSING for one in found]
    called = [one.level >= PRESSING for one in found]
    alike = [a == b for a, b in zip(pressing, called, strict=True)]
    urgency = {
        "exact": _share([label == level for label, level in pairs]),
        "within 1": _share([abs(label - level) <= 1 for label, level in pairs]),
        "Spearman": spearman([one.label for one in found], [one.score.urgency for one in found]),
        "pressing, recall": _share([a for a, p in zip(alike, pressing, strict=True) if p]),
        "the rest, recall": _share([a for a, p in zip(alike, pressing, strict=True) if not p]),
        "pressing, precision": _share([a for a, c in zip(alike, called, strict=True) if c]),
    }
    urgency["macro recall"] = (urgency["pressing, recall"] + urgency["the rest, recall"]) / 2
    details = {"messages": len(found), "confusion": confusion}
    return [
        Row(name=f"urgency, {part}", figures=urgency, unit="", load=load, details=details),
        *(
            _named(f"{what}, {part}", [(o.body[what], getattr(o.score, what)) for o in found], load)
            for what in ("intent", "pillar")
        ),
    ]


def _named(name: str, pairs: Sequence[tuple[str, str]], load: tuple[float, float]) -> Row:
    """Accuracy, and recall of each label with its mean."""
    recalls = {
        label: _share([said == label for true, said in pairs if true == label])
        for label in sorted({true for true, _ in pairs})
    }
    figures = {
        "accuracy": _share([true == said for true, said in pairs]),
        "macro recall": sum(recalls.values()) / len(recalls),
    }
    return Row(name=name, figures=figures | recalls, unit="", load=load)


def _share(held: Sequence[bool]) -> float:
    """The share that is true; 0 of none."""
    return sum(held) / len(held) if held else 0.0


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank correlation in -1..1; what is equal shares its mean rank."""
    first, second = _ranks(one), _ranks(other)
    mean = (len(one) + 1) / 2
    cross = sum((a - mean) * (b - mean) for a, b in zip(first, second, strict=True))
    spread = sum((a - mean) ** 2 for a in first) * sum((b - mean) ** 2 for b in second)
    return float(cross / spread**0.5) if spread else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(values)
    first = {value: at for at, value in reversed(list(enumerate(order)))}
    count = {value: order.count(value) for value in first}
    return [first[value] + (count[value] + 1) / 2 for value in values]
