"""The delivery log in the store: what is due, in which order, and what overtakes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.handoffs import Handoffs
from app.adapters.store.ledger import Ledger
from app.adapters.store.parties import Parties
from app.adapters.store.tables import live_tasks
from app.core.handed_in import HandedIn
from app.core.handoff import DELIVERED, FAILED, HANDOFF, PENDING, STATUS, Handoff, Partner, Party
from app.processes.handoffs import forget


def event(id_: str, **given: Any) -> Handoff:
    fields: dict[str, Any] = {
        "partner": "crm",
        "mention_id": f"mention-{id_}",
        "kind": HANDOFF,
        "stage": "",
        "seq": 1,
        "body": b'{"\xc3\xa9": 1}',
        "created_ms": 1_000,
    }
    return Handoff(event_id=id_, **(fields | given))


@pytest.fixture
def log(database: Database) -> Handoffs:
    return Handoffs(database)


async def due(log: Handoffs, now_ms: int = 10_000, limit: int = 10) -> list[str]:
    return [found.event_id for found in await log.due("crm", now_ms, limit)]


async def test_events_and_the_position_in_the_ledger_are_kept_together(
    log: Handoffs, database: Database
) -> None:
    await log.take("handoffs", 7, [event("a"), event("b")])
    await log.take("handoffs", 9, [event("a", body=b"other"), event("c")])
    assert await Ledger(database).cursor("handoffs") == 9
    assert sorted(await due(log)) == ["a", "b", "c"]
    assert (await log.one("a")) == event("a")


async def test_what_is_due_comes_oldest_first_and_what_waits_does_not(log: Handoffs) -> None:
    await log.take("handoffs", 1, [event("late", next_ms=3), event("soon", next_ms=2)])
    await log.take("handoffs", 2, [event("wait", next_ms=99), event("erp", partner="erp")])
    assert await due(log, 10) == ["soon", "late"]
    assert await due(log, 10, limit=1) == ["soon"]


async def test_of_one_mention_the_earlier_event_goes_first(log: Handoffs) -> None:
    status = event("s", mention_id="m", kind=STATUS, stage="queued", seq=2)
    await log.take("handoffs", 2, [event("h", mention_id="m", next_ms=500), status])
    assert await due(log, 100) == []
    assert await due(log, 500) == ["h"]
    await log.delivered(event("h", mention_id="m"), changed_ms=1)
    assert await due(log, 100) == ["s"]


async def test_with_a_hand_off_its_later_stages_fail_and_no_others(log: Handoffs) -> None:
    handoff = event("h", mention_id="m")
    stage = event("s", mention_id="m", kind=STATUS, seq=2)
    other = event("o", mention_id="m", partner="erp", kind=STATUS, seq=2)
    await log.take("handoffs", 2, [handoff, stage, other])
    await log.failed(handoff, problem="answered 422", changed_ms=5)
    states = {found.event_id: found.state for found in await log.log({}, 10)}
    assert states == {"h": FAILED, "s": FAILED, "o": PENDING}
    assert [found.event_id for found in await log.unsettled()] == ["h"]
    await log.settle(replace(handoff, state=FAILED))
    assert await log.unsettled() == []


async def test_only_what_has_a_deadline_is_ever_overdue(log: Handoffs) -> None:
    await log.take("handoffs", 1, [event("a", deadline_ms=50), event("b"), event("c")])
    assert [found.event_id for found in await log.overdue("crm", 50)] == ["a"]
    assert await log.overdue("crm", 49) == []


async def test_a_try_counts_and_is_due_again_later(log: Handoffs) -> None:
    await log.take("handoffs", 1, [event("a")])
    await log.again(event("a"), status=503, problem="answered 503", next_ms=700, changed_ms=1)
    found = await log.one("a")
    assert found
    assert (found.attempts, found.status, found.problem) == (1, 503, "answered 503")
    assert (await due(log, 699), await due(log, 700)) == ([], ["a"])


async def test_what_has_ended_is_changed_by_a_replay_alone(log: Handoffs) -> None:
    await log.take("handoffs", 1, [event("a")])
    assert not await log.replay(event("a"), 5, 0)
    await log.delivered(event("a"), status=200, changed_ms=2)
    await log.failed(event("a"), problem="too late", changed_ms=3)
    found = await log.one("a")
    assert found
    assert (found.state, found.attempts) == (DELIVERED, 1)
    assert await log.replay(found, 5, 0)
    assert not await log.replay(found, 5, 0)
    assert (await log.one("a") or found).round == 1


async def test_each_event_is_published_until_it_is_noted(log: Handoffs) -> None:
    await log.take("handoffs", 1, [event("a", seq=2), event("b", seq=1), event("x", state=FAILED)])
    assert [found.event_id for found in await log.unpublished()] == ["b", "a"]
    await log.mark_published(["a", "b"])
    assert await log.unpublished() == []


async def test_the_age_is_that_of_the_oldest_that_waits(log: Handoffs) -> None:
    assert await log.oldest_pending_ms() == 0
    await log.take("handoffs", 1, [event("a", created_ms=5), event("b", created_ms=3)])
    assert await log.oldest_pending_ms() == 3


async def test_the_parties_are_who_was_handed_it_and_who_handed_it_in(
    log: Handoffs, database: Database
) -> None:
    parties = Parties(database)
    came = HandedIn(
        key="k",
        partner="erp",
        mention_id="m",
        source="/erp",
        event_id="e1",
        hops=2,
        at_ms=1,
    )
    assert await parties.hand_in(came) == came
    assert await parties.hand_in(replace(came, mention_id="other")) == came
    gone = event("gone", mention_id="m", partner="old", state=FAILED)
    await log.take("handoffs", 1, [event("h", mention_id="m"), gone])
    assert (await parties.of(["m", "n"])) == {
        "m": [
            Party(partner="erp", handoff="e1", handed_in=True, hops=2),
            Party(partner="crm", handoff="h"),
        ]
    }
    assert await parties.of([]) == {}


@pytest.fixture
async def ended(log: Handoffs, database: Database) -> Handoffs:
    """Four events that were delivered and told of, one that waits; the task of `m-open` is open."""
    events = [event(id_, next_ms=5) for id_ in ("old", "older", "new", "waits")]
    await log.take("handoffs", 1, [*events, event("open", mention_id="m-open")])
    for id_, changed_ms in (("old", 900), ("older", 800), ("new", 5_000), ("open", 700)):
        found = await log.one(id_)
        assert found is not None
        await log.delivered(found, changed_ms=changed_ms)
        await log.settle(replace(found, state=DELIVERED))
    await log.mark_published(["old", "older", "new", "open", "waits"])
    task = {"task_id": "t", "mention_id": "m-open", "closed_ms": 0}
    await database.write(lambda c: c.execute(sa.insert(live_tasks), task))
    return log


async def ids(log: Handoffs) -> set[str]:
    return {found.event_id for found in await log.log({}, 100)}


async def test_what_ended_long_ago_is_forgotten_and_nothing_else(ended: Handoffs) -> None:
    assert await ended.forget("crm", before_ms=1_000) == 2
    assert await ids(ended) == {"new", "waits", "open"}
    assert await ended.forget("crm", before_ms=1_000) == 0


async def test_the_oldest_go_first_and_another_partners_stay(ended: Handoffs) -> None:
    assert await ended.forget("erp", before_ms=10**12) == 0
    assert await ended.forget("crm", before_ms=10**12, limit=3) == 3
    assert await ids(ended) == {"waits", "open"}


async def test_what_nobody_was_told_of_yet_is_kept(log: Handoffs) -> None:
    await log.take("handoffs", 1, [event("untold"), event("unsent")])
    for id_ in ("untold", "unsent"):
        await log.delivered(event(id_), changed_ms=1)
    await log.mark_published(["untold"])
    await log.settle(event("unsent", state=DELIVERED))
    assert await log.forget("crm", before_ms=10**12) == 0


async def test_each_partner_has_its_own_time(ended: Handoffs) -> None:
    crm = Partner(name="crm", title="CRM", url="", keep_s=2.0)
    await forget(ended, [crm], now_ms=3_000)
    assert await ids(ended) == {"new", "waits", "open"}
