"""What the scorer does beside the models: languages and lengths before, the words after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from app.adapters import ladder_scorer
from app.adapters.language import Language
from app.adapters.onnx_scorer import finish
from app.core.mention import Mention
from app.core.score import Score
from tests.adapters.scoring_house import L6, FakeModel, Hangs, House, InlineLane
from tests.builders import mention

T = TypeVar("T")


@pytest.fixture
def house() -> House:
    return House(Language())


async def said(house: House, *texts: str, lang: str = "") -> list[Score]:
    return await house.scorer.score(
        [mention(str(i), text=text, lang=lang) for i, text in enumerate(texts)]
    )


class BrokenDetector:
    """Raises for a text that begins with `odd`."""

    def __init__(self, error: BaseException) -> None:
        self.error, self.asked = error, 0

    def of(self, text: str, _hint: str) -> str:
        self.asked += 1
        if text.startswith("odd"):
            raise self.error
        return "de"


async def test_a_text_without_a_language_leaves_the_others_theirs(house: House) -> None:
    house.scorer.reading.language = BrokenDetector(RuntimeError("odd"))  # type: ignore[assignment]
    scores = await said(house, "odd", "gut", lang="en-us")
    assert [score.lang for score in scores] == ["en", "de"]
    assert scores[0].model == "l6@1"


async def test_a_detector_that_hangs_is_told_and_not_asked_with_each_batch(house: House) -> None:
    detector = BrokenDetector(Hangs())
    house.scorer.reading.language = detector  # type: ignore[assignment]
    for _ in range(5):
        [score] = await said(house, "odd", lang="en_GB")
        assert (score.lang, score.model) == ("en", "l6@1")
    assert detector.asked == 1
    assert house.facts() == ["texts are not read for 30 s: that hung"]
    house.now_ms += 30_000
    await said(house, "fine")
    assert detector.asked == 2


async def test_the_tokenizer_of_a_model_that_is_out_is_left_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.models[L6].broken = Hangs()
    await said(house, "bad")
    monkeypatch.setattr(FakeModel, "lengths", lambda *_: pytest.fail("asked for lengths"))
    [score] = await said(house, "bad")
    assert score.model == "fast@1"


class LateLane(InlineLane):
    """Does the work, but never within a budget."""

    async def do(self, work: Callable[[], T], within_s: float | None) -> T:
        done = await super().do(work, within_s)
        if within_s is not None:
            raise TimeoutError
        return done


async def test_slow_words_are_waited_for_and_not_done_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done once more on the event loop they would hold up all that the worker does beside."""
    calls: list[str] = []

    def finished(one: Mention, *given: Any) -> Score:
        calls.append(one.text)
        return finish(one, *given)

    monkeypatch.setattr(ladder_scorer, "finish", finished)
    house.tiers.lane = LateLane()
    house.tiers.lanes = LateLane
    assert len(await said(house, "bad", "good")) == 2
    assert calls == ["bad", "good"]
