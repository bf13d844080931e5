"""Signals in the store: each once, by person or product, from when the ledger has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from app.adapters.store import tables
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.personal import PLACES, person_of
from app.adapters.store.signals import Signals
from app.core.signal import CUSTOMER, HANDLE, PRODUCT, Signal, signal_of, subject
from tests.builders import NOON_MS
from tests.core.context_house import DELAY, HOUR_MS, NEW_YORK, WEEK_MS

KIM, KETTLE = subject(CUSTOMER, "C-1"), subject(PRODUCT, "Kettle")


def parcel(id_: str = "1", **given: Any) -> Signal:
    base: dict[str, Any] = {
        "kind": DELAY,
        "sender": "",
        "source": "logistics",
        "id": id_,
        "at_ms": NOON_MS,
        "subject": "Parcel P-1",
        "customer": "C-1",
        "place": NEW_YORK,
    }
    return Signal(**base | given)


async def recorded(database: Database, *signals: Signal) -> Signals:
    """The ledger has these, and they were taken in."""
    facts = [signal.fact(NOON_MS, {"type": "system", "id": "x"}).as_dict() for signal in signals]
    await Ledger(database).append([fact | {"actor": dict(fact["actor"])} for fact in facts])
    kept = Signals(database)
    while await kept.take():
        pass
    return kept


async def found(kept: Signals, subject_: str, at_ms: int = NOON_MS) -> list[str]:
    return [signal_of(fact).id for fact in await kept.of([subject_], at_ms)]


async def test_a_signal_counts_from_when_the_ledger_has_it(database: Database) -> None:
    """A8.5: nothing is said that the ledger cannot prove."""
    kept = Signals(database)
    await kept.keep([parcel()])
    assert await found(kept, KIM) == []
    assert await kept.event(parcel().event) == []
    await recorded(database, parcel())
    assert await found(kept, KIM) == ["1"]
    assert await kept.event(parcel().event) == [parcel()]


async def test_the_same_again_is_known_by_what_it_says(database: Database) -> None:
    kept = Signals(database)
    first = await kept.keep([parcel()])
    assert first == [parcel().digest]
    assert await kept.keep([parcel(subject="Parcel P-2")]) == first


async def test_the_ledger_alone_makes_the_tables_again(database: Database) -> None:
    """A8.3: everything can be rebuilt from the facts."""
    kept = await recorded(database, parcel(), parcel("2", customer="", products=("Kettle",)))
    assert (await found(kept, KIM), await found(kept, KETTLE)) == (["1"], ["2"])
    assert not await kept.take()


async def test_it_concerns_mentions_within_its_window_alone(database: Database) -> None:
    kept = await recorded(database, parcel())
    inside = (NOON_MS - HOUR_MS, NOON_MS + WEEK_MS)
    assert [await found(kept, KIM, at) for at in inside] == [["1"], ["1"]]
    outside = (NOON_MS - HOUR_MS - 1, NOON_MS + WEEK_MS + 1)
    assert [await found(kept, KIM, at) for at in outside] == [[], []]


async def test_the_window_is_that_of_the_fact(database: Database) -> None:
    """It was kept, then its kind was configured anew, then it was sent again and recorded."""
    await Signals(database).keep([parcel()])
    shorter = replace(DELAY, before_ms=HOUR_MS)
    kept = await recorded(database, parcel(kind=shorter))
    assert await found(kept, KIM, NOON_MS + 2 * HOUR_MS) == []


async def test_a_product_is_one_row_however_many_own_it(database: Database) -> None:
    kept = await recorded(database, parcel(customer="", products=("Kettle", "Kettle")))
    assert await found(kept, KETTLE) == ["1"]
    assert await kept.of([], NOON_MS) == []


async def test_the_newest_are_read_and_no_more_than_asked_for(database: Database) -> None:
    kept = await recorded(database, *(parcel(str(n)) for n in range(5)))
    assert [signal_of(fact).id for fact in await kept.of([KIM], NOON_MS, limit=2)] == ["4", "3"]


async def test_proactive_ones_are_found_while_they_concern_anybody(database: Database) -> None:
    """A8.6."""
    people = [
        parcel("2", kind=replace(DELAY, proactive=True), customer=one) for one in ("C-1", "C-2")
    ]
    kept = await recorded(database, parcel(), *people)
    [event] = await kept.proactive(NOON_MS)
    assert {(one.id, one.customer) for one in event} == {("2", "C-1"), ("2", "C-2")}
    assert await kept.proactive(NOON_MS + WEEK_MS + 1) == []


async def test_what_it_says_is_sealed_in_the_ledger_and_goes_with_the_key(
    database: Database,
) -> None:
    """A7.1: who is erased is not spoken of any more; the others are."""
    both = [parcel(customer="", handles=(key,), subject="Parcel P-77") for key in ("x:a", "x:b")]
    kept = await recorded(database, *both)
    assert len(await kept.event(both[0].event)) == 2
    with database.engine.connect() as connection:
        bodies = connection.execute(sa.select(tables.facts.c.body)).scalars().all()
    assert not any(b"P-77" in body or b"x:a" in body for body in bodies)

    def forget(connection: sa.Connection) -> None:
        person = person_of(connection, "x:a")
        for place in PLACES:
            place.erase(connection, person)

    await database.write(forget)
    assert [one.handles for one in await kept.event(both[0].event)] == [("x:b",)]
    assert await found(kept, subject(HANDLE, "x:a")) == []
    await database.write(lambda c: c.execute(sa.delete(tables.cursors)) and None)
    while await kept.take():
        pass
    assert await found(kept, subject(HANDLE, "x:a")) == []
    assert await found(kept, subject(HANDLE, "x:b")) == ["1"]
