"""The scorer on its ladder: whatever waits and whatever breaks, every mention gets a score."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import Counter

from app import metrics
from app.adapters.ladder_scorer import Limits
from app.adapters.language import Language
from app.core import lexicon
from app.core.score import UNSUPPORTED, Score
from tests.adapters.scoring_house import FAST, L6, FakeModel, Hangs, House, NoNumber
from tests.builders import mention


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.fixture
def house(language: Language) -> House:
    return House(language)


async def said(house: House, *texts: str, lang: str = "") -> list[Score]:
    return await house.scorer.score(
        [mention(str(i), text=text, lang=lang) for i, text in enumerate(texts)]
    )


async def signed(house: House, *texts: str) -> list[str]:
    return [score.model for score in await said(house, *texts)]


@pytest.mark.parametrize(
    ("waited_ms", "model"), [(0, "l6@1"), (1001, "fast@1"), (4001, "fast@1"), (15_001, "lexicon")]
)
async def test_the_longer_mentions_wait_the_cheaper_the_scorer(
    house: House, waited_ms: int, model: str
) -> None:
    """A1.11: within the latency budget the better model, beyond it a cheaper one."""
    house.waited_ms = waited_ms
    assert (await signed(house, "bad", "good"))[0] == model


async def test_the_cascade_asks_the_better_model_about_the_least_sure_share(house: House) -> None:
    house.waited_ms = 2_000
    models = await signed(house, *[f"{sure} percent" for sure in (95, 51, 90, 60, 85, 80, 55, 75)])
    assert [i for i, model in enumerate(models) if model == "l6@1"] == [1, 6]
    assert [len(some) for some in house.models[L6].asked] == [2]


async def test_the_rung_is_chosen_for_each_micro_batch(house: House) -> None:
    waits = iter([0, 0, 5_000, 16_000])
    house.scorer.waited_ms = lambda: next(waits)
    models = await signed(house, *["good"] * 24)
    assert models == ["l6@1"] * 8 + ["fast@1"] * 8 + ["lexicon"] * 8


def counted(counter: Counter, *labels: str) -> float:
    """What a counter of this process stands at: other tests have counted, too."""
    return float(counter.labels(*labels)._value.get())


async def test_each_step_down_and_up_is_told_once(house: House) -> None:
    """A1.11: a fact, and counted."""
    steps = [("fast", "wait"), ("cascade", "calm"), ("full", "calm")]
    before = [counted(metrics.STEPS, *step) for step in steps]
    scored = counted(metrics.RUNG_MENTIONS, "fast")
    house.waited_ms = 5_000
    await said(house, "good", "good")
    await said(house, "good")
    house.waited_ms = 0
    for _ in range(4):
        house.scorer.look()
        house.now_ms += 10_000
    assert house.steps() == [
        ("full", "fast", "wait"), ("fast", "cascade", "calm"), ("cascade", "full", "calm"),
    ]  # fmt: skip
    first = house.tiers.facts[0]
    assert first.reason == "scoring goes from full to fast: the oldest mention has waited 5000 ms"
    assert len({fact.fact_id for fact in house.tiers.facts}) == 3
    assert [counted(metrics.STEPS, *step) for step in steps] == [at + 1 for at in before]
    assert counted(metrics.RUNG_MENTIONS, "fast") == scored + 3


async def test_a_hanging_model_is_out_and_the_next_rung_scores_its_mentions(house: House) -> None:
    """A1.11: a mention never waits for a model longer than it may."""
    house.models[L6].broken, hung = Hangs(), counted(metrics.MODEL_TROUBLES, "hung")
    assert await signed(house, "bad", "good") == ["fast@1", "fast@1"]
    assert await signed(house, "bad") == ["fast@1"]
    assert counted(metrics.MODEL_TROUBLES, "hung") == hung + 1
    assert len(house.models[L6].asked) == 1
    assert house.steps() == [("full", "fast", "model")]
    assert "model l6@1 is out, as it did not answer for 5 s; again in 30 s" in house.facts()


async def test_where_all_models_hang_words_judge(house: House) -> None:
    for model in house.models.values():
        model.broken = Hangs()
    [good, bad] = await said(house, "thank you", "a terrible delay")
    assert [good.sentiment.label, bad.sentiment.label] == ["positive", "negative"]
    assert {good.model, bad.model} == {lexicon.NAME}
    assert max(good.sentiment.confidence, bad.sentiment.confidence) <= 0.6


async def test_a_raising_model_leaves_its_mentions_to_the_next_one_and_urgency_to_the_words(
    house: House,
) -> None:
    scores = await said(house, "raise the alarm, there is a fire", "bad")
    assert [s.model for s in scores] == [lexicon.NAME, lexicon.NAME]
    assert scores[0].urgency >= 0.8


async def test_a_text_that_a_model_stumbles_over_does_not_take_it_from_the_others(
    house: House,
) -> None:
    for _ in range(5):
        await said(house, "raise")
        assert await signed(house, "bad") == ["l6@1"]
    assert not house.facts()


async def test_a_model_that_fails_all_the_time_is_out(house: House) -> None:
    house.models[L6].broken = ValueError("no more memory")
    for _ in range(5):
        assert await signed(house, "bad") == ["fast@1"]
    assert len(house.models[L6].asked) == 2  # the mention, then a text that is surely plain
    assert house.steps() == [("full", "fast", "model")]


async def test_a_better_model_that_hangs_in_the_cascade_leaves_the_cheap_ones_answers(
    house: House,
) -> None:
    house.waited_ms, house.models[L6].broken = 2_000, Hangs()
    assert await signed(house, *["55 percent", "95 percent"] * 2) == ["fast@1"] * 4
    assert house.scorer.look() == "fast"


async def loaded(house: House) -> None:
    house.tiers.heal()
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_model_that_is_out_is_loaded_again_after_a_while_and_used(house: House) -> None:
    house.models[L6].broken = Hangs()
    await said(house, "bad")
    house.now_ms += 29_999
    await loaded(house)
    assert not house.loads
    house.now_ms += 1
    await loaded(house)
    assert house.loads == [L6]
    assert await signed(house, "bad") == ["l6@1"]
    assert house.facts("configured") == ["model l6@1 is back"]
    assert house.steps()[-1] == ("fast", "full", "model")


async def test_what_hangs_again_and_again_is_tried_less_and_less(house: House) -> None:
    """Each hang leaves a thread and a session behind for ever."""
    house.load = lambda name: FakeModel(name, broken=Hangs())
    house.models[L6].broken = Hangs()
    for _ in range(24 * 60):
        await said(house, "bad")
        house.now_ms += 60_000
        await loaded(house)
    assert 24 <= len(house.loads) <= 32


async def test_a_model_that_cannot_be_loaded_again_is_tried_later(house: House) -> None:
    def wrong(_name: str) -> FakeModel:
        raise OSError("no such file")

    house.load = wrong
    house.models[L6].broken = Hangs()
    await said(house, "bad")
    house.now_ms += 30_000
    await loaded(house)
    assert "no such file" in house.facts()[-1]
    house.load = FakeModel
    house.now_ms += 60_000
    await loaded(house)
    assert await signed(house, "bad") == ["l6@1"]


async def test_new_models_are_well_whatever_the_old_ones_were(house: House) -> None:
    house.models[L6].broken = Hangs()
    await said(house, "bad")
    house.tiers.swap({name: FakeModel(name, 2) for name in (L6, FAST)})  # type: ignore[misc]
    assert await signed(house, "bad") == ["l6@2"]


async def test_no_model_is_taken_from_a_manifest_that_was_not_accepted(house: House) -> None:
    house.load = lambda name: FakeModel(name, 2)
    house.models[L6].broken = Hangs()
    await said(house, "bad")
    house.now_ms += 30_000
    await loaded(house)
    assert await signed(house, "bad") == ["fast@1"]
    assert "it cannot be loaded again: the manifest now names another one" in house.facts()[-1]


async def test_a_model_that_another_one_replaced_tells_nothing_any_more(house: House) -> None:
    house.models[L6].broken = Hangs()
    await said(house, "bad")
    house.now_ms += 30_000
    house.tiers.heal()
    house.tiers.swap({name: FakeModel(name, 2) for name in (L6, FAST)})  # type: ignore[misc]
    told = len(house.tiers.facts)
    await loaded(house)
    assert house.loads == [L6]
    assert len(house.tiers.facts) == told


async def test_a_model_that_says_no_number_any_more_is_out(house: House) -> None:
    house.models[L6].broken = NoNumber()
    assert await signed(house, "bad") == ["fast@1"]
    assert house.steps() == [("full", "fast", "model")]


async def test_a_text_of_which_a_model_says_no_number_takes_it_from_no_other(house: House) -> None:
    [first, second] = await said(house, "nan", "bad")
    assert (first.sentiment.label, second.sentiment.label) == (UNSUPPORTED, "negative")
    await said(house, "nan")
    assert await signed(house, "bad") == ["l6@1"]


async def test_a_batch_beyond_its_budget_asks_no_model_any_more(language: Language) -> None:
    house = House(language, limits=Limits(budget_s=1e-9))
    assert await signed(house, "bad") == [lexicon.NAME]
    assert not house.models[L6].asked


async def test_in_a_trickle_too_the_cascade_asks_about_the_least_sure(house: House) -> None:
    house.waited_ms = 2_000
    assert await signed(house, "55 percent") == ["l6@1"]


@pytest.mark.parametrize(
    ("allowed", "label", "model"),
    [({"en"}, UNSUPPORTED, "lexicon"), ({"en", "de"}, "positive", "lexicon")],
)
async def test_words_judge_only_the_languages_that_they_may(
    language: Language, allowed: set[str], label: str, model: str
) -> None:
    """What is unsupported for the models stays so under load, unless somebody wants it otherwise"""
    house = House(language, limits=Limits(lexicon=frozenset(allowed)))
    house.waited_ms = 20_000
    [score] = await said(house, "vielen dank, alles gut", lang="de")
    assert (score.sentiment.label, score.model) == (label, model)
