"""Drafts in shadow and readers: counted, sampled within bounds, ended with a reason."""

from __future__ import annotations

import pytest

from app.adapters.store.database import Database
from app.adapters.store.rule_drafts import RuleDrafts
from app.adapters.store.rule_readers import Reader, RuleReaders
from app.adapters.store.rule_shadows import SAMPLES, RuleShadows, Sample, Tally
from app.adapters.store.rule_versions import RuleVersions
from app.core.errors import Conflict
from tests.adapters.test_rule_versions import ONE, SOFIA, THREE, TWO, draft, publication
from tests.builders import NOON_MS


@pytest.fixture
async def shadows(database: Database) -> RuleShadows:
    await RuleVersions(database).take_in(ONE, NOON_MS)
    return RuleShadows(database)


def sample(id_: int) -> Sample:
    return Sample(mention_id=f"m{id_}", at_ms=NOON_MS + id_, body={"live": "a", "shadow": "b"})


async def test_a_draft_runs_in_shadow_with_the_texts_that_it_had(
    shadows: RuleShadows, database: Database
) -> None:
    run = await shadows.begin(draft(TWO), SOFIA, NOON_MS)
    assert (run.texts, run.begun_by, run.ended_ms) == (TWO, "sofia", 0)
    live = await RuleVersions(database).live()
    assert live
    assert (live.shadow, live.number) == (run.run, 1)
    assert await shadows.begin(draft(TWO), SOFIA, NOON_MS + 1) == run


async def test_another_draft_takes_the_place_of_the_first(shadows: RuleShadows) -> None:
    first = await shadows.begin(draft(TWO), SOFIA, NOON_MS)
    second = await shadows.begin(draft(THREE), SOFIA, NOON_MS + 5)
    ended = await shadows.get(first.run)
    assert (ended.ended_ms, ended.ended_why) == (NOON_MS + 5, "another draft takes its place")
    assert await shadows.last() == second


async def test_the_live_texts_cannot_run_beside_themselves(shadows: RuleShadows) -> None:
    with pytest.raises(Conflict):
        await shadows.begin(draft(ONE), SOFIA, NOON_MS)


async def test_a_shadow_that_becomes_live_ends(shadows: RuleShadows, database: Database) -> None:
    run = await shadows.begin(draft(TWO), SOFIA, NOON_MS)
    await RuleVersions(database).publish(publication(TWO))
    assert (await shadows.get(run.run)).ended_why == "live as version 2"
    live = await RuleVersions(database).live()
    assert live
    assert live.shadow == 0


async def test_a_worker_ends_only_the_run_that_it_means(shadows: RuleShadows) -> None:
    first = await shadows.begin(draft(TWO), SOFIA, NOON_MS)
    second = await shadows.begin(draft(THREE), SOFIA, NOON_MS)
    await shadows.end("too slow", SOFIA, NOON_MS, run=first.run)
    assert (await shadows.get(second.run)).ended_ms == 0
    await shadows.end("enough", SOFIA, NOON_MS)
    assert (await shadows.get(second.run)).ended_why == "enough"


async def test_beginning_and_end_of_a_shadow_are_told(
    shadows: RuleShadows, database: Database
) -> None:
    await shadows.begin(draft(TWO), SOFIA, NOON_MS)
    await shadows.end("enough", SOFIA, NOON_MS)
    done = await RuleVersions(database).untold()
    assert [d.kind for d in done] == ["published", "shadow_begun", "shadow_ended"]
    assert [d.digest for d in done[1:]] == [draft(TWO).digest] * 2


async def test_the_counts_of_all_workers_add_up_by_version(shadows: RuleShadows) -> None:
    for number, same, different in ((1, 3, 1), (1, 2, 0), (2, 7, 1)):
        await shadows.count(Tally(run=5, number=number, same=same, different=different))
    assert await shadows.counts(5) == [
        {"number": 2, "same": 7, "different": 1},
        {"number": 1, "same": 5, "different": 1},
    ]


async def test_of_the_samples_the_newest_are_kept(shadows: RuleShadows) -> None:
    for first in range(0, SAMPLES + 20, 10):
        samples = [sample(id_) for id_ in range(first, first + 10)]
        await shadows.count(Tally(run=5, number=1, same=0, different=10, samples=samples))
    await shadows.count(Tally(run=6, number=1, same=0, different=1, samples=[sample(1)]))
    kept = await shadows.samples(5)
    assert len(kept) == SAMPLES
    assert (kept[0], kept[-1].at_ms) == (sample(SAMPLES + 19), NOON_MS + 20)


async def test_a_draft_in_shadow_may_be_worked_on(shadows: RuleShadows, database: Database) -> None:
    drafts = RuleDrafts(database)
    await drafts.add(draft(TWO))
    run = await shadows.begin(draft(TWO), SOFIA, NOON_MS)
    await drafts.change(draft(THREE))
    assert (await shadows.get(run.run)).texts == TWO


async def test_a_process_that_fell_silent_is_forgotten(database: Database) -> None:
    readers = RuleReaders(database)
    old = Reader(process="worker@a:1", number=1, since_ms=1, heard_ms=NOON_MS)
    new = Reader(process="worker@a:2", number=2, since_ms=2, heard_ms=NOON_MS + 9, problem="no")
    await readers.tell(old, NOON_MS - 5)
    await readers.tell(new, NOON_MS - 5)
    assert await readers.all() == [old, new]
    await readers.tell(new, NOON_MS + 1)
    assert await readers.all() == [new]
