"""`python -m app model evaluate`: any model on any labelled lines, or what is wrong with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from app.adapters.labelled_lines import MOST_SHOWN, BadLines, read
from app.adapters.model_files import find, names
from app.adapters.model_named import named
from app.adapters.onnx_scorer import Model
from app.adapters.windowed import WindowedModel
from app.cli import cli
from app.core.errors import ConfigError, HandshakeError
from app.core.score import LABELS
from app.processes.model_evaluate import Scoring, measure

SHIPPED = Path(__file__).parents[2] / "models" / "sentiment"
SMALL = SHIPPED / "sentiment-fast.int8.onnx"
GOOD = "We had a lovely stay, the staff were kind and the room was spotless. "
BAD = "The room was dirty, the food was cold and nobody at the desk cared. "


def lines(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows), "utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Five texts with each way to write a label."""
    return lines(
        tmp_path / "moods.jsonl",
        {"text": "I hate this, the worst service ever", "label": "negative"},
        {"text": "What time does the office open?", "label": "neutral"},
        {"text": "Thank you so much, wonderful crew", "label": "pos"},
        {"text": "You lost my bag again, I am furious", "label": 0},
        {"text": "I love it, the best trip of my life", "label": "2", "more": [1]},
    )


def run(*args: object) -> Any:
    told = ["model", "evaluate", *map(str, args)]
    return CliRunner().invoke(cli, told, env={"COLUMNS": "200"})


def refused(*args: object) -> str:
    done = run(*args)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return str(done.stderr)


def test_programs_get_one_object_with_all_figures(file: Path) -> None:
    """A3.1: how good the mood that primes the rules is can be measured on any labelled texts."""
    done = run(file, "--json", "--model", "sentiment-fast")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["n"] == 5
    assert said["model"].startswith("sentiment-fast@")
    for figure in ("macro_recall", "accuracy", "macro_f1", "ece"):
        assert 0 <= said[figure] <= 1
    assert said["accuracy"] == 1.0
    assert said["confusion"]["negative"] == {"negative": 2, "neutral": 0, "positive": 0}
    assert said["messages_per_second"] > 0
    assert said["messages_per_cpu_second"] > 0


def test_people_get_a_table(file: Path) -> None:
    done = run(file, "--model", "sentiment-fast")
    assert done.exit_code == 0, done.output
    for said in ("macro recall 100.0%", "calibration error", "15 equally wide bins", "messages/s"):
        assert said in done.stdout


def test_a_part_of_the_lines_is_taken_from_all_over_the_file(file: Path) -> None:
    said = json.loads(run(file, "--json", "--model", "sentiment-fast", "--max", 3).stdout)
    assert said["n"] == 3
    of = {name: sum(row.values()) for name, row in said["confusion"].items()}
    assert of == {"negative": 2, "neutral": 1, "positive": 0}  # the first, second and fourth line


def test_complaints_are_measured_by_the_head_for_them(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "complaints.jsonl",
        {"text": "You lost my bag again, I am furious", "label": "complaint"},
        {"text": "Thank you so much, wonderful crew", "label": "other"},
    )
    said = json.loads(run(file, "--json", "--model", "sentiment-fast").stdout)
    assert said["classes"] == ["complaint", "other"]
    assert (said["complaint_score"], said["macro_f1"], said["auc"]) == ("P(complaint)", 1.0, 1.0)


def test_every_bad_line_is_told_at_once_with_its_number_and_what_was_expected(
    tmp_path: Path,
) -> None:
    file = lines(
        tmp_path / "bad.jsonl",
        {"text": "fine", "label": "neutral"},
        "{not json",
        "[1, 2]",
        "",
        {"label": "neutral"},
        {"text": "  ", "label": "neutral"},
        {"text": "no label"},
        {"text": "odd label", "label": "angry"},
    )
    said = refused(file)
    for number, expected in [
        (2, "a JSON object with `text` and `label` on one line, got no JSON"),
        (3, "a JSON object with `text` and `label`, got list"),
        (5, "text: Expected a text that is not empty, got no such field"),
        (6, "text: Expected a text that is not empty"),
        (7, "label: Expected a label, got no such field"),
        (8, "label: Expected negative, neutral, positive"),
    ]:
        assert f"bad.jsonl:{number}: " in said
        assert expected in said
    assert "bad.jsonl:1:" not in said
    assert "bad.jsonl:4:" not in said


def test_of_many_bad_lines_some_are_told_and_the_others_counted(tmp_path: Path) -> None:
    with pytest.raises(BadLines) as told:
        read(lines(tmp_path / "many.jsonl", *["nonsense"] * (MOST_SHOWN + 5)))
    assert len(told.value.problems) == MOST_SHOWN + 1
    assert told.value.problems[-1] == "and 5 more"


def test_bytes_that_are_no_text_are_a_bad_line(tmp_path: Path) -> None:
    file = tmp_path / "latin.jsonl"
    file.write_bytes('{"text": "caf\xe9", "label": "neutral"}'.encode("latin-1"))
    assert "latin.jsonl:1: " in refused(file)


def test_a_mark_before_the_first_line_and_other_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "windows.jsonl"
    rows = '{"text": "fine", "label": "neutral"}\r\n{"text": "bad", "label": "neg"}\r\n'
    file.write_bytes(b"\xef\xbb\xbf" + rows.encode())
    assert read(file).labels == ("neutral", "negative")


def test_an_empty_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert "expected one labelled text or more" in refused(lines(tmp_path / "none.jsonl")).lower()
    assert "cannot be read: No such file" in refused(tmp_path / "missing.jsonl")


def test_labels_of_two_kinds_are_refused(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": "complaint"}, {"text": "b", "label": "neutral"}]
    assert "labels of one kind" in refused(lines(tmp_path / "two.jsonl", *rows))


def test_a_model_that_there_is_not_is_refused_with_those_there_are(file: Path) -> None:
    assert f"expected {', '.join(names(SHIPPED))}, got 'l9'" in refused(file, "--model", "l9")
    assert "an .onnx file; there is none" in refused(file, "--model", "no/where")
    assert "there is no such file" in refused(file, "--model", "/no/where.onnx")


def test_a_model_is_named_by_folder_by_name_or_by_its_file() -> None:
    for given in ("sentiment-fast", f"{SHIPPED}/sentiment-fast", str(SMALL)):
        assert named(given, SHIPPED, "sentiment-l6") == find(SHIPPED, "sentiment-fast")
    for given in ("", str(SHIPPED)):
        assert named(given, SHIPPED, "sentiment-l6") == find(SHIPPED, "sentiment-l6")


def test_a_file_beside_a_tokenizer_needs_no_manifest_and_is_not_calibrated(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "tokenizer.json", tmp_path)
    (tmp_path / "trial.onnx").symlink_to(SMALL)
    files = named(str(tmp_path / "trial.onnx"), SHIPPED, "sentiment-l6")
    assert (files.name, files.temperature) == ("trial", 1.0)
    assert files.sha256 == find(SHIPPED, "sentiment-fast").sha256
    Model(files)


def test_a_file_that_its_manifest_names_is_held_to_its_hash(tmp_path: Path) -> None:
    for name in ("manifest.toml", "tokenizer.json"):
        shutil.copy(SHIPPED / name, tmp_path)
    (tmp_path / SMALL.name).write_bytes(b"another")
    (tmp_path / "sentiment-l6.int8.onnx").symlink_to(SHIPPED / "sentiment-l6.int8.onnx")
    with pytest.raises(ConfigError, match="not the file of the manifest"):
        named(str(tmp_path / SMALL.name), SHIPPED, "sentiment-l6")


def test_a_model_that_says_no_numbers_is_no_figure(file: Path) -> None:
    def broken(texts: Sequence[str]) -> Any:
        return np.full((len(texts), 3), np.nan)

    with pytest.raises(HandshakeError, match="Expected probabilities of 'I hate this"):
        measure(Scoring("broken@1", LABELS, broken), read(file))


@pytest.fixture(scope="module")
def files() -> Any:
    return find(SHIPPED, "sentiment-fast")


def test_short_texts_beside_long_ones_get_what_the_model_alone_says_bit_by_bit(files: Any) -> None:
    texts = [GOOD, GOOD * 8 + BAD * 8, "ok", BAD, "Agent: hello\nCustomer: " + BAD]
    alone = Model(files).probabilities(texts)
    rows = WindowedModel(files).probabilities(texts)
    for at in (0, 2, 3):
        assert rows[at].tobytes() == alone[at].tobytes()
    assert not np.array_equal(rows[1], alone[1])


def test_a_verdict_at_the_end_of_a_long_text_is_heard(files: Any) -> None:
    """A review that turns after what a model reads at once counts with its second half, too."""
    turned = GOOD * 4 + "But then it all went wrong. " + BAD * 12
    [whole] = WindowedModel(files).probabilities([turned])
    [cut] = Model(files).probabilities([turned])
    assert LABELS[int(cut[:3].argmax())] == "positive"
    assert LABELS[int(whole[:3].argmax())] == "negative"
    assert whole[:3].sum() == pytest.approx(1.0, abs=1e-5)


def test_what_an_agent_says_is_not_the_customers_mood(files: Any) -> None:
    said = [
        "Agent: Hello\nAgent: This is terrible, awful!\nCustomer: Thanks, you are great!",
        "Thanks, you are great!",
    ]
    rows = WindowedModel(files).probabilities(said)
    assert np.abs(rows[0] - rows[1]).max() < 0.2
    assert LABELS[int(rows[0][:3].argmax())] == "positive"


def test_a_long_text_is_read_whole_unless_told_otherwise(tmp_path: Path) -> None:
    """As the worker reads it: how it ends counts."""
    file = tmp_path / "long.jsonl"
    turned = "What a lovely room, a great place. " * 12 + "But " + "the staff was terrible. " * 40
    file.write_text(json.dumps({"text": turned, "label": "negative"}), "utf-8")
    whole, begun = (
        json.loads(run(file, "--json", *given, "--model", "sentiment-fast").stdout)
        for given in ((), ("--no-windows",))
    )
    assert (whole["windows"], whole["accuracy"]) == (True, 1.0)
    assert (begun["windows"], begun["accuracy"]) == (False, 0.0)
