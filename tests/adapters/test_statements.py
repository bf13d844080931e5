"""What sources say of customers, kept: nothing overwritten, collisions visible, changes told."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.profile_blob import packed, unpacked
from app.adapters.store.database import Database
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.statements import Statements
from app.adapters.store.tables import handles
from app.core.known import Order
from app.core.profile import MISSING, Profile
from app.core.profile_fields import Row, statement_of

NOW_MS = 1_795_000_000_000
ORDER = Order(trusted=("crm",))


def said_row(source: str = "crm", at_ms: int = 1_000, line: int = 2, **given: object) -> Row:
    pairs = [(name.replace("__", "."), value) for name, value in given.items()]
    return Row(line=line, statement=statement_of(pairs, source, at_ms, NOW_MS))


async def test_what_is_said_of_a_customer_is_found_under_every_handle(database: Database) -> None:
    """A2.1: several handles of one customer lead to the same record."""
    store = Statements(database, ORDER)
    row = said_row(customer_id="C1", name="Kim", handle__x="@Kim", handle__email="kim@a.test")
    taken = await store.take([row])
    assert taken.counts | {"new": 0} == dict.fromkeys(taken.counts, 0)
    found = (await KnownProfiles(database).of(["x:kim", "email:kim@a.test", "x:lee"])).profiles
    assert [(one.known, one.name) for one in found] == [(True, "Kim"), (True, "Kim"), (False, "")]


async def test_the_same_import_twice_changes_nothing(database: Database) -> None:
    """A2.7"""
    store = Statements(database, ORDER)
    rows = [said_row(line=n, customer_id=f"C{n}", name="Kim", handle__x=f"kim{n}") for n in (1, 2)]
    await store.take(rows)
    before = await store.changed((0, ""), 10)
    taken = await store.take(rows)
    assert taken.counts["same"] == 2
    assert await store.changed((0, ""), 10) == before
    assert len(await store.of_customer("C1")) == 1


async def test_a_later_statement_stands_beside_the_earlier_one(database: Database) -> None:
    """A2.4"""
    store = Statements(database, ORDER)
    await store.take([said_row(customer_id="C1", tier="gold", handle__x="kim")])
    await store.take([said_row("rewards", 2_000, customer_id="C1", tier="silver", rewards=40)])
    await store.take([said_row(at_ms=3_000, customer_id="C1", tier="platinum")])
    said = [(s.source, s.says["tier"]) for s in await store.of_customer("C1")]
    assert said == [("crm", "gold"), ("rewards", "silver"), ("crm", "platinum")]
    [profile] = (await KnownProfiles(database).of(["x:kim"])).profiles
    assert (profile.tier, profile.rewards) == ("platinum", 40.0)


async def test_said_again_later_it_is_newer_and_no_second_statement(database: Database) -> None:
    store = Statements(database)
    await store.take([said_row("a", 1_000, customer_id="C1", tier="gold", handle__x="kim")])
    await store.take([said_row("b", 2_000, customer_id="C1", tier="silver")])
    taken = await store.take([said_row("a", 3_000, customer_id="C1", tier="gold", handle__x="kim")])
    assert taken.counts["same"] == 1
    first, _ = await store.of_customer("C1")
    assert (first.at_ms, first.seen_ms) == (1_000, 3_000)
    [profile] = (await KnownProfiles(database).of(["x:kim"])).profiles
    assert profile.tier == "gold", "what was said last is shown"


async def test_a_handle_that_two_customers_claim_stays_with_the_first_and_shows(
    database: Database,
) -> None:
    """A2.3"""
    store = Statements(database)
    await store.take([said_row(customer_id="C1", name="Kim", handle__x="kim")])
    taken = await store.take([said_row("crm", 5_000, customer_id="C2", name="K", handle__x="kim")])
    assert taken.counts["contested"] == 1
    [profile] = (await KnownProfiles(database).of(["x:kim"])).profiles
    assert profile.customer_id == "C1"
    assert await store.contested("C1") == {"x:kim": ["C2"]}
    assert await store.contested("C2") == {"x:kim": ["C1"]}


async def test_whoever_claimed_a_handle_first_holds_it_in_whatever_order_it_is_told(
    database: Database,
) -> None:
    store = Statements(database)
    await store.take([said_row("crm", 5_000, customer_id="C2", handle__x="kim")])
    await store.take([said_row("crm", 1_000, customer_id="C1", handle__x="kim")])
    [profile] = (await KnownProfiles(database).of(["x:kim"])).profiles
    assert profile.customer_id == "C1"
    assert await store.contested("C2") == {"x:kim": ["C1"]}
    assert await store.contested("C1") == {"x:kim": ["C2"]}
    ambiguous = await store.take([said_row("crm", 6_000, handle__x="kim", tier="gold")])
    assert [one.code for one in ambiguous.rejected] == ["ambiguous"]


async def test_changes_are_told_in_order_page_by_page(database: Database) -> None:
    store = Statements(database)
    for number in range(5):
        await store.take([said_row(customer_id=f"C{number}", name="K", handle__x=f"k{number}")])
    seen: list[str] = []
    after = (0, "")
    while page := await store.changed(after, 2):
        seen += [one.customer_id for one in page]
        after = (page[-1].number, page[-1].customer_id)
    assert seen == [f"C{n}" for n in range(5)]
    assert await store.last_change() == 5
    await store.take([said_row(at_ms=9_000, customer_id="C0", name="New")])
    [again] = await store.changed(after, 2)
    assert (again.customer_id, again.handle_keys) == ("C0", ("x:k0",))


async def test_a_customer_without_an_id_is_the_one_whose_handle_it_is(database: Database) -> None:
    """A2.2"""
    store = Statements(database)
    await store.take([said_row(customer_id="C1", handle__x="kim", handle__email="k@a.test")])
    await store.take([said_row("chat", handle__x="kim", lang="de")])
    await store.take([said_row("chat", handle__sms="+49", lang="fr")])
    kim, other = (await KnownProfiles(database).of(["email:k@a.test", "sms:+49"])).profiles
    assert (kim.customer_id, kim.lang) == ("C1", "de")
    assert other.known
    assert (other.customer_id.startswith("h-"), other.lang) == (True, "fr")


async def test_a_row_without_an_id_adds_to_who_claims_its_handle_and_overwrites_nothing(
    database: Database,
) -> None:
    """A2.3: whoever held the handle is gone; one customer who claims it, too, is left."""
    store = Statements(database)
    await store.take([said_row("crm", 1_000, customer_id="C1", name="Ann", handle__sms="+44")])
    bob = said_row("crm", 2_000, customer_id="C2", name="Bob", tier="gold", handle__sms="+44")
    await store.take([bob])
    gone = sa.delete(handles).where(handles.c.customer_id == "C1")
    await database.write(lambda connection: connection.execute(gone))
    taken = await store.take([said_row("crm", 3_000, handle__sms="+44", lang="de")])
    assert (taken.counts["new"], taken.counts["changed"]) == (0, 1)
    [profile] = (await KnownProfiles(database).of(["sms:+44"])).profiles
    assert (profile.customer_id, profile.name) == ("C2", "Bob")
    assert (profile.tier, profile.lang) == ("gold", "de")


async def test_another_order_of_trust_folds_all_profiles_again(database: Database) -> None:
    """The statements are the truth; a profile is only their fold."""
    store = Statements(database, ORDER)
    for number in range(5):
        row = {"customer_id": f"C{number}", "handle__x": f"kim{number}"}
        await store.take([said_row(tier="gold", **row), said_row("shop", 9, tier="silver", **row)])
    assert await store.refold() == 5, "it was never said by which order they were folded"
    assert await store.refold() == 0
    other = Statements(database, Order(trusted=("shop",)))
    before = await other.last_change()
    assert await other.refold(limit=2) == 5
    known = await KnownProfiles(database).known([f"x:kim{number}" for number in range(5)])
    assert {one.tier for one in known.values()} == {"silver"}
    assert len(await other.changed((before, "~"), 10)) == 5, "and the cache is told"


def test_a_blob_holds_what_is_known_and_no_more() -> None:
    profile = Profile(customer_id="C1", products=("a",), value=2.0)
    assert packed(profile) == b'{"customer_id":"C1","value":2.0,"products":["a"]}'
    assert unpacked(packed(profile)) == profile
    assert unpacked(b"broken") == MISSING
