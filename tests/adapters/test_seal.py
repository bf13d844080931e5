"""What a person said is sealed in the ledger; without the key it is gone, the chain is whole."""

from __future__ import annotations

import json
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.live import Live
from app.adapters.store.seal_tables import mention_keys, person_keys
from app.adapters.store.tables import facts as rows
from app.audit.checks.tamper import TamperEvident
from app.audit.fact import fact_of
from app.audit.invariant import Bounds
from app.audit.world import World
from app.core.sealing import ALTERED, ERASED, UNREADABLE
from tests.builders import NOON_MS

TEXT, HANDLE, REPLY = "My parcel is lost, Kim Canary", "@KimCanary", "Dear Kim Canary"


def told(op: str, mention_id: str = "m1", **data: Any) -> dict[str, Any]:
    return {
        "fact_id": f"{mention_id}/{op}",
        "op": op,
        "op_id": mention_id,
        "mention_id": mention_id,
        "source_id": f"canary-{mention_id}",
        "now_ms": NOON_MS,
        "data": data,
    }


def received(mention_id: str = "m1", handle: str = HANDLE) -> dict[str, Any]:
    said = {"channel": "x", "text": TEXT, "author": {"handle": handle, "name": "Kim Canary"}}
    return told("received", mention_id, mention=said, content_hash="h")


STORY = [
    received(),
    told("decided", values={"mention.handle": HANDLE}, decision={"queue": "service"}),
    told("replied", text=REPLY),
]


async def bytes_of(database: Database) -> str:
    bodies = await database.read(lambda c: c.scalars(sa.select(rows.c.body)).all())
    return "\n".join(bytes(body).decode() for body in bodies).casefold()


async def erase(database: Database, handle_key: str) -> None:
    gone = sa.delete(person_keys).where(person_keys.c.handle_key == handle_key)
    await database.write(lambda c: c.execute(gone))


async def broken(ledger: Ledger) -> list[str]:
    """What the auditor says of the chain, from what /api/v1/facts serves."""
    world = World()
    check, found = TamperEvident(world, Bounds()), []
    for number, fact in enumerate(await ledger.sealed_since(0), 1):
        found += [each.detail for each in check.see(fact_of(json.dumps(fact), number), None)]
    assert not check.missing().startswith("a hash chain")
    return found


async def test_what_was_said_is_not_readable_in_the_store(database: Database) -> None:
    ledger = Ledger(database)
    await ledger.append(STORY)
    assert "canary" not in await bytes_of(database)
    opened = [
        {k: v for k, v in f.items() if k not in ("seq", "chain")} for f in await ledger.since(0)
    ]
    assert opened == STORY
    assert await broken(ledger) == []


async def test_without_the_key_it_is_gone_and_the_chain_is_whole(database: Database) -> None:
    """Issue: erasure, with the audit still verifying."""
    ledger = Ledger(database)
    await ledger.append([*STORY, received("m2", "@somebody"), told("offered", attempt=1)])
    await erase(database, "x:kimcanary")
    trail = await ledger.of_mention("m1")
    assert "canary" not in repr(trail).casefold()
    assert [fact.get(UNREADABLE) for fact in trail] == [ERASED] * 4
    assert trail[0]["data"]["mention"]["author"] == {"handle": "", "name": ""}
    assert trail[1]["data"]["decision"] == {"queue": "service"}
    assert trail[2]["data"]["text"] == ""
    [other] = await ledger.of_mention("m2")
    assert (other["data"]["mention"]["text"], UNREADABLE in other) == (TEXT, False)
    assert await broken(ledger) == []
    assert (
        "canary" not in repr([f async for page in Live(database).tasks() for f in page]).casefold()
    )


async def test_what_comes_after_an_erasure_is_not_kept_in_the_clear(database: Database) -> None:
    ledger = Ledger(database)
    await ledger.append(STORY[:1])
    await erase(database, "x:kimcanary")
    await ledger.append(STORY[1:])
    assert "canary" not in await bytes_of(database)
    assert "canary" not in repr(await ledger.since(0)).casefold()
    assert await broken(ledger) == []


async def test_who_writes_again_after_an_erasure_has_a_new_key(database: Database) -> None:
    ledger = Ledger(database)
    await ledger.append([received("m1")])
    await erase(database, "x:kimcanary")
    await ledger.append([received("m2")])
    old, new = await ledger.since(0)
    assert (old["data"]["mention"]["text"], new["data"]["mention"]["text"]) == ("", TEXT)


async def test_all_mentions_of_a_person_have_one_key(database: Database) -> None:
    ledger = Ledger(database)
    await ledger.append([received("m1"), received("m2", "kimcanary ")])
    await ledger.append([received("m3"), received("m4", "@other")])
    query = sa.select(mention_keys.c.key_id).order_by(mention_keys.c.matter)
    *kims, other = await database.read(lambda c: c.scalars(query).all())
    assert len(set(kims)) == 1
    assert other not in kims


async def test_what_was_noted_of_a_person_is_sealed_with_their_key(database: Database) -> None:
    """A call or a letter has no mention: the fact itself tells whose it is."""
    ledger = Ledger(database)
    call = told("noted", handle_key="x:kimcanary", kind="phone", text="Kim Canary called")
    call |= {"mention_id": "", "source_id": ""}
    await ledger.append([received(), call])
    assert "canary" not in await bytes_of(database)
    assert (await ledger.since(1))[0]["data"] == call["data"]
    await erase(database, "x:kimcanary")
    [_, gone] = await ledger.since(0)
    assert (gone[UNREADABLE], gone["data"]["text"]) == (ERASED, "")
    assert await broken(ledger) == []


async def test_the_same_facts_again_change_nothing(database: Database) -> None:
    ledger = Ledger(database)
    await ledger.append(STORY)
    before = await bytes_of(database)
    await ledger.append(STORY)
    assert await bytes_of(database) == before


async def test_a_mention_older_than_the_seal_is_kept_as_it_is(database: Database) -> None:
    ledger = Ledger(database)
    await ledger.append([STORY[2]])
    [fact] = await ledger.since(0)
    assert fact["data"]["text"] == REPLY
    assert "sealed" not in orjson.loads(await bytes_of(database))


async def test_an_altered_fact_is_named_and_stops_nobody(database: Database) -> None:
    """Nor can the words of one fact be passed off as those of another."""
    ledger = Ledger(database)
    await ledger.append([received("m1"), received("m2")])

    def swap(connection: sa.Connection) -> None:
        first, second = (orjson.loads(body) for body in connection.scalars(sa.select(rows.c.body)))
        first["sealed"]["text"] = second["sealed"]["text"]
        change = sa.update(rows).where(rows.c.fact_id == "m1/received")
        connection.execute(change.values(body=orjson.dumps(first)))

    await database.write(swap)
    altered, whole = await ledger.since(0)
    assert (altered[UNREADABLE], altered["data"]["mention"]["text"]) == (ALTERED, "")
    assert whole["data"]["mention"]["text"] == TEXT
    assert await broken(ledger) == ["the fact does not fit the chain"]
