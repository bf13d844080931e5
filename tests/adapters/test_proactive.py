"""Whom a signal hurts: by name or by product, silent so far, not told yet, each once."""

from __future__ import annotations

from typing import Any

from app.adapters.store import proactive as proactive_store
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.proactive import Proactive
from app.adapters.store.record import Record
from app.adapters.store.signals import Signals
from app.core.history import Folded, Matter
from app.core.proactive import Person, person_of, proposed, warning, warning_message
from app.core.profile import Profile
from app.core.signal import CUSTOMER, subject
from tests.adapters.test_signals_kept import parcel
from tests.builders import NOON_MS, keep_profiles
from tests.core.context_house import DELAY

SOFIA = {"type": "user", "id": "sofia", "role": "supervisor"}
RECALL: dict[str, Any] = {"customer": "", "products": ("Kettle",)}


def owner(number: int, *products: str, **given: Any) -> Profile:
    return Profile(customer_id=f"C-{number:04}", name=f"Kim {number}", products=products, **given)


async def known_as(database: Database, found: dict[str, Profile]) -> None:
    await keep_profiles(database, found)


async def spoke(database: Database, handle_key: str, at_ms: int) -> None:
    said = Matter(
        mention_id=f"m-{handle_key}",
        status="received",
        changed_ms=at_ms,
        handle_key=handle_key,
        channel=handle_key.split(":")[0],
        detected_ms=at_ms,
    )
    folded = Folded(matters={said.mention_id: said}, changed={said.mention_id})
    await Record(database).write("record", 1, folded)


async def names(database: Database, most: int = 100, **given: Any) -> list[str]:
    found = await Proactive(database).hurt([parcel(**given)], most)
    assert found.complete
    return [person.handle for person in found.people]


async def test_the_owners_of_a_product_are_found_when_they_are_asked_for(
    database: Database,
) -> None:
    """A8.6: no rows are made for them when the signal comes."""
    await known_as(
        database,
        {"x:a": owner(1, "Kettle", "Fan"), "x:b": owner(2, "Fan"), "x:c": owner(3, "Kettle")},
    )
    assert await names(database, **RECALL) == ["a", "c"]


async def test_customers_and_handles_are_told_at_the_channel_that_they_prefer(
    database: Database,
) -> None:
    one = owner(1, preferred_channel="email")
    await known_as(database, {"x:a": one, "email:a@b.c": one})
    found = await Proactive(database).hurt([parcel(customer="C-0001")], 10)
    assert found.people == (
        Person(key=subject(CUSTOMER, "C-0001"), name="Kim 1", channel="email", handle="a@b.c"),
    )
    keys = ("x:a", "sms:4711", "email:a@b.c")
    each = [parcel(customer="", handles=(key,)) for key in keys]
    several = await Proactive(database).hurt(each, 10)
    assert [person.handle for person in several.people] == ["a@b.c", "4711"]


async def test_who_has_spoken_since_is_not_told(database: Database) -> None:
    """A8.6: before they ask; who asked is answered."""
    one, other = owner(1, "Kettle"), owner(2, "Kettle")
    await known_as(database, {"x:a": one, "email:a@b.c": one, "x:b": other})
    await spoke(database, "email:a@b.c", NOON_MS)
    await spoke(database, "x:b", NOON_MS - 1)
    assert await names(database, **RECALL) == ["b"]


async def test_nobody_is_told_twice(database: Database) -> None:
    await known_as(database, {"x:a": owner(1, "Kettle"), "x:b": owner(2, "Kettle")})
    first = (await Proactive(database).hurt([parcel(**RECALL)], 1)).people
    facts = [warning(parcel(**RECALL), one, "Careful", NOON_MS, SOFIA) for one in first]
    await Ledger(database).append([fact.as_dict() for fact in facts])
    while await Signals(database).take():
        pass
    assert await names(database, **RECALL) == ["b"]
    assert await names(database, id_="2", **RECALL) == ["a", "b"]  # another signal


async def test_more_than_are_asked_for_are_said_to_be_more(database: Database) -> None:
    await known_as(database, {f"x:{n}": owner(n, "Kettle") for n in range(5)})
    found = await Proactive(database).hurt([parcel(**RECALL)], 3)
    assert (len(found.people), found.complete) == (3, False)
    exact = await Proactive(database).hurt([parcel(**RECALL)], 5)
    assert (len(exact.people), exact.complete) == (5, True)


async def test_a_look_reads_so_many_profiles_and_no_more(database: Database) -> None:
    """A product with a million owners does not stop the screens."""
    page = proactive_store._PAGE
    await known_as(database, {f"x:{n}": owner(n) for n in range(page)})
    await known_as(database, {"x:last": owner(page, "Kettle")})
    looked = await Proactive(database).hurt([parcel(**RECALL)], 5, looked_at=page)
    assert (looked.people, looked.complete) == ((), False)
    assert await names(database, **RECALL) == ["last"]


def test_a_warning_is_a_fact_and_a_message_of_its_own_purpose() -> None:
    """A8.6, A7.1: by whose leave stands in the ledger."""
    signal, person = parcel(), person_of(["sms:4711"])
    assert person
    fact = warning(signal, person, "It is late", NOON_MS, SOFIA)
    assert warning(signal, person, "Other words", NOON_MS + 1, SOFIA).fact_id == fact.fact_id
    outgoing = warning_message(fact.as_dict() | {"seq": 7})
    assert outgoing
    message = outgoing.message
    assert (message.channel, message.handle, message.text) == ("sms", "4711", "It is late")
    assert (message.purpose, message.by) == ("proactive", "rep:sofia")
    assert warning_message(fact.as_dict() | {"seq": 7, "unreadable": "erased"}) is None


def test_who_has_no_usable_handle_is_nobody_to_be_told() -> None:
    assert person_of([]) is None
    assert person_of(["x:" + "h" * 201, "broken"]) is None


def test_the_proposed_text_names_the_subject() -> None:
    kind = DELAY.__class__(name="delay", title="Delay", says="x", draft="Your {subject} is late.")
    assert proposed(parcel(kind=kind, subject="{0} P-1")) == "Your {0} P-1 is late."
