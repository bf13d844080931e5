"""A folder with one small model of several heads, beside the shipped tokenizer."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from app.adapters.model_files import find
from app.adapters.onnx_scorer import Model
from tests.adapters.tiny_onnx import Outputs, model

SHIPPED = Path(__file__).parents[2] / "models" / "sentiment"
NAME = "tiny"

# The longer a text, the more it is a negative, angry, ironic complaint, and for service.
OUTPUTS: Outputs = {
    "logits": ([0.5, 0.0, 0.0], [0.0, 0.0, 4.0]),
    "complaint": ([0.0, 0.5], [4.0, 0.0]),
    "wants": ([0.0, 0.5, 0.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0, 0.0]),
    "emotion": ([0.5, 0.0, 0.0, 0.0, 0.0], [0.0, 4.0, 0.0, 0.0, 0.0]),
    "irony": ([0.0, 0.5], [4.0, 0.0]),
    "pillar": ([0.5, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 4.0, 0.0, 0.0]),
}
HEADS = """
[head.complaint]
output = "complaint"
labels = ["other", "complaint"]
temperature = 2.0

[head.intent]
output = "wants"
labels = ["question", "complaint", "praise", "request", "other"]

[head.emotion]
output = "emotion"
labels = ["anger", "joy", "sadness", "optimism", "none"]

[head.irony]
output = "irony"
labels = ["plain", "ironic"]

[head.pillar]
output = "pillar"
labels = ["service", "sales", "marketing", "innovation", "none"]
"""
ALL = (
    'heads = ["irony", "complaint", "intent", "emotion", "pillar"]\ntemperatures = { irony = 4.0 }'
)


def folder(at: Path, heads: str = HEADS, of_model: str = ALL, outputs: Outputs = OUTPUTS) -> Path:
    """Write it; `of_model` is what its entry says beside its file."""
    at.mkdir(exist_ok=True)
    shutil.copy(SHIPPED / "tokenizer.json", at)
    (at / "tiny.onnx").write_bytes(model(outputs))
    (at / "manifest.toml").write_text(
        f'''labels = ["negative", "neutral", "positive"]
inputs = ["input_ids", "attention_mask"]
output = "logits"
max_tokens = 64
temperature = 1.0
languages = ["en"]

[tokenizer]
file = "tokenizer.json"
sha256 = "{_sha256(at / "tokenizer.json")}"
{heads}
[model.{NAME}]
file = "tiny.onnx"
sha256 = "{_sha256(at / "tiny.onnx")}"
{of_model}
''',
        "utf-8",
    )
    return at


def loaded(at: Path, **given: Any) -> Model:
    return Model(find(folder(at, **given), NAME))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
