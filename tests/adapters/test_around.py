"""What triage reads around a mention: profiles, pasts and queues, in one round trip of Redis."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson
import pytest
import sqlalchemy as sa

from app.adapters.profile_blob import packed
from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_pasts import POSITION, RedisPasts, decoded, encoded, key_of
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.redis_queue_state import KEY, TOO_OLD_MS, RedisQueueState
from app.adapters.store import tables
from app.adapters.store.database import Database
from app.adapters.store.history_rebuild import beside
from app.adapters.store.ledger import Ledger
from app.adapters.store.pasts import Pasts
from app.adapters.store.record import Record
from app.core.errors import ReadOnly, Unavailable
from app.core.past import KEPT_MS, NO_PAST, Earlier
from app.core.profile import Profile
from app.core.queue_state import NO_QUEUES, unpacked
from app.ports import HISTORY, QUEUES
from app.processes.pasts import KeepPasts
from app.processes.queue_look import looking
from app.processes.record import Fold
from tests.builders import CATALOGUE, NOON_MS, OFFER_MS, admission, ready
from tests.event_facts import Story

PAST = Earlier("m1", NOON_MS, "waiting", "negative", False, 0)


async def test_profiles_pasts_and_queues_come_in_one_command(redis: Client) -> None:
    """A1.10: the hot path makes one round trip, whatever rules may ask for."""
    profiles = RedisProfiles(redis)
    await profiles.put({"x:kim": packed(Profile(customer_id="C7"))}, (0, ""), True)
    await RedisPasts(redis).put({"x:kim": (PAST,)}, position=(7, 0))
    await redis.set(KEY, orjson.dumps({"service": [3, 1.5, 0, 0.25]}))
    before = await calls(redis)
    found = await profiles.of(["x:kim", "x:lee"])
    assert await calls(redis) == before | {"mget": before["mget"] + 1}
    assert [one.customer_id for one in found.profiles] == ["C7", ""]
    assert list(found.pasts) == [(PAST,), NO_PAST]
    assert found.queues == unpacked({"service": [3, 1.5, 0, 0.25]})
    assert found.missing == ()


class Before(NamedTuple):
    """A mention of a past as workers read it that know of no cases."""

    id: str
    at_ms: int
    status: str
    sentiment: str
    breached: bool
    replied_ms: int


def test_a_past_without_open_cases_is_read_by_workers_from_before_there_were_any() -> None:
    past = (PAST, PAST._replace(id="m2", breached=True))
    assert msgspec.json.decode(encoded(past), type=tuple[Before, ...]) == tuple(
        Before(*one[:-1]) for one in past
    )
    past = (PAST._replace(cases=2), PAST)
    assert decoded(encoded(past)) == past


async def calls(redis: Client) -> dict[str, int]:
    """How often each command was called that may be read with."""
    stats: dict[str, Any] = await redis.info("commandstats")
    return {name: stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("get", "mget")}


async def test_what_nobody_has_told_is_missing(redis: Client) -> None:
    found = await RedisProfiles(redis).of(["x:kim"])
    assert (list(found.pasts), found.queues) == ([NO_PAST], NO_QUEUES)
    assert found.missing == (HISTORY, QUEUES)


@pytest.mark.parametrize("blob", [b"{", b"[]", b'{"service": 5}', b'{"service": [1]}', b"5"])
async def test_a_broken_blob_is_as_good_as_none(redis: Client, blob: bytes) -> None:
    await redis.set(KEY, blob)
    await redis.set(key_of("x:kim"), blob)
    await redis.set(POSITION, 5)
    found = await RedisProfiles(redis).of(["x:kim"])
    assert (list(found.pasts), found.queues) == ([NO_PAST], NO_QUEUES)
    assert found.missing == (QUEUES,)


async def test_how_each_queue_stands_is_told_for_ten_seconds(
    door: RedisDoor, redis: Client
) -> None:
    """A4.2: who waits, who is free; what is older than ten seconds is nowhere."""
    state = RedisQueueState(redis, CATALOGUE)
    await ready(door, "ann", "bob")
    await state.write()
    calm = await state.now()
    assert calm["queue.waiting"] == dict.fromkeys(CATALOGUE.queues, 0)
    assert calm["queue.free"]["service"] == 2
    await door.admit([admission(str(number)) for number in range(3)])
    assert len(await door.offer(OFFER_MS)) == 2
    await state.write()
    crowded = await state.now()
    assert (crowded["queue.waiting"]["service"], crowded["queue.free"]["service"]) == (1, 0)
    assert float(str(crowded["queue.oldest_wait_s"]["service"])) >= 0.0
    assert 0 < await redis.pttl(KEY) <= TOO_OLD_MS
    await redis.pexpire(KEY, -1)  # as if the time were over
    assert await state.now() is NO_QUEUES


async def test_while_tasks_are_rebuilt_nothing_is_told_of_queues(
    door: RedisDoor, redis: Client
) -> None:
    """I17: half of the tasks would look like a quiet floor."""
    await redis.delete("hs:epoch")
    with pytest.raises(ReadOnly):
        await RedisQueueState(redis, CATALOGUE).write()
    assert not await redis.exists(KEY)


async def test_event_rules_do_not_wait_for_a_redis_that_is_away(redis: Client) -> None:
    class Away(RedisQueueState):
        async def now(self) -> Any:
            raise Unavailable("Redis does not answer")

    assert await looking(Away(redis, CATALOGUE))() is NO_QUEUES
    await redis.set(KEY, orjson.dumps({"service": [3, 1.5, 0, 0.25]}))
    found = await looking(RedisQueueState(redis, CATALOGUE))()
    assert found["queue.waiting"] == {"service": 3}


class House:
    """The ledger, and a `record` that keeps pasts; `begin` is a new process of it."""

    def __init__(self, redis: Client, database: Database) -> None:
        self.redis, self.database, self.ledger = redis, database, Ledger(database)
        self.cache = FailingPasts(redis)
        self.fold = self.begin()

    def begin(self) -> Fold:
        pasts = KeepPasts(Pasts(self.database), self.cache, lambda: NOON_MS)
        self.fold = Fold(self.ledger, Record(self.database), None, pasts)
        return self.fold

    async def told(self, *stories: Story) -> None:
        for story in stories:
            await self.ledger.append(story.entries)
        await self.fold.advance()

    async def past(self, handle_key: str = "x:kim") -> list[tuple[str, str]]:
        known = await RedisProfiles(self.redis).of([handle_key])
        assert HISTORY not in known.missing
        return [(one.id, one.status) for one in known.pasts[0]]


class FailingPasts(RedisPasts):
    """Writes nothing while it fails."""

    fails = False

    async def put(self, pasts: Any, position: Any = None) -> None:
        if self.fails:
            raise Unavailable("Redis does not answer")
        await super().put(pasts, position)


@pytest.fixture
def house(redis: Client, database: Database) -> House:
    return House(redis, database)


def short(story: Story) -> str:
    return story.mention_id[:12]


async def test_what_a_handle_said_is_told_with_the_facts_of_it(house: House) -> None:
    """A4.2, A7.1: the next mention of the same handle finds the one before, as it stands."""
    first, second = Story("1").decided(), Story("2").decided().queued()
    await house.told(first, second)
    assert sorted(await house.past()) == sorted(
        [(short(first), "received"), (short(second), "waiting")]
    )
    later = Story("2")
    later.version, later.state = 1, "queued"
    await house.told(later.task("accepted", "accepted", 3, rep="ann", op_id="later"))
    assert (short(second), "in work") in await house.past()
    assert 0 < await house.redis.pttl(key_of("x:kim")) <= KEPT_MS


async def test_a_wiped_redis_is_told_again_without_a_new_fact(house: House) -> None:
    await house.told(Story("1").decided().queued())
    before = await house.past()
    await house.redis.flushall()
    await house.fold.advance()
    assert before == await house.past()


async def test_what_redis_did_not_take_it_is_told_with_the_next_turn(house: House) -> None:
    await house.told(Story("1").decided())
    house.cache.fails = True
    with pytest.raises(Unavailable):
        await house.told(Story("2").decided().queued())
    assert len(await house.past()) == 1
    house.cache.fails = False
    await house.fold.advance()
    assert len(await house.past()) == 2


async def test_what_redis_lacked_at_the_end_of_a_process_the_next_one_tells(house: House) -> None:
    """Killed between the store and Redis: its successor sees by the position that it must."""
    await house.told(Story("1").decided())
    house.cache.fails = True
    with pytest.raises(Unavailable):
        await house.told(Story("2").decided().queued())
    house.cache.fails = False
    await house.begin().advance()
    assert len(await house.past()) == 2


async def test_an_older_copy_of_redis_is_told_what_it_has_missed(house: House) -> None:
    await house.told(Story("1").decided())
    position, blob = await house.redis.mget(POSITION, key_of("x:kim"))
    await house.told(Story("2").decided())
    await house.redis.mset({POSITION: position, key_of("x:kim"): blob})
    await house.fold.advance()
    assert len(await house.past()) == 2


@pytest.mark.parametrize("moved", [True, False], ids=["record was behind", "record was there"])
@pytest.mark.parametrize("again", [True, False], ids=["and begins again", "and goes on"])
async def test_after_the_history_was_made_anew_all_pasts_are_told_again(
    house: House, tmp_path: Path, moved: bool, again: bool
) -> None:
    """Whether or not the position of `record` moved with it, and whether or not it ran."""
    await house.told(Story("1").decided())
    right = await house.past()
    forged = sa.update(tables.mentions).values(mention_id="forged")
    await house.database.write(lambda connection: connection.execute(forged))
    await house.redis.set(key_of("x:kim"), b"[]")
    if moved:
        await house.ledger.append(Story("2", handle="@lee").decided().entries)
    with beside(house.database, tmp_path, lambda *_: None) as rebuild:
        await asyncio.to_thread(rebuild.mend)
    if again:
        house.begin()
    await house.fold.advance()
    assert await house.past() == right
