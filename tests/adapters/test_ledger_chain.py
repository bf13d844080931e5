"""The ledger's chain: every fact signed, nothing altered, removed or put in without a break."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from app.adapters import store
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.migrate import migrate
from tests.adapters.test_store import fact


def right(facts: list[dict[str, Any]]) -> bool:
    """Is each fact chained to the one before? Written again here, from the documents alone."""
    chain = ""
    for told in facts:
        body = {k: v for k, v in told.items() if k not in ("seq", "chain")}
        text = chain + json.dumps(body, sort_keys=True, separators=(",", ":"))
        chain = hashlib.sha256(text.encode()).hexdigest()
        if chain != told["chain"]:
            return False
    return True


async def test_each_fact_is_chained_to_the_one_before(database: Database) -> None:
    ledger = Ledger(database)
    odd: dict[str, Any] = {
        "text": "é\u2028\x00",
        "score": 1e-7,
        "big": 2**53,
        "none": None,
        "whole": 1.0,
    }
    await ledger.append([fact("received", "a", **odd), fact("scored", "a", score=float("nan"))])
    await ledger.append([fact("received", f"{i}", n=i) for i in range(1_100)])
    assert right(await ledger.since(0, limit=2_000))


async def test_a_fact_that_is_there_already_does_not_break_the_chain(database: Database) -> None:
    ledger = Ledger(database)
    one, two, three = (fact("received", name) for name in "abc")
    await ledger.append([one, two])
    await ledger.append([two, three, three, one | {"data": {"n": 9}}])
    facts = await ledger.since(0)
    assert [f["op_id"] for f in facts] == ["a", "b", "c"]
    assert right(facts)


async def test_an_altered_or_missing_row_breaks_the_chain(database: Database) -> None:
    ledger = Ledger(database)
    await ledger.append([fact("received", name) for name in "abcd"])
    facts = await ledger.since(0)
    assert not right([*facts[:1], *facts[2:]])
    altered = json.dumps(fact("received", "b", n=1)).encode()
    change = sa.text("UPDATE facts SET body = :body WHERE fact_id = 'b/received'")
    await database.write(lambda c: c.execute(change, {"body": altered}))
    assert not right(await ledger.since(0))


async def test_two_writers_at_once_do_not_fork_the_chain(database: Database) -> None:
    other = Database(database.engine.url.render_as_string(hide_password=False))
    ledgers = (Ledger(database), Ledger(other))

    async def write(number: int) -> None:
        for turn in range(20):
            await ledgers[number].append([fact("received", f"{number}-{turn}-{i}") for i in "abc"])

    await asyncio.gather(write(0), write(1))
    other.close()
    facts = await ledgers[0].since(0)
    assert len(facts) == 120
    assert right(facts)


async def test_facts_of_before_the_chain_are_chained_by_the_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "0001")
    database = Database(url)
    insert = sa.text("INSERT INTO facts (fact_id, op, op_id, mention_id, now_ms, body)"
                     " VALUES (:fact_id, :op, :op_id, :mention_id, :now_ms, :body)")  # fmt: skip
    old = [fact("received", str(i), score=1e-7 * i) for i in range(1_050)]
    rows = [row | {"body": orjson.dumps(row)} for row in old]
    await database.write(lambda c: c.execute(insert, rows))
    migrate(url)
    ledger = Ledger(database)
    await ledger.append([fact("received", "new")])
    facts = await ledger.since(0, limit=2_000)
    assert len(facts) == 1_051
    assert right(facts)
    database.close()


async def test_facts_told_twice_at_once_stand_where_they_were_told_first(
    database: Database,
) -> None:
    ledger = Ledger(database)
    one, two = fact("received", "a"), fact("received", "b")
    await ledger.append([one, two, one | {"data": {"n": 9}}])
    facts = await ledger.since(0)
    assert [(f["op_id"], f["data"]) for f in facts] == [("a", one["data"]), ("b", two["data"])]
    assert right(facts)
