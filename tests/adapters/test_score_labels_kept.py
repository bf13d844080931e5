"""Score labels and samples in the store: folds of the ledger, without a word of anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.adapters.store import tables
from app.adapters.store.database import Database
from app.adapters.store.label_tables import label_samples, score_labels
from app.adapters.store.ledger import Ledger
from app.adapters.store.score_labels import ScoreLabels
from app.core.label_draw import KEPT_DAYS, UNSURE, Draw
from app.core.score import UNSUPPORTED
from app.core.score_labels import ScoreLabel
from tests.adapters.test_personal import erased
from tests.builders import NOON_MS
from tests.core.label_house import DAY_MS, label_fact, scored_mention

DRAW = Draw(per_day=5, unsupported_per_day=2, unsure_below=0.7)
Facts = list[dict[str, Any]]


def unsure(count: int, at_ms: int = NOON_MS, **score: Any) -> Facts:
    return [
        fact
        for n in range(count)
        for fact in scored_mention(f"m{at_ms}-{n}", at_ms, confidence=0.4, **score)
    ]


async def taken(database: Database, *facts: Sequence[dict[str, Any]]) -> ScoreLabels:
    """The ledger has these, and each part of them was taken in by itself."""
    labels = ScoreLabels(database)
    for some in facts:
        await Ledger(database).append(some)
        while await labels.take(DRAW):
            pass
    return labels


async def labels_of(kept: ScoreLabels) -> list[ScoreLabel]:
    return [label for page in [page async for page in kept.all()] for of in page for label in of]


async def drawn(database: Database, kind: str = UNSURE) -> set[str]:
    query = sa.select(label_samples.c.mention_id).where(label_samples.c.kind == kind)
    return set(await database.read(lambda c: c.scalars(query).all()))


async def from_the_first_fact(database: Database) -> ScoreLabels:
    """Both tables made anew."""
    kept = ScoreLabels(database)

    def empty(connection: sa.Connection) -> None:
        for table in (label_samples, score_labels, tables.cursors):
            connection.execute(sa.delete(table))

    await database.write(empty)
    while await kept.take(DRAW):
        pass
    return kept


async def test_a_label_is_kept_once_for_each_person_and_mention(database: Database) -> None:
    """A3.2: again replaces; the ledger keeps both."""
    trail = scored_mention(confidence=0.9)
    first = label_fact(trail, "ann", NOON_MS + 1, sentiment="negative", why="Kim is ironic")
    again = label_fact(trail, "ann", NOON_MS + 2, sentiment="positive")
    other = label_fact(trail, "anton", NOON_MS + 3, sentiment="negative")
    kept = await taken(database, [*trail, first], [again, first], [other])
    told = [(one.by, one.sentiment, one.blind) for one in await labels_of(kept)]
    assert sorted(told) == [("ann", "positive", False), ("anton", "negative", False)]
    ops = [fact["op"] for fact in await Ledger(database).of_mention("m1")]
    assert ops.count("corrected") == 3


async def test_a_day_s_cap_holds_in_however_many_parts_the_ledger_is_read(
    database: Database,
) -> None:
    """A deterministic draw: the same mentions, whoever asks when."""
    facts = unsure(40)
    await taken(database, *(facts[at : at + 7] for at in range(0, len(facts), 7)))
    in_parts = await drawn(database)
    assert len(in_parts) == DRAW.per_day
    await from_the_first_fact(database)
    assert await drawn(database) == in_parts


async def test_no_hour_of_the_day_is_favoured(database: Database) -> None:
    """The morning does not use the day up: what comes later may take its place."""
    morning, evening = unsure(40, NOON_MS), unsure(40, NOON_MS + 1)
    kept = await taken(database, morning, evening)
    when = {id_.split("-")[0] for id_ in await drawn(database)}
    assert when == {f"m{NOON_MS}", f"m{NOON_MS + 1}"}
    count, newest = await kept.waiting(UNSURE, 2)
    assert (count, len(newest)) == (DRAW.per_day, 2)


async def test_languages_that_no_model_knows_wait_apart_with_their_own_cap(
    database: Database,
) -> None:
    kept = await taken(database, unsure(10, label=UNSUPPORTED), unsure(2, NOON_MS + 1))
    assert (await kept.waiting(UNSUPPORTED, 9))[0] == DRAW.unsupported_per_day
    assert (await kept.waiting(UNSURE, 9))[0] == 2


async def test_what_is_labelled_or_skipped_waits_no_more_and_stays_counted(
    database: Database,
) -> None:
    facts = unsure(5)
    kept = await taken(database, facts)
    one, two = facts[0]["mention_id"], facts[2]["mention_id"]
    assert await kept.skip(one, "anton")
    assert await kept.skip(one, "sofia")  # pressed by two at once
    assert not await kept.skip("unknown", "anton")
    await taken(database, [label_fact(facts[2:4], "anton", sentiment="negative", blind=True)])
    count, waits = await kept.waiting(UNSURE, 9)
    assert (count, {one, two} & {*waits}) == (3, set())
    # A full day has no room for more, however unsure.
    await taken(database, unsure(30, NOON_MS + 1))
    assert (await kept.waiting(UNSURE, 9))[0] == 3
    assert await kept.drawn(one)


async def test_what_nobody_labelled_in_time_is_asked_of_nobody(database: Database) -> None:
    later = NOON_MS + (KEPT_DAYS + 1) * DAY_MS
    kept = await taken(database, unsure(2), unsure(1, later))
    assert (await kept.waiting(UNSURE, 9))[1] == [f"m{later}-0"]


async def test_who_is_erased_is_asked_about_no_more_and_has_no_label(database: Database) -> None:
    """A4.4: nor does a follower that is behind bring them back."""
    kims, eves = (
        scored_mention(id_, handle=handle, confidence=0.4)
        for id_, handle in (("m1", "@kim"), ("m2", "@eve"))
    )
    labels = [label_fact(trail, sentiment="negative") for trail in (kims, eves)]
    kept = await taken(database, [*kims, *eves], labels)
    await erased(database, "x:kim")
    for _ in range(2):
        assert [one.mention_id for one in await labels_of(kept)] == ["m2"]
        assert await drawn(database) == {"m2"}
        kept = await from_the_first_fact(database)
