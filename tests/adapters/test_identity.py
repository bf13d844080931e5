"""Identity in the store: every join an event, taken back exactly, and nobody overwritten."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.identity_weights import load
from app.adapters.normal_forms import (
    born,
    id_key,
    mail,
    name_tokens,
    particulars,
    phone,
    words,
)
from app.adapters.profile_blob import unpacked
from app.adapters.store import identity_tables as t
from app.adapters.store.database import Database
from app.adapters.store.erasures import Dossiers, Erasure, Erasures
from app.adapters.store.identity_joins import Joins, Said, Scene
from app.adapters.store.identity_nodes import Entry, Nodes
from app.adapters.store.identity_people import PeopleTable
from app.adapters.store.known_profiles import KnownProfiles
from app.adapters.store.ledger import Ledger
from app.adapters.store.persons import handles_of_person
from app.adapters.store.record import Record
from app.adapters.store.statements import Statements
from app.adapters.store.timeline import Ask, Timeline
from app.core import joins
from app.core.blocking import MOST_ALIKE
from app.core.errors import Conflict
from app.core.history import Folded
from app.core.history_lines import Entry as Line
from app.core.joins import Draft, Event, Who
from app.core.person import customer_key
from app.core.profile import Profile
from app.core.profile_fields import Row, statement_of
from app.processes.identity import IdentityWatch, Surroundings
from app.settings import IDENTITY
from tests.builders import NOON_MS

SUPERVISOR = Who(name="sofia", role="supervisor", at_ms=NOON_MS, reason="They told me")
KIM = Profile(customer_id="C1", name="Kim Lee", tier="gold", value=900.0)
KIM_AGAIN = Profile(customer_id="C2", name="Kim Lee", open_cases=1)
C1, C2, ON_X = "customer:C1", "customer:C2", "handle:x:kim"


class KeptCache:
    """The profile cache, as the watch changes it."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    async def change(self, blobs: Any) -> None:
        for key, blob in blobs.items():
            self.held.pop(key, None)
            if blob is not None:
                self.held[key] = unpacked(blob).customer_id


class People:
    """A store with customers, a ledger that tells who writes, and the watch that compares."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger, self.record = Ledger(database), Record(database)
        self.joins, self.table, self.cache = Joins(database), PeopleTable(database), KeptCache()
        self.nodes, self.statements = Nodes(database), Statements(database)
        self.around = Surroundings(
            database=database, weights=load(IDENTITY), cache=self.cache, now_ms=lambda: NOON_MS,
            channels=("x", "webchat", "email", "sms", "phone"),
        )  # fmt: skip
        self.watch = IdentityWatch(self.around)
        self._said = 0

    async def customers(self, **rows_of: Profile) -> None:
        """Profiles by handle key, with `__` for the colon; compared with all others."""
        rows = []
        for key, profile in rows_of.items():
            channel, _, handle = key.partition("__")
            pairs = [
                ("customer_id", profile.customer_id), ("name", profile.name),
                ("tier", profile.tier), ("value", profile.value or ""),
                ("open_cases", profile.open_cases or ""), (f"handle.{channel}", handle),
            ]  # fmt: skip
            self._said += 1
            at_ms = NOON_MS - 1_000 + self._said
            rows.append(Row(line=1, statement=statement_of(pairs, "crm", at_ms, NOON_MS)))
        await self.statements.take(rows)
        await self.watch.go_round()
        await self.watch.show()

    async def says(self, channel: str, handle: str, name: str = "", **meta: Any) -> None:
        """A mention, from the ledger to the cache."""
        self._said += 1
        id_ = f"m{self._said}"
        said = {
            "channel": channel, "author": {"handle": handle, "name": name}, "meta": meta,
            "text": "Where is my suitcase?",
        }  # fmt: skip
        fact = {
            "fact_id": f"{id_}/received", "op": "received", "op_id": id_, "mention_id": id_,
            "now_ms": NOON_MS, "data": {"mention": said},
        }  # fmt: skip
        await self.ledger.append([fact])
        await self.watch.follow()

    async def join(self, a: str, b: str, key: str = "k", **said: str) -> list[Event]:
        def decide(scene: Scene) -> list[Draft]:
            return joins.join(scene.people, (a, b), SUPERVISOR, scene.strong, {})

        return await self.joins.act((a, b), decide, SUPERVISOR, Said(op_id=key, **said))

    async def unjoin(self, seq: int, key: str = "u") -> list[Event]:
        def decide(scene: Scene) -> list[Draft]:
            return joins.unjoin(scene.people, seq, SUPERVISOR)

        done = await self.joins.act_on(seq, decide, SUPERVISOR, Said(op_id=key))
        await self.watch.show()
        return done

    async def handles(self, key: str) -> list[str]:
        return await self.database.read(lambda c: handles_of_person(c, key))

    async def changed(self, *ids: str) -> dict[str, bytes | None]:
        """What the cache is to hold, beside each one's own, when these profiles have changed."""
        every = await self.statements.changed((-1, ""), 99)
        return await self.table.joined_blobs([c for c in every if c.customer_id in ids])

    async def said_by(self, customer: str) -> list[str]:
        timeline = Timeline(self.database)
        whom = await timeline.person(customer_key(customer.removeprefix("customer:")))
        return [line["fact_id"] for line in (await timeline.page(Ask(keys=whom.keys))).lines]

    async def group(self, node: str) -> tuple[str, ...]:
        return (await self.table.person(node)).nodes


@pytest.fixture
def house_of_people(database: Database) -> People:
    return People(database)


async def test_a_customer_is_recognised_on_another_channel_by_a_number(
    house_of_people: People,
) -> None:
    """A2.1, A2.3: whoever sent a text message calls; the next mention finds the profile."""
    people = house_of_people
    await people.customers(**{"sms__+447700900123": KIM})
    await people.says("phone", "+44 7700 900123", "Kim Lee")
    assert people.cache.held["phone:+44 7700 900123"] == "C1"
    [event] = (await people.table.person(C1)).joins
    assert (event.by, event.role) == ("identity", "service")
    assert event.data["confidence"] == 1.0
    evidence = {each["field"]: each for each in event.data["evidence"]}
    assert evidence["phone"]["level"] == "attested"
    assert evidence["phone"]["ours"] == "+447700900123"


async def test_a_source_attests_a_mail_and_an_id(house_of_people: People) -> None:
    people = house_of_people
    await people.customers(**{"email__kim.lee@gmail.com": KIM})
    await people.says("webchat", "visitor-7", identity={"mail": "KimLee+shop@googlemail.com"})
    assert people.cache.held["webchat:visitor-7"] == "C1"
    await people.says("webchat", "visitor-7", identity={"ids": {"Loyalty": "A-17"}})
    await people.says("app", "device-9", identity={"ids": {"loyalty": "A-17"}})
    assert people.cache.held["app:device-9"] == "C1"
    assert await people.handles("app:device-9") == [
        "app:device-9", "email:kim.lee@gmail.com", "webchat:visitor-7",
    ]  # fmt: skip


async def test_what_is_only_claimed_joins_nobody(house_of_people: People) -> None:
    people = house_of_people
    await people.customers(**{"email__kim@mail.example": KIM})
    await people.says("webchat", "visitor-7", "Kim Lee", claims={"mail": "kim@mail.example"})
    assert "webchat:visitor-7" not in people.cache.held
    [asked] = await people.joins.reviews(9)
    assert {asked["a"], asked["b"]} == {C1, "handle:webchat:visitor-7"}
    assert {each["field"] for each in asked["evidence"]} == {"name", "mail"}


@pytest.mark.parametrize(
    "meta",
    [
        {"identity": "kim@mail.example"},
        {"identity": {"mail": ["kim@mail.example"], "phone": 7, "ids": [1]}},
        {"identity": {"mail": "no mail", "phone": "12", "ids": {"": "", "x": {}}}},
        {"claims": {"born": "1984-99-99", "name": {"a": 1}, "mail": "\x00@\x00"}},
        {"identity": {"ids": {"loyalty": "' OR 1=1 --\u2028" * 99}}, "claims": None},
    ],
)
async def test_whatever_a_source_writes_stops_nobody(
    house_of_people: People, meta: dict[str, Any]
) -> None:
    people = house_of_people
    await people.customers(**{"email__kim@mail.example": KIM})
    await people.says("webchat", "‮e\u0301 \U0001f600", "<b>" + "x" * 500, **meta)
    await people.says("webchat", "visitor-8", identity={"mail": "kim@mail.example"})
    assert people.cache.held == {"email:kim@mail.example": "C1", "webchat:visitor-8": "C1"}


async def test_a_key_of_two_customers_is_for_a_person_to_decide(house_of_people: People) -> None:
    """Colliding keys: nobody is joined, nothing overwritten, both pairs are asked about."""
    people = house_of_people
    other = Profile(customer_id="C2", name="Robin Marsh")
    await people.customers(**{"sms__+447700900123": KIM, "phone__+447700900456": other})
    await people.says("webchat", "v", identity={"phone": "+447700900123", "ids": {"shop": "1"}})
    await people.says("app", "d", identity={"phone": "+447700900456", "ids": {"shop": "1"}})
    assert (await people.table.person("handle:app:d")).nodes == ("handle:app:d",)
    asked = {(each["a"], each["b"]) for each in await people.joins.reviews(9)}
    assert asked == {(C2, "handle:app:d"), ("handle:app:d", "handle:webchat:v")}
    assert await people.group(C2) == (C2,)


async def test_an_unjoin_restores_both_people_and_their_histories(house_of_people: People) -> None:
    """D9, osTicket's missing split: profile, handles and history, exactly as before."""
    people = house_of_people
    await people.customers(**{"x__kim": KIM, "email__kim@mail.example": KIM_AGAIN})
    lines = [
        Line(
            seq=n + 1, fact_id=f"f{n}", mention_id=f"m{n}", handle_key=key, kind="said",
            channel=key.split(":")[0], at_ms=NOON_MS + n, by="kim", text=f"line {n}",
        )
        for n, key in enumerate(["x:kim", "email:kim@mail.example", "x:kim"])
    ]  # fmt: skip
    entries = {line.fact_id: line for line in lines}
    await people.record.write("record", 1, Folded(entries=entries))

    async def seen(node: str) -> Any:
        one = await people.table.person(node)
        return (
            one.nodes,
            one.handle_keys,
            one.profile,
            await people.said_by(node),
        )

    before = await seen(C1), await seen(C2)
    [event] = await people.join(C1, C2)
    await people.watch.show()
    both = await people.table.person(C1)
    assert both.nodes == (C1, C2)
    assert (await people.table.person(C2)).id == both.id == C1
    assert (both.profile.value, both.profile.open_cases) == (900.0, 1)
    assert len(await people.said_by(C1)) == 3
    assert people.cache.held == {"x:kim": "C1", "email:kim@mail.example": "C1"}
    await people.unjoin(event.seq)
    assert (await seen(C1), await seen(C2)) == before
    assert people.cache.held == {"x:kim": "C1", "email:kim@mail.example": "C2"}


async def test_a_handle_that_was_joined_wrongly_is_a_stranger_again(
    house_of_people: People,
) -> None:
    people = house_of_people
    await people.customers(**{"email__kim@mail.example": KIM})
    await people.says("webchat", "v", identity={"mail": "kim@mail.example"})
    [event] = (await people.table.person(C1)).joins
    await people.unjoin(event.seq)
    assert "webchat:v" not in people.cache.held
    await people.says("webchat", "v", identity={"mail": "kim@mail.example", "ids": {"a": "1"}})
    assert "webchat:v" not in people.cache.held  # remembered
    assert await people.joins.reviews(9) == []
    assert (await people.table.person("handle:webchat:v")).apart == (C1,)


async def test_a_handle_that_the_record_names_wrongly_can_be_told_apart(
    house_of_people: People,
) -> None:
    people = house_of_people
    await people.customers(**{"x__kim": KIM, "email__kim@mail.example": KIM})
    pair = ("handle:x:kim", C1)
    await people.joins.act(
        pair, lambda scene: joins.keep_apart(scene.people, pair, SUPERVISOR), SUPERVISOR,
        Said(op_id="a"),
    )  # fmt: skip
    await people.watch.show()
    assert people.cache.held == {"email:kim@mail.example": "C1"}
    assert (await people.changed("C1"))["x:kim"] is None
    assert await people.handles("email:kim@mail.example") == ["email:kim@mail.example"]


async def test_a_second_record_of_one_customer_is_joined_by_number_and_name(
    house_of_people: People,
) -> None:
    """A2.3: two records, one of them from an import: one person with both."""
    people = house_of_people
    await people.customers(**{"sms__+447700900123": KIM, "phone__+447700900123": KIM_AGAIN})
    assert await people.group(C1) == (C1, C2)
    held = await people.changed("C2", "C9")
    assert held["sms:+447700900123"] == held["phone:+447700900123"]
    profile = unpacked(held["sms:+447700900123"] or b"")
    assert (profile.customer_id, profile.value, profile.open_cases) == ("C1", 900.0, 1)
    known = KnownProfiles(people.database)  # what a rebuild and an explanation ask
    assert (await known.known(["phone:+447700900123", "x:who"])) == {"phone:+447700900123": profile}


async def test_two_records_that_agree_in_name_birthday_and_address_are_joined_by_weight(
    house_of_people: People,
) -> None:
    """A2.3, A2.7: two sources without a common id, one of them with a mistake."""
    people = house_of_people
    where = {"born": "1984-03-07", "house": "12", "street": "Harbour Road", "postcode": "4711"}
    for id_, name, street in (
        ("C1", "Kim Lindqvist", "Harbour Road"),
        ("C2", "Kim Lindqvist", "Harbor Road"),
        ("C3", "Robin Lindqvist", "Harbour Road"),
    ):
        pairs = [("customer_id", id_), ("name", name), *(where | {"street": street}).items()]
        row = Row(line=1, statement=statement_of(pairs, f"source-{id_}".lower(), 1, NOON_MS))
        await people.statements.take([row])
    await people.watch.go_round()
    assert await people.group(C1) == (C1, C2)
    [event] = (await people.table.person(C1)).joins
    assert event.data["confidence"] > 0.99
    assert {e["field"]: e["level"] for e in event.data["evidence"]} == {
        "name": "same", "born": "same", "house": "same", "street": "close", "postcode": "same",
    }  # fmt: skip
    [asked] = await people.joins.reviews(9)  # a birthday in common: twins, or one of three
    assert "customer:C3" in (asked["a"], asked["b"])


async def test_a_family_with_one_number_is_asked_about(house_of_people: People) -> None:
    people = house_of_people
    other = Profile(customer_id="C2", name="Robin Marsh")
    await people.customers(**{"sms__+447700900123": KIM, "phone__+447700900123": other})
    assert await people.group(C1) == (C1,)
    [asked] = await people.joins.reviews(9)
    assert "family" in asked["why"]


async def test_a_command_repeated_is_done_once(house_of_people: People) -> None:
    people = house_of_people
    await people.customers(**{"x__kim": KIM, "email__kim@mail.example": KIM_AGAIN})
    first, again = await people.join(C1, C2), await people.join(C1, C2)
    assert [event.seq for event in first] == [event.seq for event in again]
    with pytest.raises(Conflict) as refused:
        await people.join(C1, C2, digest="other")
    assert refused.value.code == "key_reused"
    with pytest.raises(Conflict) as refused:
        await people.join(C1, C2, key="k2")
    assert refused.value.code == "already_joined"
    for node in ("customer:C9", "handle:x:nobody", "nonsense", "customer:"):
        with pytest.raises(Conflict) as refused:
            await people.join(C1, node, key=node)
        assert refused.value.code == "unknown_node"
    with pytest.raises(Conflict) as refused:
        await people.unjoin(99)
    assert refused.value.code == "unknown_join"


async def test_a_name_that_everybody_has_is_said_to_be_too_common(house_of_people: People) -> None:
    """The same name again and again costs a bounded look, and is told."""
    people = house_of_people
    entries = [
        Entry(
            node=f"customer:S{n}",
            known=particulars({"name": "Maria Garcia", "place": "Pinehill"}),
            source=f"s{n}",
        )
        for n in range(MOST_ALIKE + 1)
    ]
    await people.nodes.enter(entries, NOON_MS)
    around = await people.nodes.around("customer:S1", entries[1].known)
    assert around.candidates == ()
    assert around.too_common == (
        "name and place: garcia pineh", "name and place: maria pineh", "whole name: garcia maria",
    )  # fmt: skip
    await people.nodes.compared(entries[1], around.too_common)
    assert (await people.table.person("customer:S1")).too_common["customer:S1"] == around.too_common


async def test_a_changed_record_is_found_by_its_new_keys_alone(house_of_people: People) -> None:
    people = house_of_people
    await people.customers(**{"sms__+447700900123": KIM})
    await people.customers(**{"phone__+447700900456": KIM})
    assert await people.nodes.by_key("phone:+447700900456") == [C1]
    kept = await people.nodes.by_key("phone:+447700900123")
    assert kept == [C1]

    def count(connection: sa.Connection) -> int:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(t.keys)) or 0)

    assert await people.database.read(count) == 3  # two numbers, and a name beside them


async def test_who_is_erased_is_in_no_table_of_identity_and_others_stay(
    house_of_people: People,
) -> None:
    """All that was joined goes with them: evidence repeats what was compared."""
    people = house_of_people
    other = Profile(customer_id="C9", name="Robin Marsh")
    await people.customers(
        **{"sms__+447700900123": KIM, "email__kim@mail.example": KIM_AGAIN, "x__robin": other}
    )
    await people.says("webchat", "kim-7", "Kim Lee", identity={"phone": "+447700900123"})
    await people.join(C1, C2)
    erasures = Erasures(people.database)
    person = await Dossiers(people.database).whom("email:kim@mail.example")
    assert person
    await erasures.ask(
        Erasure(id="e1", person=person, reason="r", asked_by="ada", role="admin", asked_ms=NOON_MS)
    )
    [erasure] = await erasures.under_way()
    found = await erasures.work(erasure)
    assert set(found.customer_ids) == {"C1", "C2"}
    assert {"webchat:kim-7", "sms:+447700900123"} <= set(found.handle_keys)

    def left(connection: sa.Connection) -> str:
        tables = (t.nodes, t.groups, t.events, t.reviews, t.keys)
        return repr([connection.execute(sa.select(table)).all() for table in tables]).casefold()

    told = await people.database.read(left)
    assert "kim" not in told
    assert "7700900123" not in told
    assert await people.nodes.by_key("phone:+447700900123") == []
    assert (await people.table.person("customer:C9")).profile.name == "Robin Marsh"


@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(r"[+0-9() .x-]{0,20}"),
        st.from_regex(r"[a-zA-Z0-9.+_-]{0,12}@[a-z0-9.-]{0,14}"),
    )
)
def test_every_text_has_a_normal_form_or_none(text: str) -> None:
    """Any script, any nonsense: nothing raises, and a normal form is its own."""
    for normal in (mail, phone, words, born):
        found = normal(text)
        assert normal(found) == found
    tokens = name_tokens(text)
    assert all(token.isascii() and token.isalnum() for token in tokens)
    particulars({"name": text, "born": text}, strong=[id_key(text, text)])
