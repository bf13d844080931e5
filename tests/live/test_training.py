"""The training of the sentiment models, in small: one layer, a dozen texts, seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from models.sentiment import train as training
from models.sentiment.training import encoder, fast, fit, sets, sources, teach
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
    taught = teach.taught(rows(), soft)
    for row in taught:
        assert row.targets.keys() == HEADS.keys()
        assert all(abs(sum(values) - 1.0) < 1e-5 for values in row.targets.values())


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


def test_the_shipped_encoder_is_the_mean_of_two_from_one_start_and_the_first_teaches_the_second(
    monkeypatch: pytest.MonkeyPatch, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    place = training.Workplace(out=tmp_path, tokenizer=tokenizer)
    starts, heard, shipped = {}, {}, {}

    def trained_as(place: Any, stage: Any, given: list[Row], start: Any) -> encoder.Params:
        starts[stage.name], heard[stage.name] = start(), given
        more = {"first": 1.0, "second": 3.0}.get(stage.name, 0.0)
        return {name: value + more for name, value in start().items()}

    monkeypatch.setattr(training, "_stage", trained_as)
    monkeypatch.setattr(training, "_exported", lambda *given: shipped.update({given[1]: 0}))
    monkeypatch.setattr(training, "alike", lambda params, *_: shipped.update(params) or params)
    base = {name: value for name, value in small_encoder().items() if "heads." not in name}
    public, written, further = rows()[:4], rows()[4:6], [Row("the queue")]
    training.train(place, base, training.Texts(public, public, written, further))

    assert starts["first"].keys() == starts["second"].keys()
    assert all(np.array_equal(starts["first"][name], starts["second"][name]) for name in base)
    said = [row.text for row in (*public, *written, *written)]
    assert [row.text for row in heard["first"]] == said
    assert [row.text for row in heard["second"]] == [*said, "the queue"]
    assert all(row.targets.keys() == HEADS.keys() for row in heard["second"])
    weight = "encoder.layer.0.output.dense.weight"
    assert np.allclose(shipped[weight], np.asarray(starts["first"][weight]) + 2.0)
    assert {"sentiment-l6", "sentiment-fast"} <= shipped.keys()


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


def test_the_mean_of_models_is_that_of_each_weight() -> None:
    found = encoder.averaged({"w": np.array([1.0, 2.0])}, {"w": np.array([3.0, 6.0])})
    assert np.allclose(found["w"], [2.0, 4.0])


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


def test_the_sets_for_evaluation_are_never_trained_on() -> None:
    trained_on = " ".join(source.file for source in (*sets.PUBLIC, *sets.UNLABELLED))
    assert not [
        name for name in ("airline", "brand", "complaint", "/val", "_val") if name in trained_on
    ]


def test_what_is_judged_by_is_never_trained_on_whatever_its_names_and_marks() -> None:
    judged = [Row("@kim the bag is LOST again!! http://a.example/1")]
    assert sources.apart([Row("The bag is lost, again"), Row("the bag came")], judged) == [
        Row("the bag came")
    ]
