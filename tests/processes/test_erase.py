"""Whoever is erased is found nowhere: not in the store, not in Redis, not in the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_pasts import RedisPasts, key_of
from app.adapters.redis_personal import RedisPersonal
from app.adapters.redis_profiles import RedisProfiles
from app.adapters.store import flight_tables, rule_event_tables  # noqa: F401 (of one schema)
from app.adapters.store.database import Database
from app.adapters.store.dead import DeadLetterTable
from app.adapters.store.erasures import Dossiers, Erasure, Erasures
from app.adapters.store.history_rebuild import beside
from app.adapters.store.imports import Imports
from app.adapters.store.journal import Intake, Journal
from app.adapters.store.ledger import Ledger
from app.adapters.store.pasts import Pasts
from app.adapters.store.personal import IMPERSONAL, PLACES, Person
from app.adapters.store.record import Record
from app.adapters.store.statements import Statements
from app.adapters.store.tables import history, metadata
from app.core.errors import Conflict
from app.core.facts import Fact
from app.core.imported import Form, Import
from app.core.recorded import recorded
from app.core.taking import Rejected
from app.ports import DeadLetter
from app.processes.erase import SETTLED_MS, Eraser
from app.processes.pasts import KeepPasts
from app.processes.profile_cache import ProfileCache
from app.processes.record import Fold
from tests.adapters.sla_house import House
from tests.adapters.test_ledger_chain import right
from tests.builders import NOON_MS, do, keep_customer, mention_id_of, ready, task_id

KIM = {"handle": "@KimCanary", "name": "Kim Canary", "followers": 3}
SAM = {"handle": "@sam", "name": "Sam", "followers": 3}
KEY = "x:kimcanary"


class Centre(House):
    """A house with everything around it that keeps something of a person."""

    def begin(self, database: Database) -> Centre:
        self.database, self.now_ms = database, NOON_MS
        self.erasures = Erasures(database)
        cached, kept = RedisPersonal(self.redis), Journal(database)
        self.eraser = Eraser(self.erasures, kept, self.door, cached, lambda: self.now_ms)
        self.record = Record(database)
        return self

    async def settle(self) -> None:
        """What was on its way arrives in the ledger and in the history."""
        await self.relay()
        pasts = KeepPasts(Pasts(self.database), RedisPasts(self.redis), lambda: self.now_ms)
        await Fold(self.ledger, self.record, None, pasts).advance()

    async def ask(self) -> None:
        person, _ = await Dossiers(self.database).of(KEY)
        await self.erasures.ask(
            Erasure(
                id="e1",
                person=person,
                reason="asked by letter",
                asked_by="ada",
                role="admin",
                asked_ms=self.now_ms,
            )
        )

    async def fill(self) -> None:
        """Kim has a task in work, one that ended, a profile, a letter that was dead; so has Sam."""
        await self.hear("1", text="It burns, says Kim Canary", author=KIM)
        await self.accept()
        await do(
            self.door, "reply", task_id("1"), "ann", text="Dear Kim Canary, we come", digest="d"
        )
        await self.hear("2", text="Thanks, Kim Canary", author=KIM)
        await self.door.command(
            "cancel", task_id("2"), "c2", actor={"type": "user", "id": "s", "role": "supervisor"},
            reason="spam",
        )  # fmt: skip
        await self.hear("3", text="My bill is wrong", author=SAM)
        for id_ in "123":
            said = Intake(
                intake_id=id_,
                mention_id=mention_id_of("x", id_),
                raw=b"Kim Canary" if id_ != "3" else b"Sam",
                received_ms=NOON_MS,
            )
            await Journal(self.database).add([said])
        await keep_customer(self.database, "c-kim", KEY, name="Kim Canary")
        await keep_customer(self.database, "c-sam", "x:sam", name="Sam")
        await ProfileCache(Statements(self.database), RedisProfiles(self.redis)).turn()
        refused = [
            Rejected(line=n, code="no_key", reason=f"expected one, got {who}", raw=f"7;{who}")
            for n, who in enumerate(("@KimCanary;", "kimcanary;Kim Canary", "@sam;"))
        ]
        mapping = {"stars": "", "twitter": "handle.x", "name": "name"}
        form = Form(source="crm", at_ms=1, mapping=mapping, delimiter=";")
        run = Import(id="i", file="a.csv", path="", form=form, made_by="s", made_ms=1, bytes=1)
        imports = Imports(self.database)
        await imports.add(run)
        await self.database.write(lambda c: imports.advance_now(c, run, refused))
        await RedisProfiles(self.redis).put_owners({KEY: ("ann", NOON_MS)}, 60)
        letters = DeadLetterTable(self.database)
        for src, handle in (("l1", "@KimCanary"), ("l2", "@sam")):
            raw = json.dumps({"channel": "x", "author": {"handle": handle}, "text": 5}).encode()
            letter = DeadLetter(src=src, raw=raw, code="wrong_field", detail=handle, at_ms=1)
            await letters.add([letter])
            told = {"detail": f"expected a text, got 5 of {handle}"}
            await self.door.note([Fact(op="dead", op_id=src, now_ms=NOON_MS, data=told)])
        call = {"handle_key": KEY, "kind": "phone", "at_ms": NOON_MS, "upshot": ""}
        await self.door.note(
            [Fact(op="noted", op_id="n1", now_ms=NOON_MS, data=call | {"text": "Kim Canary rang"})]
        )
        await self.settle()
        await self.settle_journal()

    async def settle_journal(self) -> None:
        done = sa.update(metadata.tables["journal"]).values(settled=True)
        await self.database.write(lambda c: c.execute(done))


@pytest.fixture
async def centre(door: RedisDoor, redis: Client, database: Database) -> Centre:
    await ready(door, "ann")
    made = Centre(door, redis, Ledger(database)).begin(database)
    await made.fill()
    return made


async def in_store(database: Database) -> str:
    """Every value of every table, but what says itself that it is being erased."""

    def work(connection: sa.Connection) -> str:
        rows = [
            repr([bytes(v) if isinstance(v, memoryview) else v for v in row])
            for table in metadata.sorted_tables
            if table.name != "erasures"
            for row in connection.execute(sa.select(table))
        ]
        rows += map(repr, connection.execute(sa.text("SELECT words FROM history_words")).all())
        return "\n".join(rows).casefold()

    return await database.read(work)


def lines_with(word: str, text: str) -> list[str]:
    return [line for line in text.splitlines() if word in line]


async def in_redis(redis: Client) -> str:
    told = []
    for key in await redis.keys("*"):
        told.append(repr(key))
        told.append(repr(await redis.dump(key)))
        if await redis.type(key) == b"hash":
            told.append(repr(await redis.hgetall(key)))
    return "\n".join(told).casefold()


def test_every_table_is_known_to_be_personal_or_not() -> None:
    """A table that is added must say which: else an erasure would leave it out."""
    personal = {place.table.name for place in PLACES}
    assert personal.isdisjoint(IMPERSONAL)
    assert personal | IMPERSONAL.keys() == set(metadata.tables)


async def test_who_is_erased_is_found_nowhere_and_others_stay(centre: Centre) -> None:
    """Issue: erasure over record, cache, ledger text and dead letters, with the audit verifying."""
    assert "canary" in await in_store(centre.database)
    assert "canary" in await in_redis(centre.redis)
    assert await centre.redis.exists(key_of(KEY))
    facts_before = len(await centre.ledger.since(0))
    await centre.ask()
    await centre.eraser.turn()
    await centre.settle()
    assert lines_with("canary", await in_store(centre.database)) == []
    assert lines_with("canary", await in_redis(centre.redis)) == []
    facts = await centre.ledger.since(0)
    assert "canary" not in repr(facts).casefold()
    assert len(facts) == facts_before + 1  # the task in work was ended
    assert (facts[-1]["op"], facts[-1]["reason"]) == ("cancelled", "erased")
    sams = sa.select(history.c.text).where(history.c.handle_key == "x:sam")
    assert await centre.database.read(lambda c: c.scalars(sams).all()) == ["My bill is wrong"]
    known = await RedisProfiles(centre.redis).of(["x:sam", KEY])
    assert [profile.name for profile in known.profiles] == ["Sam", ""]
    assert [len(past) for past in known.pasts] == [1, 0]
    assert b"sam" in (await DeadLetterTable(centre.database).raw("l2") or b"")


async def test_the_chain_is_whole_after_an_erasure(centre: Centre) -> None:
    await centre.ask()
    await centre.eraser.turn()
    await centre.settle()
    assert right([as_stored(fact) for fact in await centre.ledger.sealed_since(0)])


def as_stored(fact: dict[str, Any]) -> dict[str, Any]:
    """What can be read was opened: it is emptied again, by `sealed.of` as the document says."""
    if fact.pop("unreadable", None) is None:
        for path in fact.get("sealed", {}).get("of", ()):
            place = fact
            for name in path[:-1]:
                place = place[name]
            place[path[-1]] = type(place[path[-1]])()
    return fact


async def test_what_was_on_its_way_is_erased_too(centre: Centre) -> None:
    await centre.ask()
    await centre.eraser.turn()
    await centre.hear("4", text="One more thing, Kim Canary", author=KIM)
    await centre.settle()
    assert "canary" in await in_store(centre.database)
    centre.now_ms += SETTLED_MS - 1
    await centre.eraser.turn()
    await centre.settle()
    assert lines_with("canary", await in_store(centre.database)) == []
    assert lines_with("canary", await in_redis(centre.redis)) == []


async def test_when_it_is_done_nobody_knows_who_it_was(centre: Centre) -> None:
    await centre.ask()
    centre.now_ms += SETTLED_MS
    await centre.eraser.turn()
    await centre.eraser.turn()
    await centre.settle()
    assert await centre.erasures.under_way() == []
    [kept] = await centre.erasures.listed()
    assert (kept["asked_by"], kept["reason"], kept["done_ms"]) == (
        "ada",
        "asked by letter",
        centre.now_ms,
    )
    assert kept["counts"]["journal"] == 2
    assert kept["counts"]["dead_letters"] == 1
    everything = await centre.database.read(
        lambda c: repr(c.execute(sa.text("SELECT * FROM erasures")).all()).casefold()
    )
    assert "canary" not in everything
    *_, told = await centre.ledger.since(0)
    assert (told["op"], told["actor"]["id"], told["mention_id"]) == ("erased", "ada", "")


async def test_it_is_not_done_before_what_was_accepted_is_in_the_ledger(centre: Centre) -> None:
    """The worker was away for long: what waits for it in the journal comes after all."""
    waiting = Intake(
        intake_id="late",
        mention_id=mention_id_of("x", "late"),
        raw=b"Kim Canary, too",
        received_ms=centre.now_ms,
    )
    await Journal(centre.database).add([waiting])
    await centre.ask()
    centre.now_ms += 10 * SETTLED_MS
    for _ in range(3):
        await centre.eraser.turn()
    assert await centre.erasures.under_way()
    await centre.hear("late", text="Kim Canary, too", author=KIM)
    await centre.relay()
    await centre.settle_journal()
    await centre.eraser.turn()
    await centre.settle()  # `record` had read it before it was erased
    await centre.eraser.turn()
    await centre.settle()
    assert await centre.erasures.under_way() == []
    assert lines_with("canary", await in_store(centre.database)) == []
    assert lines_with("canary", await in_redis(centre.redis)) == []


async def test_who_has_a_freed_handle_by_now_is_not_erased_with_them(centre: Centre) -> None:
    await centre.ask()
    await centre.eraser.turn()
    await keep_customer(centre.database, "c-new", KEY, name="Canary II")
    await centre.eraser.turn()
    [erasure] = await centre.erasures.under_way()
    assert KEY not in erasure.person.handle_keys
    assert "canary ii" in await in_store(centre.database)


async def test_the_bytes_are_gone_from_the_file_of_sqlite(centre: Centre) -> None:
    url = centre.database.engine.url
    if url.get_backend_name() != "sqlite":
        pytest.skip("PostgreSQL drops what was deleted when it vacuums")
    await centre.ask()
    centre.now_ms += SETTLED_MS
    await centre.eraser.turn()
    await centre.eraser.turn()
    files = [Path(f"{url.database}{end}") for end in ("", "-wal")]
    content = b"".join(path.read_bytes() for path in files if path.exists()).lower()
    assert b"canary" not in content


async def test_all_handles_of_the_customer_are_erased(centre: Centre) -> None:
    key = "email:kim.canary@mail.example"
    await keep_customer(centre.database, "c-kim", key, source="mail", lang="en")
    await centre.hear(
        "9",
        channel="email",
        text="Kim Canary here",
        author=KIM | {"handle": "kim.canary@mail.example"},
    )  # fmt: skip
    await centre.settle()
    await centre.ask()
    await centre.eraser.turn()
    await centre.settle()
    assert lines_with("canary", await in_store(centre.database)) == []


async def test_an_erasure_that_is_cut_off_goes_on(centre: Centre) -> None:
    """Redis is away after the store was erased: the next turn does the rest."""
    await centre.ask()
    [erasure] = await centre.erasures.under_way()
    await centre.erasures.work(erasure)
    assert "canary" in await in_redis(centre.redis)
    await centre.eraser.turn()
    await centre.settle()
    assert lines_with("canary", await in_redis(centre.redis)) == []


async def test_an_open_task_is_never_forgotten(centre: Centre) -> None:
    with pytest.raises(Conflict) as refused:
        await centre.door.forget(task_id("1"))
    assert refused.value.code == "wrong_state"
    await centre.door.forget("t-nobody")


async def test_the_export_has_all_that_is_kept_and_no_key(centre: Centre) -> None:
    person, found = await Dossiers(centre.database).of(KEY)
    assert person.customer_ids == ("c-kim",)
    mine = {mention_id_of("x", "1"), mention_id_of("x", "2"), "n1/noted"}
    assert set(person.mention_ids) == mine
    told = {name: repr(rows).casefold() for name, rows in found.items()}
    for name in (
        "facts",
        "journal",
        "history",
        "mentions",
        "profiles",
        "handles",
        "dead_letters",
        "import_rejects",
    ):
        assert "canary" in told[name] or name == "mentions", name
    assert "dear kim canary" in told["facts"]
    assert "sam" not in "".join(told.values())
    assert not {"person_keys", "mention_keys"} & found.keys()
    nobody, nothing = await Dossiers(centre.database).of("x:nobody")
    assert (nobody, any(nothing.values())) == (Person(handle_keys=("x:nobody",)), False)


async def test_erased_facts_are_decided_and_counted_by_nobody(centre: Centre) -> None:
    await centre.ask()
    await centre.eraser.turn()
    await centre.settle()
    trail = await centre.ledger.of_mention(mention_id_of("x", "1"))
    assert list(recorded(trail)) == []


async def test_the_history_made_anew_is_the_one_without_who_was_erased(
    centre: Centre, tmp_path: Path
) -> None:
    await centre.ask()
    await centre.eraser.turn()
    await centre.settle()
    with beside(centre.database, tmp_path, lambda _done, _all: None) as rebuild:
        assert rebuild.check().equal
