"""A person is one and the same from every id and handle, and no import makes one of two."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.adapters.profile_blob import unpacked
from app.adapters.store import tables
from app.adapters.store.database import Database
from app.adapters.store.erasures import Erasure, Erasures
from app.adapters.store.identity_joins import Said, members
from app.adapters.store.identity_nodes import Entry
from app.adapters.store.identity_whole import handles_in, whole_of
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.outbound import OutboundLog
from app.adapters.store.personal import person_of
from app.adapters.store.persons import handles_of_person, keys_of_person
from app.adapters.store.timeline import _person as timeline_of
from app.core import joins
from app.core.consent import STOP
from app.core.errors import Conflict
from app.core.matching import REVIEW, Verdict
from app.core.particulars import CUSTOMER, Particulars, node_of_handle, split_node
from app.core.permission import STOPPED, Permit, Refusal
from app.core.person import customer_key
from app.core.profile_fields import Row, statement_of
from app.processes.identity import IdentityWatch
from app.processes.profile_cache import ProfileCache
from tests.adapters.test_identity import SUPERVISOR, KeptCache, People
from tests.adapters.test_outbound_log import POLICY, consent, going
from tests.builders import NOON_MS, keep_customer

FOUR = ("x:h0", "x:h1", "email:h2", "webchat:h3")
THREE = ("C0", "C1", "C2")
NODES = (*(f"customer:{id_}" for id_ in THREE), *map(node_of_handle, FOUR))
A, B, D, E = (f"customer:{id_}" for id_ in "ABDE")


class WholeCache(KeptCache):
    """The profile cache, as joins and changes of profiles fill it."""

    def __init__(self) -> None:
        super().__init__()
        self._at: Any = None

    async def position(self) -> Any:
        return self._at, self._at is not None

    async def put(self, blobs: Any, position: Any, filled: bool) -> None:
        self._at = position
        await self.change(blobs)


async def introduce(people: People, *handle_keys: str) -> None:
    """Let these handles be known, though no record names them."""
    entries = [
        Entry(node=node_of_handle(key), known=Particulars(), source=key) for key in handle_keys
    ]
    await people.nodes.enter(entries, NOON_MS)


async def four_of_whom_two_are_asked_about(database: Database) -> People:
    """A, B, D and E; whether A is D, a person is to say."""
    people = People(database)
    for id_ in "ABDE":
        await keep_customer(database, id_, name=id_)
    verdict = Verdict(band=REVIEW, score=5.0, confidence=0.8, why="w")
    await people.joins.ask([(A, D, verdict)], NOON_MS)
    return people


async def keep_apart(people: People, a: str, b: str, key: str = "a") -> None:
    def decide(scene: Any) -> list[joins.Draft]:
        return joins.keep_apart(scene.people, (a, b), SUPERVISOR)

    await people.joins.act((a, b), decide, SUPERVISOR, Said(op_id=key))


async def asked(people: People) -> set[tuple[str, str]]:
    return {(each["a"], each["b"]) for each in await people.joins.reviews(99)}


async def test_an_import_joins_no_two_customers_through_a_joined_handle(database: Database) -> None:
    """A2.3: the event counts; the line of the record is a question for a person."""
    people = People(database)
    await keep_customer(database, "D", "loyalty:a17", name="Dora", tier="gold")
    await introduce(people, "x:kim")
    await people.join("customer:D", "handle:x:kim")
    await keep_customer(database, "C", "x:kim", "email:c@x.test", name="Carl")
    for node in ("handle:x:kim", "customer:D"):
        one = await people.table.person(node)
        assert one.nodes == ("customer:D", "handle:x:kim")
        assert one.handle_keys == ("loyalty:a17", "x:kim")
        assert one.profile.name == "Dora"
    assert (await people.table.person("customer:C")).handle_keys == ("email:c@x.test",)
    blob = (await people.changed("C"))["x:kim"]
    assert unpacked(blob or b"").name == "Dora"
    await people.watch.go_round()
    assert await asked(people) == {("customer:C", "handle:x:kim")}


async def test_a_record_that_names_a_joined_handle_is_asked_about_when_it_writes(
    database: Database,
) -> None:
    people = People(database)
    await keep_customer(database, "D", "loyalty:a17", name="Dora")
    await introduce(people, "x:kim")
    await people.join("customer:D", "handle:x:kim")
    await keep_customer(database, "C", "x:kim", name="Carl")
    await people.says("x", "kim", identity={"ids": {"shop": "9"}})
    assert await asked(people) == {("customer:C", "handle:x:kim")}


async def test_an_import_joins_no_two_customers_by_handles_that_are_joined(
    database: Database,
) -> None:
    """The earliest claim counts, as where two records name one handle."""
    people = People(database)
    await introduce(people, "x:h1", "x:h2")
    await people.join("handle:x:h1", "handle:x:h2")
    await keep_customer(database, "C1", "x:h1", name="Carl")
    await keep_customer(database, "C2", "x:h2", "email:e@x.test", name="Eve")
    assert await people.group("customer:C1") == ("customer:C1", "handle:x:h1", "handle:x:h2")
    assert await people.group("handle:x:h2") == await people.group("customer:C1")
    assert await people.group("customer:C2") == ("customer:C2",)
    assert await people.handles("email:e@x.test") == ["email:e@x.test"]


async def test_no_record_brings_together_what_somebody_told_apart(database: Database) -> None:
    """Neither by the handle that it names, nor by one that is joined with that."""
    people = People(database)
    await introduce(people, "x:h1", "x:h2")
    await people.join("handle:x:h1", "handle:x:h2")
    await keep_customer(database, "C1", "x:h1", name="Carl")
    await keep_apart(people, "handle:x:h2", "customer:C1")
    assert await people.group("handle:x:h1") == ("handle:x:h1", "handle:x:h2")
    assert await people.changed("C1") == {"x:h1": None, "x:h2": None}
    await people.watch.go_round()
    assert await asked(people) == set()


async def test_the_cache_forgets_a_handle_whose_line_counts_no_more(database: Database) -> None:
    """A join with somebody who was told apart from it takes it out of its customer's person."""
    people = People(database)
    await introduce(people, "x:h1", "x:h2")
    await keep_customer(database, "C1", "x:h1", name="Carl")
    await keep_apart(people, "handle:x:h1", "handle:x:h2")
    await people.watch.show()
    assert people.cache.held == {"x:h1": "C1"}
    await people.join("handle:x:h2", "customer:C1")
    await people.watch.show()
    assert people.cache.held == {"x:h2": "C1"}


async def test_who_is_erased_takes_no_other_customer_along(database: Database) -> None:
    people = People(database)
    await keep_customer(database, "D", "loyalty:a17", name="Dora")
    await introduce(people, "x:kim")
    await people.join("customer:D", "handle:x:kim")
    await keep_customer(database, "C", "x:kim", "email:c@x.test", name="Carl")
    erasures = Erasures(database)
    whom = await database.read(lambda c: person_of(c, customer_key("C")))
    await erasures.ask(
        Erasure(
            id="e1", person=whom, reason="r",
            asked_by="ada", role="admin", asked_ms=NOON_MS,
        )
    )  # fmt: skip
    [erasure] = await erasures.under_way()
    gone = await erasures.work(erasure)
    assert gone.customer_ids == ("C",)
    assert (await people.table.person("customer:D")).profile.name == "Dora"
    held = await database.read(lambda c: c.execute(sa.select(tables.handles)).all())
    assert [(row.handle_key, row.customer_id) for row in held] == [("loyalty:a17", "D")]


@pytest.mark.parametrize("stopped", ["mastodon:h2", "x:h1", "email:c@x.test"])
async def test_a_stop_on_one_handle_blocks_the_others_of_the_person(
    database: Database, stopped: str
) -> None:
    """A4.8: the handle is joined, its fellow is in the record; the mail is one more."""
    people = People(database)
    await introduce(people, "x:h1", "mastodon:h2")
    await people.join("handle:x:h1", "handle:mastodon:h2")
    await keep_customer(database, "C", "x:h1", "email:c@x.test", name="Carl")
    kept = OutboundLog(database)
    mail = {"channel": "email", "handle": "c@x.test", "handle_key": "email:c@x.test"}
    await kept.take(("send", 0), [], [going("a", **mail), going("b", seq=2, **mail)], NOON_MS)
    assert isinstance(await kept.decide(going("a", **mail), POLICY, "send", NOON_MS), Permit)
    await kept.take(("send", 0), [consent(STOP, stopped)], [], NOON_MS)
    refusal = await kept.decide(going("b", **mail), POLICY, "send", NOON_MS)
    assert isinstance(refusal, Refusal)
    assert refusal.code == STOPPED


async def test_an_unjoin_asks_again_what_the_join_had_settled(database: Database) -> None:
    people = await four_of_whom_two_are_asked_about(database)
    await keep_apart(people, B, D)
    [event] = await people.join(A, B)
    assert await asked(people) == set()
    await people.unjoin(event.seq)
    assert await asked(people) == {(A, D)}


async def test_an_unjoin_asks_nothing_that_is_answered_by_another_id(database: Database) -> None:
    people = await four_of_whom_two_are_asked_about(database)
    await people.join(D, E, "d")
    await keep_apart(people, A, E)
    [event] = await people.join(A, B, "b")
    await people.unjoin(event.seq)
    assert await asked(people) == set()


async def test_a_crash_amid_the_first_import_leaves_nobody_uncompared(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import is one change of very many customers: the next process compares the rest."""
    people, compared, killed_at = People(database), set[str](), 250
    ids = [f"S{n:03}" for n in range(450)]
    said = [[("customer_id", id_), ("name", id_)] for id_ in ids]
    await people.statements.take(
        [Row(line=1, statement=statement_of(pairs, "crm", 1, NOON_MS)) for pairs in said]
    )

    async def compare(_watch: IdentityWatch, entry: Entry) -> None:
        if killed_at == len(compared):
            raise KilledError
        compared.add(entry.node)

    monkeypatch.setattr(IdentityWatch, "_compare", compare)
    with pytest.raises(KilledError):
        await people.watch.go_round()
    before = set(compared)
    compared.clear()
    killed_at = -1
    await People(database).watch.go_round()
    assert before | compared == {f"customer:{id_}" for id_ in ids}


# As many joins and claims as all the rest: a short life of few people, in which much collides.
JOINED = st.tuples(st.just("join"), st.sampled_from(NODES), st.sampled_from(NODES))
CLAIMED = st.tuples(st.sampled_from(FOUR), st.sampled_from(THREE), st.integers(1, 5))
APART = st.tuples(st.just("apart"), st.sampled_from(NODES), st.sampled_from(NODES))
UNJOINED = st.tuples(st.just("unjoin"), st.integers(0, 9), st.just(""))
LIFE = st.tuples(
    JOINED, CLAIMED, JOINED, CLAIMED, APART, CLAIMED, JOINED, UNJOINED, CLAIMED
).flatmap(st.permutations)


class KilledError(Exception):
    """The process was killed."""


async def lived(database: Database, actions: list[tuple[Any, Any, Any]]) -> WholeCache:
    """A store of people to whom all this was done, with the cache that followed."""
    people, cache = People(database), WholeCache()
    people.watch = IdentityWatch(replace(people.around, cache=cache))
    follow = ProfileCache(people.statements, cache, people.table)  # type: ignore[arg-type]
    await introduce(people, *FOUR)
    for number, id_ in enumerate(THREE):
        await keep_customer(database, id_, f"sms:+{number}", source="till", name=id_)
    for number, (what, one, other) in enumerate(actions):
        with suppress(Conflict):
            if what == "join":
                await people.join(one, other, str(number))
            elif what == "apart":
                await keep_apart(people, one, other, str(number))
            elif what == "unjoin":
                done = await people.joins.since(0, 99)
                seqs = [event.seq for event in done if event.kind == joins.JOINED]
                await people.unjoin(seqs[one % len(seqs)] if seqs else 0, str(number))
            else:
                await claim(people, what, one, other)
        await people.watch.show()
        await follow.turn()
    return cache


async def claim(people: People, handle_key: str, customer_id: str, since_ms: int) -> None:
    """The record of a customer names a handle."""
    channel, _, handle = handle_key.partition(":")
    pairs = [("customer_id", customer_id), (f"handle.{channel}", handle)]
    row = Row(line=1, statement=statement_of(pairs, "crm", since_ms, NOON_MS))
    await people.statements.take([row])


def emptied(connection: sa.Connection) -> None:
    for table in reversed(tables.metadata.sorted_tables):
        connection.execute(sa.delete(table))


def agreed(connection: sa.Connection) -> None:
    """Every way to a person finds the same nodes and keys, and its customers events joined."""
    wholes = {node: frozenset(whole_of(connection, node)) for node in NODES}
    for whole in set(wholes.values()):
        assert all(wholes[node] == whole for node in whole)
        customers = {node for node in whole if split_node(node)[0] == CUSTOMER}
        assert all(customers <= members(connection, node) for node in customers)
        own = {customer_key(split_node(node)[1]) for node in customers}
        every = own.union(handles_in(connection, whole))
        for key in every:
            assert set(keys_of_person(connection, key)) == every  # an erasure's, an export's
            assert {*own, *handles_of_person(connection, key)} == every  # the gate's
            assert set(timeline_of(connection, key).keys) == every


@settings(
    max_examples=6, deadline=None, derandomize=True,
    phases=[Phase.generate],  # a failing life is read as it was found
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(LIFE)
def test_a_person_is_the_same_from_every_door(
    database: Database, actions: list[tuple[Any, Any, Any]]
) -> None:
    """The gate, erasure, the timeline and the cache see one person, whatever was done before."""
    database.run_now(emptied)
    cache = asyncio.run(lived(database, actions))
    database.run_now(agreed, reading=True)
    every = [*FOUR, "sms:+0", "sms:+1", "sms:+2"]
    known = asyncio.run(KnownProfiles(database).known(every))
    assert cache.held == {key: profile.customer_id for key, profile in known.items()}
