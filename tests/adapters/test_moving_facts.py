"""relay, record, reconcile and intake: whatever ends in the middle, nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from app import codec, metrics, settings
from app.adapters.kafka import INTAKE_HEADER
from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.store.database import Database
from app.adapters.store.journal import Intake, Journal
from app.adapters.store.ledger import Ledger
from app.adapters.store.record import Record
from app.adapters.store.timeline import Ask, Timeline
from app.core.errors import Unavailable
from app.core.facts import Fact
from app.core.history import Folded
from app.core.stop_words import StopWords
from app.processes.reconcile import Reconciler
from app.processes.record import Fold
from app.processes.relay import Relay
from app.wiring.base import system_ms
from app.wiring.intake import Gate
from tests.builders import OFFER_MS, admission, do, ready, task_id, wire
from tests.doubles import KeepingProducer


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@pytest.fixture
def outbox(redis: Client) -> RedisOutbox:
    return RedisOutbox(redis)


async def a_whole_life(door: RedisDoor) -> None:
    """One task from its admission to its end."""
    await ready(door, "ann")
    await door.admit([admission()])
    await door.offer(OFFER_MS)
    await do(door, "accept", task_id(), "ann")
    await do(door, "reply", task_id(), "ann", text="On it")
    await do(door, "complete", task_id(), "ann")


A_WHOLE_LIFE = [
    "configured",  # enrolled
    "configured",  # available
    "received",
    "decided",
    "queued",
    "offered",
    "accepted",
    "replied",
    "completed",
]


def sent(producer: KeepingProducer) -> list[str]:
    return [orjson.loads(record.value or b"")["fact_id"] for record in producer.records]


async def test_facts_reach_ledger_and_topic_in_the_order_of_the_door(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger
) -> None:
    """A7.1: the record holds the whole conversation, in order."""
    producer = KeepingProducer()
    await a_whole_life(door)
    await Relay(outbox, ledger, producer).move()
    kept = await ledger.since(0)
    assert [f["op"] for f in kept] == A_WHOLE_LIFE
    assert sent(producer) == [f["fact_id"] for f in kept]
    assert await outbox.length() == 0


async def test_a_relay_killed_between_ledger_and_topic_loses_and_doubles_nothing(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger
) -> None:
    producer = KeepingProducer(Unavailable("Kafka is away"))
    relay = Relay(outbox, ledger, producer)
    await a_whole_life(door)
    with pytest.raises(Unavailable):
        await relay.move()
    kept = await ledger.since(0)
    assert len(kept) == len(A_WHOLE_LIFE)
    assert producer.records == []
    await relay.move()
    assert await ledger.since(0) == kept
    assert sent(producer) == [f["fact_id"] for f in kept]
    assert await outbox.length() == 0


async def test_a_relay_killed_before_the_ledger_leaves_the_outbox_full(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger
) -> None:
    class Away(Ledger):
        async def append(self, entries: Any, epoch: str | None = None) -> int:
            raise Unavailable("the store is away")

    await a_whole_life(door)
    before = await outbox.length()
    with pytest.raises(Unavailable):
        await Relay(outbox, Away(ledger._database), KeepingProducer()).move()
    assert await outbox.length() == before == len(A_WHOLE_LIFE)


async def test_the_outbox_gauge_counts_all_that_waits(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger
) -> None:
    facts = [Fact(op="degraded", op_id=f"o{i}", now_ms=1) for i in range(700)]
    await door.note(facts)
    with pytest.raises(Unavailable):
        await Relay(outbox, ledger, KeepingProducer(Unavailable("away"))).move()
    assert metrics.OUTBOX._value.get() == 700


async def test_an_outbox_with_nothing_in_it_is_no_work(
    outbox: RedisOutbox, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.processes.relay._BLOCK_MS", 1)
    producer = KeepingProducer(Unavailable("nobody may ask"))
    await Relay(outbox, ledger, producer).move()


async def folded(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger, database: Database
) -> tuple[Fold, Record]:
    await a_whole_life(door)
    await Relay(outbox, ledger, KeepingProducer()).move()
    record = Record(database)
    return Fold(ledger, record), record


async def lines_of_kim(database: Database) -> list[dict[str, Any]]:
    return (await Timeline(database).page(Ask(keys=("x:kim",)))).lines


async def test_the_history_holds_what_both_sides_said_and_how_it_ended(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger, database: Database
) -> None:
    """A7.1: the response is stored with what it answers, under the customer."""
    fold, record = await folded(door, outbox, ledger, database)
    await fold.advance()
    lines = {line["kind"]: (line["by"], line["text"]) for line in await lines_of_kim(database)}
    assert lines == {
        "said": ("@kim", "Where is my order?"),
        "replied": ("ann", "On it"),
        "completed": ("ann", ""),
    }
    standing = await record.standing(admission().mention.mention_id)
    assert standing
    assert (standing["status"], standing["queue"]) == ("completed", "service")
    assert (standing["upshot"], standing["rep"]) == ("resolved", "ann")


async def test_a_history_folded_twice_is_the_same(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger, database: Database
) -> None:
    fold, record = await folded(door, outbox, ledger, database)
    await fold.advance()
    mention_id = admission().mention.mention_id
    before = await lines_of_kim(database), await record.standing(mention_id)
    await record.write("record", 0, Folded())
    await fold.advance()
    assert (await lines_of_kim(database), await record.standing(mention_id)) == before


async def test_a_history_folded_in_two_parts_knows_the_customer_of_the_first(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger, database: Database
) -> None:
    fold, _ = await folded(door, outbox, ledger, database)
    await fold.advance()
    await door.admit([admission(src="src-2", text="Other words")])
    await Relay(outbox, ledger, KeepingProducer()).move()
    await fold.advance()
    kinds = [line["kind"] for line in await lines_of_kim(database)]
    assert sorted(kinds) == ["completed", "edited", "replied", "said"]


def reconciler(database: Database, producer: KeepingProducer, after_s: float) -> Reconciler:
    given = settings.load(reconcile={"after_s": after_s})
    return Reconciler(SimpleNamespace(settings=given), Journal(database), producer)  # type: ignore[arg-type]


def intake(id_: str, received_ms: int) -> Intake:
    return Intake(intake_id=id_, mention_id="m1", raw=b"{}", received_ms=received_ms)


async def test_what_has_no_outcome_is_sent_again_under_its_own_name(database: Database) -> None:
    producer = KeepingProducer()
    now_ms = system_ms()
    await Journal(database).add([intake("lost", now_ms - 61_000), intake("fresh", now_ms)])
    await reconciler(database, producer, after_s=60).turn()
    assert [r.headers["handshake-src"] for r in producer.records] == [b"intake:lost"]
    assert producer.records[0].topic == "mentions"


async def test_what_has_its_outcome_is_not_sent_again(database: Database, ledger: Ledger) -> None:
    producer = KeepingProducer()
    await Journal(database).add([intake("done", 0)])
    await ledger.append([Fact(op="dead", op_id="intake:done", now_ms=1).as_dict()])
    await reconciler(database, producer, after_s=60).turn()
    assert producer.records == []


async def test_while_kafka_is_away_what_is_lost_stays_to_be_sent(database: Database) -> None:
    producer = KeepingProducer(Unavailable("away"))
    await Journal(database).add([intake("lost", 0)])
    turns = reconciler(database, producer, after_s=60)
    with pytest.raises(Unavailable):
        await turns.turn()
    await turns.turn()
    assert len(producer.records) == 1


@pytest.mark.parametrize("after_s", [0, 60])
async def test_a_turn_sends_each_lost_mention_once_and_ends(
    database: Database, after_s: float
) -> None:
    producer = KeepingProducer()
    await Journal(database).add([intake(str(i), 0) for i in range(3)])
    async with asyncio.timeout(1.0):
        await reconciler(database, producer, after_s).turn()
    assert len(producer.records) == 3


async def accept(database: Database, producer: KeepingProducer, **given: Any) -> bytes:
    """What goes to the topic of a mention taken in."""
    wired = codec.validate(wire(**given))
    [named] = await Gate(Journal(database), producer, StopWords()).accept([wired])
    [kept] = await Journal(database).without_outcome(system_ms() + 1)
    assert kept.intake_id == named["intake_id"]
    return kept.raw


async def test_a_mention_is_kept_before_it_is_sent_and_sent_as_it_was_kept(
    database: Database,
) -> None:
    producer = KeepingProducer()
    kept = await accept(database, producer)
    assert [record.value for record in producer.records] == [kept]


async def test_a_mention_is_accepted_while_kafka_is_away(database: Database) -> None:
    """Nothing is lost: reconcile sends what the journal keeps."""
    producer = KeepingProducer(Unavailable("away"))
    assert await accept(database, producer)
    assert producer.records == []


async def test_sending_again_gives_the_same_mention_and_the_same_deadline(
    database: Database,
) -> None:
    wired = codec.validate(orjson.loads(await accept(database, KeepingProducer(), id=None)))
    first, again = (codec.to_mention(wired, "other", _hence(minutes)) for minutes in (0, 90))
    assert first == again


async def test_a_time_in_the_future_is_clamped_to_the_intake_for_ever(database: Database) -> None:
    future = _hence(60 * 24).isoformat()
    producer = KeepingProducer()
    wired = codec.validate(orjson.loads(await accept(database, producer, detected_at=future)))
    accepted_ms = int(producer.records[0].headers[INTAKE_HEADER])
    accepted_at = datetime.fromtimestamp(accepted_ms / 1000, UTC)
    mention = codec.to_mention(wired, "other", accepted_at)
    assert (mention.flags, mention.detected_at) == (("detected_in_future",), accepted_at)


async def test_what_intake_accepts_the_worker_accepts(database: Database) -> None:
    """The id and the moment that intake adds must not make a mention too large."""
    text = "a" * (codec.HTTP_BYTES - len(orjson.dumps(wire(text=""))) - 10)
    body = orjson.dumps(wire(text=text))
    assert codec.loads(body)
    raw = await accept(database, KeepingProducer(), text=text)
    assert codec.to_mention(codec.validate(codec.loads(raw)), "other", _hence(0)).text == text


def _hence(minutes: float) -> datetime:
    return datetime.fromtimestamp(system_ms() / 1000, UTC) + timedelta(minutes=minutes)


async def test_who_answered_a_customer_is_remembered_as_their_own_agent(
    door: RedisDoor, outbox: RedisOutbox, ledger: Ledger, database: Database, redis: Client
) -> None:
    """A5.4: known at the next mention, also after a cache that was wiped and filled again."""
    await a_whole_life(door)
    await Relay(outbox, ledger, KeepingProducer()).move()
    record, profiles = Record(database), RedisProfiles(redis)
    await Fold(ledger, record).advance()
    owners = await record.owners(0)
    assert {key: rep for key, (rep, _) in owners.items()} == {"x:kim": "ann"}
    await profiles.put_owners(owners, keep_s=60)
    [known, stranger] = (await profiles.of(["x:kim", "x:lee"])).profiles
    assert (known.last_rep, known.last_reply_ms) == owners["x:kim"]
    assert stranger.last_rep == ""
