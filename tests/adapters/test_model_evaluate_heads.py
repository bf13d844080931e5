"""`python -m app model evaluate` on what a model says beside the sentiment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.core.heads import HEADS
from tests.adapters.heads_house import OUTPUTS, folder
from tests.adapters.tiny_onnx import Outputs

SHORT = "Lovely!"
LONG = "Lovely, " * 20 + "and then the bag was gone."


# Here the short text is the complaint, though it is the long one that is negative.
CALM: Outputs = {**OUTPUTS, "complaint": ([0.5, 0.0], [0.0, 4.0])}


def evaluated(at: Path, *labels: str, **given: Any) -> Any:
    """Evaluate the small model on the short text and the long one, with these labels."""
    home = folder(at / "model", **given)
    file = at / "labelled.jsonl"
    rows = (
        json.dumps({"text": text, "label": of})
        for text, of in zip((SHORT, LONG), labels, strict=True)
    )
    file.write_text("\n".join(rows), "utf-8")
    return CliRunner().invoke(cli, ["model", "evaluate", str(file), "--json", "--model", str(home)])


def test_complaints_are_measured_by_their_head_where_the_model_has_it(tmp_path: Path) -> None:
    said = json.loads(evaluated(tmp_path, "other", "complaint").stdout)
    assert said["classes"] == ["complaint", "other"]
    assert (said["complaint_score"], said["accuracy"], said["auc"]) == ("P(complaint)", 1.0, 1.0)
    calm = json.loads(evaluated(tmp_path, "complaint", "other", outputs=CALM).stdout)
    assert (calm["accuracy"], calm["auc"]) == (1.0, 1.0)
    plain = evaluated(tmp_path, "complaint", "other", outputs=CALM, of_model="")
    said = json.loads(plain.stdout)
    assert (said["complaint_score"], said["accuracy"]) == ("P(negative)", 0.0)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (("praise", "complaint"), HEADS["intent"]),
        (("joy", "anger"), HEADS["emotion"]),
        (("plain", "ironic"), HEADS["irony"]),
        (("marketing", "service"), HEADS["pillar"]),
    ],
)
def test_every_head_can_be_measured_on_texts_with_its_labels(
    tmp_path: Path, labels: tuple[str, str], classes: tuple[str, ...]
) -> None:
    said = json.loads(evaluated(tmp_path, *labels).stdout)
    assert (said["classes"], said["accuracy"]) == (list(classes), 1.0)
    assert "complaint_score" not in said


def test_labels_of_a_head_that_the_model_lacks_are_refused(tmp_path: Path) -> None:
    done = evaluated(tmp_path, "joy", "anger", of_model='heads = ["irony"]')
    assert done.exit_code == 2
    assert "expected a model with the head 'emotion'" in done.stderr
    assert "it has ['irony']" in done.stderr
