"""What is kept of one person is found whole, handed out without anybody else, and erased alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app.adapters.store import identity_tables as identity
from app.adapters.store.database import Database
from app.adapters.store.dead import DeadLetterTable
from app.adapters.store.erasures import Dossiers, Erasure, Erasures
from app.adapters.store.imports import Imports
from app.adapters.store.known_tables import contested
from app.adapters.store.ledger import Ledger
from app.adapters.store.personal import Person, Row
from app.adapters.store.rule_backtests import DONE, Backtest, RuleBacktests
from app.adapters.store.rule_shadows import RuleShadows, Sample, Tally
from app.adapters.store.rule_versions import RuleVersions
from app.adapters.store.seal_tables import person_keys
from app.adapters.store.signals import Signals
from app.core.errors import Unavailable
from app.core.imported import Form, Import
from app.core.particulars import node_of_customer, node_of_handle
from app.core.sealing import PERSONAL
from app.core.taking import Rejected
from app.ports import DeadLetter
from tests.adapters.test_rule_versions import ONE, SOFIA, TWO, draft
from tests.adapters.test_seal import received
from tests.adapters.test_signals_kept import parcel, recorded
from tests.builders import NOON_MS, keep_customer


def erasure_of(*handle_keys: str, customers: tuple[str, ...] = ()) -> Erasure:
    person = Person(handle_keys=handle_keys, customer_ids=customers)
    return Erasure(
        id="e1", person=person, reason="r", asked_by="ada", role="admin", asked_ms=NOON_MS
    )


async def erased(database: Database, *handle_keys: str, customers: tuple[str, ...] = ()) -> None:
    await Erasures(database).ask(one := erasure_of(*handle_keys, customers=customers))
    await Erasures(database).work(one)


def said(channel: object, handle: object, **more: object) -> dict[str, object]:
    return {"channel": channel, "author": {"handle": handle}, "text": 5} | more


LETTERS: dict[str, object] = {
    "mine": said("x", " @Text"),
    "strangers": said("x", "@anna", text="text"),
    "elsewhere": said("y", "text"),
    "no_channel": said(None, "@TEXT"),
    "mine_in_a_list": [said("x", "text")],
    "both_in_a_list": [said("x", "text"), said("x", "anna")],
    "odd": 7,
    "no_author": {"channel": "x", "text": "text"},
}


async def keep_letters(database: Database, letters: dict[str, bytes]) -> DeadLetterTable:
    table = DeadLetterTable(database)
    await table.add(
        [
            DeadLetter(src=src, raw=raw, code="not_json", detail="d", at_ms=NOON_MS)
            for src, raw in letters.items()
        ]
    )
    return table


async def left_of(table: DeadLetterTable, srcs: object) -> set[str]:
    names: Any = srcs
    return {src for src in names if await table.raw(src) is not None}


async def test_a_dead_letter_is_whose_author_it_names_and_of_nobody_whose_word_it_has(
    database: Database,
) -> None:
    table = await keep_letters(database, {n: json.dumps(v).encode() for n, v in LETTERS.items()})
    _, found = await Dossiers(database).of("x:text")
    assert {row["src"] for row in found["dead_letters"]} == {"mine", "mine_in_a_list"}
    await erased(database, "x:text")
    left = {"strangers", "elsewhere", "odd", "no_author"}
    assert await left_of(table, LETTERS) == left


async def test_a_letter_that_nobody_can_read_is_erased_by_a_telling_handle_and_never_handed_out(
    database: Database,
) -> None:
    letters = {
        "kims": b'{"author": {"handle": "@KimCanary"',
        "shorts": b'{"author": {"handle": "kim"',
        "a_field": b'{"author": {"handle": "sam", "kimcanary": 5',
    }
    table = await keep_letters(database, letters)
    keys = ("x:kimcanary", "x:kim", "x:author", "x:handle")
    for key in keys:
        assert (await Dossiers(database).of(key))[1]["dead_letters"] == []
    assert await Dossiers(database).whom("x:kimcanary") is not None
    assert await Dossiers(database).whom("x:author") is None
    await erased(database, *keys)
    assert await left_of(table, letters) == {"shorts", "a_field"}


COLUMNS = {"No": "customer_id", "Lang": "lang", "X": "handle.x", "Mail": "handle.email"}


async def keep_rejects(database: Database, rows: list[str], **form: Any) -> Imports:
    how = Form(**{"source": "crm", "at_ms": 1, "mapping": COLUMNS, "delimiter": ";"} | form)
    run = Import(id="i", file="a.csv", path="", form=how, made_by="s", made_ms=1, bytes=1)
    imports = Imports(database)
    await imports.add(run)
    refused = [
        Rejected(line=at, code="wrong_field", reason=f"not {raw}", raw=raw)
        for at, raw in enumerate(rows)
    ]
    await database.write(lambda c: imports.advance_now(c, run, refused))
    return imports


async def lines_left(imports: Imports) -> set[int]:
    return {one.line for one in await imports.rejects("i") if one.raw}


@pytest.mark.parametrize(
    ("key", "mine"),
    [
        ("x:com", {3}),
        ("x:de", set()),
        ("email:anna@muster.com", {0}),
        (":C7", {1}),
        ("y:com", set()),
    ],
)
async def test_a_refused_row_is_whose_whole_cell_it_has_in_the_column_of_it(
    database: Database, key: str, mine: set[int]
) -> None:
    rows = ["C1;de;anna;Anna@muster.com", "C7;de;bob;bob@c7.com", "C77;com;C7;x", "C8;fr;@COM;;"]
    imports = await keep_rejects(database, rows)
    _, found = await Dossiers(database).of(key)
    assert {row["line"] for row in found["import_rejects"]} == mine
    await erased(database, key, customers=("C7",) if key == ":C7" else ())
    assert await lines_left(imports) == {0, 1, 2, 3} - mine


async def test_a_row_of_no_known_form_is_erased_by_a_telling_cell_and_never_handed_out(
    database: Database,
) -> None:
    rows = ["('C1', 'KimCanary', None)", "('C2', 'kim', 'KimCanary2')", "kimcanary.com,@KimCanary"]
    imports = await keep_rejects(database, rows, delimiter="", mapping={"a": "handle.x"})
    for key in ("x:kimcanary", "x:kim"):
        assert (await Dossiers(database).of(key))[1]["import_rejects"] == []
    await erased(database, "x:kimcanary", "x:kim")
    assert await lines_left(imports) == {1}


async def test_a_row_that_may_be_of_several_customers_tells_none_of_the_others(
    database: Database,
) -> None:
    form = Form(source="crm", at_ms=1, mapping=COLUMNS, delimiter=";")
    run = Import(id="i", file="a.csv", path="", form=form, made_by="s", made_ms=1, bytes=1)
    await Imports(database).add(run)
    refused = [Rejected(line=4, code="ambiguous", reason="C1 and C2", raw=";de;kim;lee@a.test")]
    await database.write(lambda c: Imports(database).advance_now(c, run, refused))
    _, found = await Dossiers(database).of("x:kim")
    assert found["import_rejects"] == [{"run": "i", "line": 4, "code": "ambiguous"}]


async def test_what_is_found_by_two_columns_is_told_once(database: Database) -> None:
    await keep_customer(database, "C-kim", "x:kim", name="Kim")
    row = {"handle_key": "x:kim", "customer_id": "C-kim", "since_ms": 1}
    await database.write(lambda c: c.execute(sa.insert(contested), row) and None)
    _, found = await Dossiers(database).of("x:kim")
    assert found["contested_handles"] == [row]


SAM, KIM, LEE = node_of_customer("C-sam"), node_of_handle("x:kim"), node_of_customer("C-kim")


def pairs(a: str, b: str, at: int) -> tuple[Row, Row]:
    """An event and a review of two nodes, with particulars of both."""
    both = {"a": a, "b": b, "data": orjson.dumps({"ours": "Kim Canary", "theirs": "Sam Secret"})}
    event = {"kind": "told_apart", "of": 0, "at_ms": at, "by": "ann", "role": "supervisor",
             "op_id": f"o{at}", "digest": "d"}  # fmt: skip
    review = {"pair": f"p{at}", "state": "open", "confidence": 0.5, "since_ms": at}
    return both | event, both | review


async def test_what_was_said_of_two_people_tells_neither_of_the_other(database: Database) -> None:
    await keep_customer(database, "C-kim", "x:kim", name="Kim")
    apart, one = pairs(KIM, SAM, 1), pairs(LEE, KIM, 2)

    def fill(connection: sa.Connection) -> None:
        for event, review in (apart, one):
            connection.execute(sa.insert(identity.events), event)
            connection.execute(sa.insert(identity.reviews), review)
        rows = [{"node": node, "person": KIM} for node in (KIM, LEE)]
        connection.execute(sa.insert(identity.groups), rows)

    await database.write(fill)
    _, found = await Dossiers(database).of("x:kim")
    events, reviews = found["identity_events"], found["identity_reviews"]
    assert {"kind": "told_apart", "at_ms": 1} in events
    assert {"state": "open", "since_ms": 1} in reviews
    assert "C-sam" not in repr((events, reviews))
    assert [[row["a"] for row in rows if "data" in row] for rows in (events, reviews)] == [
        [LEE],
        [LEE],
    ]


async def test_a_contested_handle_goes_with_its_person_and_names_no_other(
    database: Database,
) -> None:
    rows = [
        {"handle_key": key, "customer_id": id_, "since_ms": 1}
        for key, id_ in (("x:kim", "C-sam"), ("x:kim", "C-kim"), ("x:sam", "C-lee"))
    ]
    await keep_customer(database, "C-kim", "x:kim", name="Kim")
    await database.write(lambda c: c.execute(sa.insert(contested), rows) and None)
    _, found = await Dossiers(database).of("x:kim")
    assert sorted(map(sorted, found["contested_handles"])) == [
        ["customer_id", "handle_key", "since_ms"],
        ["handle_key", "since_ms"],
    ]
    await erased(database, "x:kim", customers=("C-kim",))
    left = await database.read(lambda c: c.scalars(sa.select(contested.c.handle_key)).all())
    assert left == ["x:sam"]


@pytest.mark.parametrize("whose", [":C-1", "x:kim"])
async def test_a_signal_of_a_customer_with_handles_goes_with_either(
    database: Database, whose: str
) -> None:
    """A7.1: the customer is not said to have the handle here, and both are named."""
    one = parcel(handles=("x:kim",), subject="Parcel P-77")
    other = parcel("2", customer="C-2", handles=("x:lee",))
    kept = await recorded(database, one, other)
    sealed = await database.read(lambda c: set(c.scalars(sa.select(person_keys.c.handle_key))))
    assert sealed == {":C-1", ":C-2"}
    await erased(database, whose, customers=("C-1",) if whose == ":C-1" else ())
    assert await kept.event(one.event) == []
    assert "P-77" not in repr(await Ledger(database).since(0))
    assert await kept.event(other.event) == [other]


async def test_a_signal_that_was_sealed_for_a_handle_goes_with_its_customer(
    database: Database,
) -> None:
    """As signals were sealed before: under the first handle, whoever it named beside."""
    one = parcel(handles=("x:kim",), subject="Parcel P-77")
    fact = one.fact(NOON_MS, {"type": "system", "id": "x"}).as_dict()
    fact["data"]["handle_key"] = "x:kim"
    await Ledger(database).append([fact])
    kept = Signals(database)
    assert await kept.take()
    assert await kept.event(one.event) == [one]
    await erased(database, ":C-1", customers=("C-1",))
    assert "P-77" not in repr(await Ledger(database).since(0))


async def test_a_signal_on_its_way_is_locked_before_it_comes(database: Database) -> None:
    one = parcel(handles=("x:kim",), subject="Parcel P-77")
    await Signals(database).keep([one])
    await erased(database, "x:kim")
    kept = await recorded(database, one)
    assert await kept.event(one.event) == []
    assert "P-77" not in repr(await Ledger(database).since(0))


def test_who_was_warned_is_sealed() -> None:
    assert ("data", "person") in PERSONAL["warned"]


async def two_of_whom_kim_is_gone(database: Database) -> None:
    both = [received("m1", "@kim"), received("m2", "@sam")]
    await Ledger(database).append(both)
    await erased(database, "x:kim")


async def test_a_back_test_that_ran_meanwhile_keeps_nothing_of_who_was_erased(
    database: Database,
) -> None:
    """A7.1."""
    store = RuleBacktests(database)
    test = Backtest(
        id="b", draft_id="d", draft_digest="x", live_digest="y", made_by="s", made_ms=NOON_MS
    )
    await store.add(test)
    await two_of_whom_kim_is_gone(database)
    samples = [{"mention_id": id_, "text": "words"} for id_ in ("m1", "m2", "m3")]
    await store.end("b", DONE, {"mentions": 3, "samples": samples})
    report = (await store.get("b")).report
    assert report == {"mentions": 3, "samples": samples[1:]}


async def test_a_shadow_that_ran_meanwhile_keeps_nothing_of_who_was_erased(
    database: Database,
) -> None:
    """A7.1."""
    await RuleVersions(database).take_in(ONE, NOON_MS)
    shadows = RuleShadows(database)
    run = await shadows.begin(draft(TWO), SOFIA, NOON_MS)
    await two_of_whom_kim_is_gone(database)
    samples = [Sample(mention_id=id_, at_ms=NOON_MS, body={}) for id_ in ("m1", "m2")]
    tally = Tally(run=run.run, number=1, same=0, different=1, samples=samples)
    await shadows.count(tally)
    await shadows.count(replace(tally, samples=samples[:1]))
    assert [one.mention_id for one in await shadows.samples(run.run)] == ["m2"]
    assert (await shadows.counts(run.run))[0]["different"] == 2


async def test_an_erasure_is_done_when_the_log_of_sqlite_is_empty_and_not_before(
    database: Database,
) -> None:
    url = database.engine.url
    if url.get_backend_name() != "sqlite":
        pytest.skip("PostgreSQL has no such log")
    store, one = Erasures(database), erasure_of("x:kimcanary")
    await store.ask(one)
    await database.write(lambda c: c.exec_driver_sql("PRAGMA busy_timeout=0") and None)
    reader = Database(str(url))
    try:
        with reader.engine.execution_options(reading=True).begin() as connection:
            connection.execute(sa.text("SELECT count(*) FROM erasures"))
            with pytest.raises(Unavailable, match="in use"):
                await store.finish(one.id, NOON_MS)
            [waiting] = await store.under_way()
            await store.work(waiting)  # the next turn: it harms nobody
        await store.finish(one.id, NOON_MS)
    finally:
        reader.close()
    assert await store.under_way() == []
