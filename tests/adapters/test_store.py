"""The store: written once, read in order, and exactly the tables that the code names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app import codec
from app.adapters.store import (
    flight_tables,
    full_text,
    known_tables,
    label_tables,
    model_tables,
    rule_tables,
    signal_tables,
    tables,
)
from app.adapters.store.database import Database
from app.adapters.store.dead import DeadLetterTable
from app.adapters.store.journal import Intake, Journal
from app.adapters.store.ledger import Ledger
from app.adapters.store.record import Record
from app.adapters.store.timeline import Ask, Timeline
from app.adapters.store.users import User, Users
from app.config import load
from app.core.errors import Unavailable
from app.core.facts import OPS, OUTCOMES
from app.core.history import Matter
from app.core.profile import handle_key
from app.core.words import terms_of
from app.ports import DeadLetter, Seen
from app.processes import people
from app.settings import CONFIG
from tests.builders import NOON_MS
from tests.history_house import folded, line


def fact(op: str, op_id: str, mention_id: str = "m1", **data: Any) -> dict[str, Any]:
    return {
        "fact_id": f"{op_id}/{op}",
        "op": op,
        "op_id": op_id,
        "mention_id": mention_id,
        "now_ms": NOON_MS,
        "data": data,
    }


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


def described(name: str | None, kind: str, _parents: Any) -> bool:
    """Not what the database's own full-text search keeps: see `full_text`."""
    return kind != "table" or not (name or "").startswith(full_text.TABLE)


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    assert rule_tables.versions.metadata is tables.metadata
    assert flight_tables.events.metadata is tables.metadata
    assert known_tables.statements.metadata is tables.metadata
    assert label_tables.score_labels.metadata is tables.metadata
    assert model_tables.changes.metadata is tables.metadata
    assert signal_tables.signals.metadata is tables.metadata
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": described})
        assert compare_metadata(context, tables.metadata) == []


def test_the_columns_hold_the_longest_that_intake_lets_through() -> None:
    """SQLite does not care; PostgreSQL refuses, and `record` would stand still."""
    longest = codec.validate({"channel": "x" * 40, "text": "a", "author": {"handle": "ﬃ" * 200}})
    key = handle_key(longest.channel, longest.author.handle)
    for table in (tables.history, tables.mentions, tables.handles):
        assert table.c.handle_key.type.length >= len(key), table.name
    assert tables.history.c.by.type.length >= len(longest.author.handle)
    assert max(map(len, OPS)) <= tables.facts.c.op.type.length


async def test_a_fact_appended_twice_is_there_once_and_never_changed(ledger: Ledger) -> None:
    await ledger.append([fact("received", "a", n=1)])
    await ledger.append([fact("received", "a", n=2), fact("scored", "a")])
    assert [(f["fact_id"], f["data"]) for f in await ledger.since(0)] == [
        ("a/received", {"n": 1}),
        ("a/scored", {}),
    ]


async def test_facts_are_read_in_the_order_in_which_they_were_written(ledger: Ledger) -> None:
    await ledger.append([fact("received", f"{i:03}") for i in range(30)])
    first = await ledger.since(0, limit=10)
    rest = await ledger.since(first[-1]["seq"], limit=100)
    assert [f["op_id"] for f in first + rest] == [f"{i:03}" for i in range(30)]
    assert await ledger.last_seq() == rest[-1]["seq"]


async def test_an_empty_ledger_has_no_last_fact(ledger: Ledger) -> None:
    assert (await ledger.last_seq(), await ledger.since(0), await ledger.seen(["m1"])) == (
        0,
        [],
        {},
    )


async def test_the_trail_of_a_mention_is_its_own_facts(ledger: Ledger) -> None:
    await ledger.append([fact("received", "a"), fact("received", "b", "m2"), fact("scored", "a")])
    assert [f["op"] for f in await ledger.of_mention("m1")] == ["received", "scored"]


async def test_what_was_seen_is_the_first_delivery_and_the_newest_wording(ledger: Ledger) -> None:
    said = {"channel": "x", "author": {"handle": "@Kim"}}
    await ledger.append(
        [
            fact("received", "a", content_hash="h1", mention=said),
            fact("duplicate", "b"),
            fact("edited", "c", content_hash="h2", mention=said | {"author": {"handle": "@kit"}}),
        ]
    )
    first = Seen(src="a", content_hash="h2", last_src="c", handle_key="x:kim")
    assert await ledger.seen(["m1", "m2"]) == {"m1": first}


def intake(id_: str, received_ms: int = NOON_MS) -> Intake:
    return Intake(intake_id=id_, mention_id="m1", raw=b"{}", received_ms=received_ms)


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_an_accepted_mention_is_settled_by_each_outcome(
    database: Database, ledger: Ledger, outcome: str
) -> None:
    journal = Journal(database)
    await journal.add([intake("1"), intake("2")])
    await ledger.append([fact(outcome, "intake:1")])
    assert await journal.settle() == 1
    assert [i.intake_id for i in await journal.without_outcome(NOON_MS + 1)] == ["2"]


@pytest.mark.parametrize("op", ["received", "scored", "identified", "queued"])
async def test_half_a_triage_is_no_outcome(database: Database, ledger: Ledger, op: str) -> None:
    journal = Journal(database)
    await journal.add([intake("1")])
    await ledger.append([fact(op, "intake:1")])
    assert await journal.settle() == 0


async def test_what_is_without_outcome_comes_oldest_first_with_its_bytes(
    database: Database,
) -> None:
    journal = Journal(database)
    await journal.add(
        [intake("new", NOON_MS + 5), intake("old", NOON_MS), intake("later", NOON_MS + 9)]
    )
    found = await journal.without_outcome(NOON_MS + 9)
    assert [(i.intake_id, i.raw, i.src) for i in found] == [
        ("old", b"{}", "intake:old"),
        ("new", b"{}", "intake:new"),
    ]


async def test_what_was_sent_again_is_not_lost_until_later(database: Database) -> None:
    journal = Journal(database)
    await journal.add([intake("1")])
    await journal.mark_sent(["1"], NOON_MS + 1000)
    assert await journal.without_outcome(NOON_MS + 1000) == []
    assert len(await journal.without_outcome(NOON_MS + 1001)) == 1


async def test_a_journal_keeps_all_or_nothing(database: Database) -> None:
    journal = Journal(database)
    with pytest.raises(sa.exc.IntegrityError):
        await journal.add([intake("1"), intake("1")])
    assert await journal.without_outcome(NOON_MS + 1) == []


async def test_an_error_of_the_store_does_not_repeat_what_a_customer_wrote(
    database: Database,
) -> None:
    said = replace(intake("1"), raw=b"my PIN is 4711")
    with pytest.raises(sa.exc.IntegrityError) as clash:
        await Journal(database).add([said, said])
    assert "4711" not in str(clash.value)
    with pytest.raises((Unavailable, sa.exc.DBAPIError)) as failed:
        await database.read(lambda c: c.execute(sa.text("SELECT :x FROM nowhere"), {"x": "4711"}))
    assert "4711" not in f"{failed.value} {failed.value.__cause__}"


async def test_a_dead_letter_keeps_its_bytes_hash_and_reason(database: Database) -> None:
    table = DeadLetterTable(database)
    letters = [
        DeadLetter(src="a", raw=b"\xff\x00", code="not_json", detail="why", at_ms=1),
        DeadLetter(src="b", raw=None, code="empty", detail="why", at_ms=2),
    ]
    await table.add(letters)
    await table.add(letters)
    newest = await table.newest()
    assert [(n["src"], n["code"], n["size_bytes"]) for n in newest] == [
        ("b", "empty", 0),
        ("a", "not_json", 2),
    ]
    assert await table.raw("a") == b"\xff\x00"
    assert await table.raw("b") is None


async def test_history_and_position_are_written_in_one_transaction(
    database: Database, ledger: Ledger
) -> None:
    """A7.1: either both are there or neither is."""
    record, timeline = Record(database), Timeline(database)
    bad = Matter(mention_id="m1", status="x", changed_ms=1, handle_key="k", channel="x")
    object.__setattr__(bad, "status", None)
    with pytest.raises(sa.exc.IntegrityError):
        await record.write("record", 7, folded(line(1), bad))
    assert await ledger.cursor("record") == 0
    assert (await timeline.page(Ask())).lines == []
    await record.write("record", 7, folded(line(1)))
    assert await ledger.cursor("record") == 7
    assert len((await timeline.page(Ask())).lines) == 1


async def test_a_history_line_written_twice_is_there_once(database: Database) -> None:
    record = Record(database)
    for _ in range(2):
        await record.write("record", 7, folded(line(1)))
    assert len((await Timeline(database).page(Ask(terms=terms_of("help")))).lines) == 1


async def test_a_reader_that_was_overtaken_writes_nothing(
    database: Database, ledger: Ledger
) -> None:
    """A7.1: who read before the history was made anew does not write what it knew then."""
    record = Record(database)
    assert await record.write("record", 5, folded(line(1)), after=0)
    assert not await record.write("record", 3, folded(line(2)), after=0)
    assert await ledger.cursor("record") == 5
    assert len((await Timeline(database).page(Ask())).lines) == 1


async def test_a_user_is_known_by_password_and_by_key_and_neither_is_stored(
    database: Database,
) -> None:
    users, ann = Users(database), User(name="ann", title="Ann", role="agent")
    await users.put(ann, "a good password", "key-1")
    assert await users.check("ann", "a good password") == ann
    assert await users.by_key("key-1") == await users.by_name("ann") == ann
    assert await users.check("ann", "a bad password") is None
    assert await users.check("nobody", "a good password") is None
    assert await users.by_key("key-2") is None
    with database.engine.connect() as connection:
        stored = str(connection.execute(sa.select(tables.users)).all())
    assert "a good password" not in stored
    assert "key-1" not in stored


async def test_a_changed_password_ends_the_old_one(database: Database) -> None:
    users, ann = Users(database), User(name="ann", title="Ann", role="agent")
    await users.put(ann, "old password", "key-1")
    await users.put(ann, "new password", "key-2")
    assert await users.check("ann", "old password") is None
    assert await users.by_key("key-1") is None
    assert await users.check("ann", "new password") == ann


async def test_who_leaves_the_staff_has_no_account_any_more(
    database: Database, tmp_path: Path
) -> None:
    """The next start, or `app staff`, takes password and key; sessions are by name."""
    config = load(CONFIG)
    reps = dict(list(config.catalogue.reps.items())[:2])
    stays, leaves = reps
    both = replace(config.catalogue, reps=reps)
    one = replace(config.catalogue, reps={stays: reps[stays]})
    secrets = people.load(tmp_path / "secrets.json", both)
    await people.enter(database, both, secrets)
    await people.enter(database, one, secrets)
    users = Users(database)
    assert await users.by_name(stays) is not None
    assert await users.by_name(leaves) is None
    assert await users.by_key(secrets.people[leaves].key) is None
    assert await users.check(leaves, secrets.people[leaves].password) is None


async def test_a_store_that_is_away_is_unavailable_and_changes_nothing() -> None:
    nowhere = Database("sqlite:////nowhere/at/all.db")
    with pytest.raises(Unavailable):
        await Ledger(nowhere).append([fact("received", "a")])
    nowhere.close()
