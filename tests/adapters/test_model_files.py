"""Model files: what is not the model of the manifest is refused before anything is scored."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from app.adapters.model_files import find, names, problems
from app.adapters.onnx_scorer import Model
from app.core.errors import ConfigError

SHIPPED = Path(__file__).parents[2] / "models" / "sentiment"
SMALL = "sentiment-fast.int8.onnx"
OF_ALL = 1.0  # the temperature of models that name none


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The manifest and the tokenizer copied, the small model linked: it is large."""
    folder = tmp_path / "sentiment"
    folder.mkdir()
    for name in ("manifest.toml", "tokenizer.json"):
        shutil.copy(SHIPPED / name, folder / name)
    (folder / SMALL).symlink_to(SHIPPED / SMALL)
    return folder


def problem_of(folder: Path, name: str = "sentiment-fast") -> str:
    with pytest.raises(ConfigError) as refused:
        Model(find(folder, name))
    return "\n".join(refused.value.problems)


def manifest(folder: Path, old: str, new: str) -> None:
    path = folder / "manifest.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def replace_model(folder: Path, content: bytes) -> None:
    """Another file in the model's place, with a manifest that says it is right."""
    right = hashlib.sha256((SHIPPED / SMALL).read_bytes()).hexdigest()
    (folder / SMALL).unlink()
    (folder / SMALL).write_bytes(content)
    manifest(folder, right, hashlib.sha256(content).hexdigest())


def test_a_model_that_is_right_is_found_and_signs_with_its_hash(folder: Path) -> None:
    files = find(folder, "sentiment-fast")
    assert files.tag == f"sentiment-fast@{files.sha256[:8]}"


def test_a_missing_model_is_named_with_its_path(folder: Path) -> None:
    (folder / SMALL).unlink()
    assert f"{folder / SMALL}: the model file is missing" in problem_of(folder)


def test_a_model_cut_short_is_refused_with_both_hashes(folder: Path) -> None:
    content = (SHIPPED / SMALL).read_bytes()[:-1000]
    (folder / SMALL).unlink()
    (folder / SMALL).write_bytes(content)
    problem = problem_of(folder)
    assert "cut short or changed" in problem
    assert hashlib.sha256(content).hexdigest() in problem


def test_a_single_flipped_bit_is_refused(folder: Path) -> None:
    content = bytearray((SHIPPED / SMALL).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / SMALL).unlink()
    (folder / SMALL).write_bytes(bytes(content))
    assert "cut short or changed" in problem_of(folder)


def test_model_and_tokenizer_are_told_at_once(folder: Path) -> None:
    (folder / SMALL).unlink()
    (folder / "tokenizer.json").write_text("{}", "utf-8")
    problem = problem_of(folder)
    assert SMALL in problem
    assert "tokenizer.json" in problem


def test_an_unknown_name_is_answered_with_the_known_ones(folder: Path) -> None:
    assert f"expected {', '.join(names(SHIPPED))}, got 'sentiment-l9'" in problem_of(
        folder, "sentiment-l9"
    )


def test_a_missing_manifest_is_named(folder: Path) -> None:
    (folder / "manifest.toml").unlink()
    assert f"{folder / 'manifest.toml'}: cannot be read" in problem_of(folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max_tokens = 64", 'max_tokens = "64"', "max_tokens"),
        ("max_tokens = 64", "max_tokens = 64\nmax_tokenz = 1", "max_tokenz"),
        ("max_tokens = 64", "max_tokens = 0", "max_tokens: expected 1 to 512, got 0"),
        ("max_tokens = 64", "max_tokens = 513", "max_tokens: expected 1 to 512, got 513"),
        ('output = "logits"', "", "output"),
        ("[tokenizer]", "[tokenizer", "manifest.toml"),
    ],
)
def test_a_wrong_manifest_is_told_with_its_key(folder: Path, old: str, new: str, said: str) -> None:
    manifest(folder, old, new)
    assert said in problem_of(folder)


def test_a_file_with_the_right_hash_that_is_no_model_is_refused(folder: Path) -> None:
    replace_model(folder, b"GIF89a, and not a model at all")
    assert f"{folder / SMALL}: cannot be loaded" in problem_of(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('inputs = ["input_ids", "attention_mask"]', 'inputs = ["ids", "mask"]'),
        ('inputs = ["input_ids", "attention_mask"]', 'inputs = ["input_ids"]'),
        ('output = "logits"', 'output = "probabilities"'),
        ('"negative", "neutral", "positive"', '"negative", "positive"'),
        ('"negative", "neutral", "positive"', '"bad", "middling", "good"'),
        ("temperature = ", "temperature = 0.0  # "),
        ("temperature = ", "temperature = -"),
    ],
    ids=["inputs", "one input", "output", "two labels", "other labels", "zero", "negative"],
)
def test_a_manifest_that_does_not_fit_its_model_is_refused_at_load(
    folder: Path, old: str, new: str
) -> None:
    """Whatever is loaded can score: the last good model is not given up for one that cannot."""
    manifest(folder, old, new)
    assert problem_of(folder)


def own_temperature(folder: Path) -> str:
    """The line of the manifest, made one that no other line is like."""
    at = find(folder, "sentiment-fast").temperature
    path = folder / "manifest.toml"
    head, of, rest = path.read_text("utf-8").partition("[model.sentiment-fast]")
    path.write_text(
        head + of + rest.replace(f"temperature = {at}", "temperature = 7.5", 1), "utf-8"
    )
    return "temperature = 7.5"


def test_a_model_may_have_a_temperature_of_its_own(folder: Path) -> None:
    line = own_temperature(folder)
    assert find(folder, "sentiment-fast").temperature == 7.5
    manifest(folder, line, "")
    assert find(folder, "sentiment-fast").temperature == OF_ALL


def test_a_wrong_temperature_is_told_with_its_model(folder: Path) -> None:
    manifest(folder, own_temperature(folder), "temperature = -7.5")
    assert "model.sentiment-fast.temperature: expected a number above zero" in problem_of(folder)


def test_every_name_that_is_asked_for_is_checked() -> None:
    names = ("sentiment-l6", "sentiment-l8", "sentiment-l9")
    found = problems(SHIPPED, [(f"key {name[-1]}", name) for name in names])
    assert [problem.partition(": ")[0] for problem in found] == ["key 8", "key 9"]
    assert [problem.rpartition(" ")[2] for problem in found] == ["'sentiment-l8'", "'sentiment-l9'"]
