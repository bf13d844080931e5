"""The texts that were written for training: each is whole, labelled and there once."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "models" / "sentiment" / "texts"
LABELS: dict[str, set[object]] = {
    "sentiment": {"negative", "neutral", "positive"},
    "complaint": {True, False},
    "intent": {"question", "complaint", "praise", "request", "other"},
    "emotion": {"anger", "joy", "sadness", "optimism", "none"},
    "irony": {True, False},
    "pillar": {"service", "sales", "marketing", "innovation", "none"},
}


def test_every_written_text_has_each_label_and_stands_there_once() -> None:
    lines = [
        json.loads(line)
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    wrong = [
        line
        for line in lines
        if line.keys() != {"text", *LABELS}
        or not line["text"].strip()
        or any(line[name] not in allowed for name, allowed in LABELS.items())
    ]
    assert not wrong
    assert len(lines) == len({line["text"] for line in lines}) == 6_521
