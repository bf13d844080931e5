"""A candidate in shadow: both are asked the same, in turn; the ledger is read and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import orjson

from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.received import Received
from app.adapters.store.seal_tables import person_keys
from app.core.errors import Unavailable
from app.core.lexicon import NAME as LEXICON
from app.core.mention import Mention
from app.core.score import NOT_SCORED, Score
from app.processes.model_shadow import Pair, Side, coming, compare
from tests.builders import NEGATIVE, NEUTRAL, POSITIVE, admission, mention

ENGLISH = frozenset({"en"})


@dataclass
class Says:
    """A scorer that says of a mention what its first word asks for."""

    model: str
    asked: list[tuple[str, str]]
    swapped: bool = False
    clock: list[float] = field(default_factory=lambda: [0.0])
    seconds: float = 0.0

    async def score(self, mentions: Sequence[Mention]) -> list[Score]:
        [said] = mentions
        self.asked.append((self.model, said.text))
        self.clock[0] += self.seconds
        first, lang, model = said.text.split()[0], "en", self.model
        known = {"bad": NEGATIVE, "good": POSITIVE}
        if self.swapped:
            known = {"bad": POSITIVE, "good": POSITIVE}
        sentiment = known.get(first, NEUTRAL)
        if first == "hallo":
            sentiment, lang = NOT_SCORED, "de"
        if first == "hang":
            model = LEXICON
        return [
            Score(sentiment=sentiment, lang=lang, intent="", urgency=0, urgency_why=(), model=model)
        ]


@dataclass
class Two:
    """A pair with a clock of its own, and in which order they were asked."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    now: list[float] = field(default_factory=lambda: [0.0])
    swapped: bool = False
    healed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        live = Says("l6@1", self.asked, clock=self.now, seconds=0.004)
        other = Says("l3@1", self.asked, self.swapped, self.now, 0.001)
        self.pair = Pair(
            live=self._side(live),
            candidate=self._side(other),
            clock=lambda: self.now[0],
        )

    def _side(self, scorer: Says) -> Side:
        heal = partial(self.healed.append, scorer.model)
        return Side(scorer=scorer, languages=ENGLISH, heal=heal)


async def pages(*each: Sequence[str]) -> AsyncIterator[list[Mention]]:
    for texts in each:
        yield [mention(text=text) for text in texts]


async def test_both_are_asked_about_each_mention_and_the_first_is_the_other_each_time() -> None:
    two = Two(swapped=True)
    made = await compare(pages(["bad a", "good b"], ["bad c"]), two.pair, 0, asyncio.Event())
    assert two.asked == [
        ("l6@1", "bad a"), ("l3@1", "bad a"), ("l3@1", "good b"), ("l6@1", "good b"),
        ("l6@1", "bad c"), ("l3@1", "bad c"),
    ]  # fmt: skip
    found = made.as_dict()
    assert (found["live"], found["candidate"], found["mentions"]) == ("l6@1", "l3@1", 3)
    assert found["confusion"]["negative"]["positive"] == 2
    assert found["by_label"]["negative"] == {"live": 2, "candidate": 0, "same": 0.0}
    assert found["furthest"][0]["text"] == "bad a"
    assert found["furthest"][0]["mention_id"] == mention(text="bad a").mention_id


async def test_each_has_its_own_time_whoever_was_asked_first() -> None:
    two = Two()
    made = await compare(pages(["bad", "good", "so"]), two.pair, 0, asyncio.Event())
    speed = made.as_dict()["speed"]
    assert (speed["live"]["p99_ms"], speed["candidate"]["p99_ms"]) == (4.0, 1.0)
    assert speed["live"]["messages_per_second"] == 250.0


async def test_another_language_is_skipped_and_what_a_model_did_not_answer_failed() -> None:
    """What word lists say in the place of a model is not what the candidate would say."""
    two = Two()
    made = await compare(pages(["hallo", "hang", "bad"]), two.pair, 0, asyncio.Event())
    assert (made.mentions, made.skipped, made.failed) == (1, 1, 1)


async def test_a_model_that_is_out_may_come_back_at_each_mention() -> None:
    """Else one answer beyond the budget makes all that come failures, and it never ends."""
    two = Two()
    await compare(pages(["hang", "bad"]), two.pair, 0, asyncio.Event())
    assert two.healed == ["l6@1", "l3@1"] * 2


async def test_it_ends_after_so_many_and_when_it_is_told_to() -> None:
    two, stop = Two(), asyncio.Event()
    made = await compare(pages(["bad"] * 5, ["bad"] * 5), two.pair, 7, stop)
    assert made.mentions == 7
    stop.set()
    assert (await compare(pages(["bad"] * 5), two.pair, 0, stop)).mentions == 7


class Growing:
    """A ledger to which something is added between two looks; it may be away once."""

    def __init__(self, *pages: list[str] | Unavailable) -> None:
        self.pages = list(pages)
        self.seen: list[int] = []

    async def newest(self) -> int:
        return 40

    async def since(self, seq: int) -> tuple[int, list[Mention]]:
        self.seen.append(seq)
        page = self.pages.pop(0)
        if isinstance(page, Unavailable):
            raise page
        return seq + 1, [mention(text=text) for text in page]


async def test_it_begins_with_what_comes_and_waits_while_the_store_is_away() -> None:
    stop, growing = asyncio.Event(), Growing(["a"], Unavailable("away"), [], ["b"])
    found = []
    async for page in coming(growing, stop, poll_s=0.001):
        found += [said.text for said in page]
        if not growing.pages:
            stop.set()
    assert found == ["a", "b"]
    assert growing.seen == [40, 41, 41, 42]


async def recorded(database: Database, *texts: str) -> Ledger:
    """A ledger in which these were received and decided."""
    ledger = Ledger(database)
    for at, text in enumerate(texts):
        facts = (fact.as_dict() for fact in admission(f"s{at}", text=text).facts)
        await ledger.append([orjson.loads(orjson.dumps(fact)) for fact in facts])
    return ledger


MANY = [f"text {at}" for at in range(130)]


async def test_the_last_mentions_are_read_newest_first_and_no_more_of_them(
    database: Database,
) -> None:
    ledger = await recorded(database, *MANY)
    last_seq, texts = await ledger.last_seq(), list[str]()
    async for page in Received(database).last(100):
        texts += [said.text for said in page]
    assert texts == MANY[:29:-1]
    assert await ledger.last_seq() == last_seq


async def test_mentions_that_come_are_each_read_once(database: Database) -> None:
    ledger = await recorded(database, *MANY)
    received, seq, texts = Received(database), 0, list[str]()
    while True:
        seq, page = await received.since(seq)
        if not page:
            break
        texts += [said.text for said in page]
    assert texts == MANY
    assert seq == await ledger.last_seq()


async def test_of_who_was_erased_nothing_is_read(database: Database) -> None:
    await recorded(database, "mine")
    await database.write(lambda c: c.execute(person_keys.delete()))
    assert [page async for page in Received(database).last(10)] == [[]]
