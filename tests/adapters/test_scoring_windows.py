"""Long texts in the worker: read whole while there is time, and never at the cost of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.ladder_scorer import Limits
from app.adapters.language import Language
from app.core.score import Score
from app.core.windows import SHORT
from app.settings import Scoring
from app.wiring.scoring import patient
from tests.adapters.scoring_house import FAST, L6, Hangs, House
from tests.builders import mention


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.fixture
def house(language: Language) -> House:
    return House(language)


def sentence(mood: str) -> str:
    """One that fills a window; the models of the house go by its first word."""
    return f"{mood} " + "day " * 50 + "in all."


def long(*moods: str) -> str:
    return " ".join(map(sentence, moods))


TURNED = long("good", "bad", "bad", "bad")


async def said(house: House, *texts: str) -> list[Score]:
    return await house.scorer.score(
        [mention(str(i), text=text, lang="en") for i, text in enumerate(texts)]
    )


async def test_a_long_text_is_judged_by_all_of_it_while_there_is_time(house: House) -> None:
    [score] = await said(house, TURNED)
    assert (score.model, score.sentiment.label) == ("l6@1", "negative")
    assert house.models[L6].asked == [[sentence(mood) for mood in ("good", "bad", "bad", "bad")]]
    sentiment = score.sentiment
    whole = sentiment.negative + sentiment.neutral + sentiment.positive
    assert whole == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize("waited_ms", [2_000, 5_000])
async def test_under_load_a_long_text_costs_what_a_short_one_does(
    house: House, waited_ms: int
) -> None:
    """A1.11: on every rung below the top its beginning alone is read."""
    house.waited_ms = waited_ms
    texts = [TURNED] * 5 + ["95 percent"] * 3
    scores = await said(house, *texts)
    assert sum(map(len, house.models[FAST].asked)) == len(texts)
    assert scores[0].sentiment.label == "positive"


async def test_what_comes_late_in_a_long_batch_gets_its_beginning_read(house: House) -> None:
    waits = iter([0, 0, 0, 2_000, 2_000])
    house.scorer.waited_ms = lambda: next(waits)
    scores = await said(house, TURNED, TURNED, TURNED)
    assert [score.sentiment.label for score in scores] == ["negative", "negative", "positive"]


async def test_short_texts_have_the_company_that_they_have_without_the_long_ones(
    language: Language,
) -> None:
    """Company in a micro-batch moves figures a little: those of short texts stay where they were"""
    short = [f"{sure} percent" for sure in range(50, 70)]
    alone, beside = House(language), House(language)
    await said(alone, *short)
    await said(beside, *short[:7], TURNED, *short[7:], long("good", "bad"))
    asked = alone.models[L6].asked
    assert beside.models[L6].asked[: len(asked)] == asked


@pytest.mark.parametrize("most", [1, 2, 4, 8])
async def test_a_micro_batch_of_windows_is_as_small_as_any_other(
    language: Language, most: int
) -> None:
    """A1.11: so a model has its budget for as much work as ever, and hangs no sooner."""
    house = House(language, limits=Limits(micro_batch=most, windows=4))
    await said(house, *[TURNED] * 3, *[long("good", "bad")] * 3, "bad", "good")
    assert max(map(len, house.models[L6].asked)) <= max(most, 4)


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=12),
    st.integers(1, 9),
    st.integers(1, 9),
)
async def test_no_text_is_scored_twice_and_none_left_out(
    language: Language, lengths: list[int], most: int, micro_batch: int
) -> None:
    house = House(language, limits=Limits(micro_batch=micro_batch, windows=most))
    texts = [long(*["bad"] * length) or "bad" for length in lengths]
    scores = await said(house, *texts)
    assert {score.model for score in scores} == {"l6@1"}
    rows = sum(map(len, house.models[L6].asked))
    assert rows == sum(max(1, min(length, most)) for length in lengths)


async def test_one_window_at_most_turns_windows_off(language: Language) -> None:
    house = House(language, limits=Limits(windows=1))
    [score] = await said(house, TURNED)
    assert score.sentiment.label == "positive"
    assert house.models[L6].asked == [[TURNED]]


async def test_a_model_that_hangs_over_windows_leaves_the_beginning_to_the_next_one(
    house: House,
) -> None:
    """A1.11: the short ones of the batch keep what the better model had said of them."""

    class Slow(list[list[str]]):
        def append(self, texts: list[str]) -> None:
            super().append(texts)
            if any(len(text) > SHORT / 2 for text in texts):
                raise Hangs

    house.models[L6].asked = Slow()
    scores = await said(house, TURNED, "bad", "good")
    assert [score.model for score in scores] == ["fast@1", "l6@1", "l6@1"]
    assert house.models[FAST].asked == [[TURNED]]
    assert scores[0].sentiment.label == "positive"


AGENTS = (
    "There is a fire, get out of the building now!",
    "My lawyer says that you were robbed.",
    "I want a refund, cancel everything immediately!",
    "Why is it broken? Nobody answered for the third time.",
    "What a great idea, thank you, the best campaign!",
    "How much is the premium plan?",
)
CUSTOMERS = ("bad day, the bag is not here", "I am at the desk", "can you help?", "good, thanks")


@given(
    st.lists(st.sampled_from(AGENTS), min_size=2, max_size=4),
    st.lists(st.sampled_from(CUSTOMERS), min_size=1, max_size=3),
    st.sampled_from([0, 2_000, 5_000, 20_000]),
)
async def test_what_an_agent_said_moves_neither_the_model_nor_the_formulas(
    language: Language, agents: list[str], customers: list[str], waited_ms: int
) -> None:
    """Of a transcript the customer's side is scored, on every rung as if it had come alone."""
    house = House(language, waited_ms=waited_ms)
    turns = [f"Agent: {text}" for text in agents]
    for at, text in enumerate(customers):
        turns.insert(2 * at + 1, f"Customer: {text}")
    [alone] = await said(house, "\n".join(customers))
    [of_chat] = await said(house, "\n".join(turns))
    assert of_chat == alone


async def test_the_language_of_a_transcript_is_the_customers(house: House) -> None:
    german = "Agent: Guten Tag, wie kann ich Ihnen heute mit Ihrer Bestellung weiterhelfen?"
    chat = f"{german}\n{german}\nCustomer: I have been waiting for my parcel for a week"
    [score] = await house.scorer.score([mention("1", text=chat)])
    assert (score.lang, score.model) == ("en", "l6@1")


SMALL = Scoring(model="sentiment-fast", ladder=("full", "lexicon"), until_ms=(1000,))
GOOD = "We loved every minute of the stay, and the food was a delight from the first evening on. "
BAD = "The room was filthy, nobody helped us, and I will never come back to this awful place. "


async def test_who_asks_about_one_mention_hears_what_the_worker_says_of_long_ones() -> None:
    """`explain` and the worker share this scorer, here with a model that we ship."""
    scorer = patient(SMALL)
    short = [mention(str(i), text=text) for i, text in enumerate((GOOD, BAD, "ok"))]
    turned = mention("9", text=GOOD * 4 + "But then it all went wrong. " + BAD * 12)
    alone = await scorer.score(short)
    *beside, whole = await scorer.score([*short, turned])
    assert beside == alone
    assert whole.sentiment.label == "negative"
    off = patient(SMALL.model_copy(update={"windows": 1}))
    [cut] = await off.score([turned])
    assert cut.sentiment.label == "positive"


async def test_a_short_text_gets_bit_by_bit_what_the_model_says_of_it() -> None:
    scorer = patient(SMALL)
    texts = [GOOD, BAD, "ok"]
    rows = scorer.tiers.model("sentiment-fast").probabilities(texts)
    scores = await scorer.score([mention(str(i), text=text) for i, text in enumerate(texts)])
    for row, score in zip(rows, scores, strict=True):
        shares = (score.sentiment.negative, score.sentiment.neutral, score.sentiment.positive)
        assert shares == tuple(round(float(share), 4) for share in row[:3])
