"""Erasures: asked for, done in the store, and kept as done without the name of who is gone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from app.adapters.store import full_text
from app.adapters.store.consents import keep_their_stop, unread_events
from app.adapters.store.database import Database
from app.adapters.store.ledger import lock_facts
from app.adapters.store.parts import in_parts
from app.adapters.store.personal import (
    PLACES,
    Person,
    Row,
    erase_blocks,
    erase_words,
    lock_signals,
    mentions_of,
    person_of,
)
from app.adapters.store.persons import customers_of_person
from app.adapters.store.seal import open_facts
from app.adapters.store.seal_tables import erasures
from app.adapters.store.tables import facts
from app.adapters.store.unnamed import (
    erasable_letters,
    erasable_rejects,
    erase_letters,
    erase_rejects,
    erase_samples,
    letters_of,
    rejects_of,
)
from app.core.errors import Unavailable
from app.core.stop_words import StopWords

_LISTED = 200
# The keys themselves are told to nobody.
_TOLD = PLACES[:-2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One that is under way. `person` is what was found up to now."""

    id: str
    person: Person
    reason: str
    asked_by: str
    role: str
    asked_ms: int


class Erasures:
    """`words`: what is a STOP in the ledger before `send` has read it; only `work` asks for it."""

    def __init__(self, database: Database, words: StopWords | None = None) -> None:
        self._database = database
        self._words = words or StopWords()

    async def ask(self, erasure: Erasure) -> None:
        """Keep it until it is done. Asking again under the same id changes nothing."""
        row = {
            "id": erasure.id,
            "person": _packed(erasure.person),
            "reason": erasure.reason,
            "asked_by": erasure.asked_by,
            "role": erasure.role,
            "asked_ms": erasure.asked_ms,
            "done_ms": 0,
            "counts": b"{}",
        }
        insert = self._database.insert_new(erasures)
        await self._database.write(lambda c: c.execute(insert, row))

    async def under_way(self) -> list[Erasure]:
        query = sa.select(erasures).where(erasures.c.done_ms == 0).order_by(erasures.c.asked_ms)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [
            Erasure(
                id=row["id"],
                person=Person(**{k: tuple(v) for k, v in orjson.loads(row["person"]).items()}),
                reason=row["reason"],
                asked_by=row["asked_by"],
                role=row["role"],
                asked_ms=row["asked_ms"],
            )
            for row in rows
        ]

    async def work(self, erasure: Erasure) -> Person:
        """Erase what there is now, in one transaction; returns all that was found so far.

        What was under way meanwhile is found by doing it again. Raises Unavailable.
        """

        def once(connection: sa.Connection) -> Person:
            lock_facts(connection)  # no fact is sealed with a key that goes meanwhile
            _overwrite_what_goes(connection)
            person = _widened(connection, erasure.person)
            erase_words(connection, person)
            unread = unread_events(connection, person.mention_ids, self._words)
            keys, at_ms = person.handle_keys, erasure.asked_ms
            keep_their_stop(self._database, connection, keys, unread, at_ms)
            counts = Counter(_counts(connection, erasure.id))
            counts["identity_keys"] += erase_blocks(connection, person)
            counts["facts"] += lock_signals(self._database, connection, person)
            for place in PLACES:
                counts[place.table.name] += place.erase(connection, person)
            counts["dead_letters"] += erase_letters(connection, person)
            counts["import_rejects"] += erase_rejects(connection, person)
            counts["rule_backtests"] += erase_samples(connection, person)
            told = {"person": _packed(person), "counts": _json(counts)}
            connection.execute(_this(erasure.id).values(**told))
            return person

        return await self._database.write(once)

    async def finish(self, erasure_id: str, now_ms: int) -> None:
        """It is done: who it was is known no more.

        Raises Unavailable; then it is under way still, and doing it again is harmless.
        """
        nobody = _packed(Person(handle_keys=()))

        def last(connection: sa.Connection) -> None:
            _overwrite_what_goes(connection)
            full_text.tidy(connection)
            connection.execute(_this(erasure_id).values(person=nobody))

        await self._database.write(last)
        await self._database.write(_empty_the_log)
        done = _this(erasure_id).values(done_ms=now_ms)
        await self._database.write(lambda c: c.execute(done))

    async def listed(self) -> list[dict[str, Any]]:
        """The newest first, with how many rows were erased in each table."""
        query = sa.select(erasures).order_by(erasures.c.asked_ms.desc()).limit(_LISTED)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        kept = [c.name for c in erasures.c if c.name not in ("person", "counts")]
        return [
            {name: row[name] for name in kept} | {"counts": orjson.loads(row["counts"])}
            for row in rows
        ]


class Dossiers:
    """Everything that the store has of one person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, handle_key: str) -> tuple[Person, dict[str, list[Row]]]:
        """The person, and the rows by table; keys are left out. Raises Unavailable."""

        def work(connection: sa.Connection) -> tuple[Person, dict[str, list[Row]]]:
            person = person_of(connection, handle_key)
            found: dict[str, list[Row]] = {"facts": _facts(connection, person)}
            seen: dict[str, set[tuple[Any, ...]]] = {}
            for place in _TOLD:
                name, ids = str(place.table.name), [str(c.name) for c in place.table.primary_key]
                told, known = found.setdefault(name, []), seen.setdefault(name, set())
                for row in place.rows(connection, person):
                    if (id_ := tuple(row[column] for column in ids)) not in known:
                        known.add(id_)
                        told.append(place.told(row, person))
            found["dead_letters"] = list(letters_of(connection, person))
            found["import_rejects"] = list(rejects_of(connection, person))
            return person, found

        return await self._database.read(work)

    async def whom(self, handle_key: str) -> Person | None:
        """The person, if anything is kept of them: looks no further than that. Raises Unavailable.

        That may be something that is erased and not handed out, as it may be somebody else's.
        """

        def work(connection: sa.Connection) -> Person | None:
            person = person_of(connection, handle_key)
            return person if _known(connection, person) else None

        return await self._database.read(work)


def _known(connection: sa.Connection, person: Person) -> bool:
    return (
        any(place.exists(connection, person) for place in _TOLD)
        or any(
            connection.scalar(sa.select(sa.literal(1)).where(facts.c.mention_id.in_(some)).limit(1))
            for some in in_parts(person.mention_ids)
        )
        or any(True for _ in erasable_letters(connection, person))
        or any(True for _ in erasable_rejects(connection, person))
    )


def _facts(connection: sa.Connection, person: Person) -> list[Row]:
    told: list[Row] = []
    for some in in_parts(person.mention_ids):
        query = sa.select(facts.c.body).where(facts.c.mention_id.in_(some)).order_by(facts.c.seq)
        told += open_facts(connection, connection.scalars(query))
    return told


def _widened(connection: sa.Connection, person: Person) -> Person:
    """The person as they were when it was asked for, with the mentions that came since.

    A handle that somebody else has by now is theirs: what is under it is not looked at again.
    """
    mine = set(person.customer_ids)
    keys = [k for k in person.handle_keys if mine.issuperset(customers_of_person(connection, k))]
    return Person(
        handle_keys=tuple(keys),
        customer_ids=person.customer_ids,
        mention_ids=tuple(sorted({*person.mention_ids, *mentions_of(connection, keys)})),
    )


def _packed(person: Person) -> bytes:
    return orjson.dumps(
        {
            "handle_keys": person.handle_keys,
            "customer_ids": person.customer_ids,
            "mention_ids": person.mention_ids,
        }
    )


def _counts(connection: sa.Connection, erasure_id: str) -> dict[str, int]:
    query = sa.select(erasures.c.counts).where(erasures.c.id == erasure_id)
    counts: dict[str, int] = orjson.loads(connection.scalar(query) or b"{}")
    return counts


def _json(counts: Counter[str]) -> bytes:
    return orjson.dumps({str(name): rows for name, rows in counts.items() if rows})


def _this(erasure_id: str) -> sa.Update:
    return sa.update(erasures).where(erasures.c.id == erasure_id)


def _overwrite_what_goes(connection: sa.Connection) -> None:
    """SQLite leaves deleted bytes in its file unless it is told to write zeros over them."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def _empty_the_log(connection: sa.Connection) -> None:
    """SQLite's log has the pages as they were before, until it is brought into the file.

    Raises Unavailable where somebody reads what is in it.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("COMMIT")
        busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        connection.exec_driver_sql("BEGIN")
        if busy:
            raise Unavailable("the store's log is in use, so what was erased is still in it")
