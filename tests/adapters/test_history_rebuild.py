"""The history made anew from the ledger equals the original, row by row, or is mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from app.adapters.store import full_text, history_rebuild, tables
from app.adapters.store.database import Database
from app.adapters.store.erasures import Erasure, Erasures
from app.adapters.store.history_rebuild import Rebuild
from app.adapters.store.ledger import Ledger
from app.adapters.store.personal import Person
from app.adapters.store.record import Record
from app.core.history import fold
from app.core.history_lines import KINDS
from app.processes.record import Fold
from tests.history_facts import any_facts

SEEDS = range(12)


def fold_of(database: Database) -> Fold:
    return Fold(Ledger(database), Record(database))


async def lived(database: Database, seed: int) -> None:
    """Any facts, folded as they came, a few at a time."""
    dice, facts = Random(seed), any_facts(seed)
    while facts:
        some = dice.randrange(1, 40)
        await Ledger(database).append(facts[:some])
        await fold_of(database).advance()
        facts = facts[some:]


@pytest.fixture
def anew(database: Database, tmp_path: Path) -> Iterator[Rebuild]:
    with history_rebuild.beside(database, tmp_path / "beside", lambda *_: None) as found:
        yield found
    assert list((tmp_path / "beside").iterdir()) == []


def rows(database: Database) -> list[Any]:
    def work(connection: sa.Connection) -> list[Any]:
        return [
            connection.execute(sa.select(table).order_by(table.primary_key.columns[0])).all()
            for table in (tables.history, tables.mentions)
        ]

    return database.run_now(work, reading=True)


def damage(database: Database, *statements: Any) -> None:
    def work(connection: sa.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    database.run_now(work)


async def test_the_facts_of_these_tests_make_every_kind_of_line(database: Database) -> None:
    """What is never made is never compared."""
    for seed in (3, 4):
        facts = [fact | {"fact_id": f"{seed}/{fact['fact_id']}"} for fact in any_facts(seed)]
        await Ledger(database).append([f | {"op_id": f"{seed}/{f['op_id']}"} for f in facts])
    await fold_of(database).advance()
    lines, matters = rows(database)
    assert {row.kind for row in lines} == set(KINDS)
    assert {row.feedback for row in matters} >= {"satisfied", "unsatisfied"}


@pytest.mark.parametrize("seed", SEEDS)
async def test_rebuilt_equals_original_after_any_facts(
    database: Database, anew: Rebuild, seed: int
) -> None:
    """A7.1, A1.6: late facts, edits, duplicates; whatever the pages were in which they came."""
    await lived(database, seed)
    before = rows(database)
    found = anew.check()
    assert found.equal, found
    assert (found.facts, found.lines, found.mentions) == (120, len(before[0]), len(before[1]))
    assert rows(database) == before


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_broken_history_is_mended_to_what_it_was(
    database: Database, anew: Rebuild, seed: int
) -> None:
    """A7.1: rows lost, changed and made up, words that find nothing or the wrong line."""
    await lived(database, seed)
    before, history, mentions = rows(database), tables.history, tables.mentions
    some = sorted(row.seq for row in before[0])
    damage(
        database,
        sa.delete(history).where(history.c.seq.in_(some[::7])),
        sa.update(history).where(history.c.seq.in_(some[1::7])).values(text="forged", by="eve"),
        sa.update(history).where(history.c.seq == some[2]).values(seq=9_999),
        sa.delete(mentions).where(mentions.c.mention_id == "m1"),
        sa.update(mentions).where(mentions.c.mention_id == "m2").values(upshot="forged"),
        sa.insert(mentions).values(dict.fromkeys(mentions.c.keys(), 0) | {"mention_id": "zz"}),
    )
    database.run_now(lambda connection: full_text.drop(connection, some[3::7]))
    forged = [(some[4], "other words"), (500, "nobody's words")]
    database.run_now(lambda connection: full_text.put(connection, forged))
    wrong = anew.check()
    assert wrong.wrong_lines
    assert wrong.wrong_mentions
    assert wrong.wrong_words
    mended = anew.mend()
    assert mended.wrong_lines == wrong.wrong_lines
    assert rows(database) == before
    assert 500 not in database.run_now(lambda connection: full_text.kept(connection, 0, 9_999))
    assert anew.check().equal


async def test_an_empty_history_is_filled_up_to_the_end_of_the_ledger(
    database: Database, anew: Rebuild
) -> None:
    """Nobody need run `record` for it; what it does afterwards is nothing."""
    await Ledger(database).append(any_facts(1))
    assert anew.check().equal  # as far as `record` is: nowhere
    anew.mend()
    made = rows(database)
    assert made[0]
    assert await Ledger(database).cursor("record") == 120
    await fold_of(database).advance()
    assert rows(database) == made


async def test_record_goes_on_where_the_rebuild_left_it(database: Database, anew: Rebuild) -> None:
    """A rebuild in the middle of a page of `record`: the page is thrown away and read again."""

    class Interrupted(Record):
        async def write(self, *given: Any, **named: Any) -> bool:
            if not anew_done:
                anew_done.append(anew.mend())
            return await super().write(*given, **named)

    anew_done: list[Any] = []
    await Ledger(database).append(any_facts(2))
    await Fold(Ledger(database), Interrupted(database)).advance()
    assert anew_done
    assert anew.check().equal


KIM = Erasure(
    id="e1", person=Person(handle_keys=("x:kim",)), reason="asked by letter", asked_by="ada",
    role="admin", asked_ms=1,
)  # fmt: skip


async def test_who_is_erased_between_the_look_and_the_mending_stays_erased(
    database: Database, anew: Rebuild
) -> None:
    """Asked for before the look even, but the words were still there then."""
    await lived(database, 3)
    await Erasures(database).ask(KIM)
    assert anew.check().equal
    await Erasures(database).work(KIM)
    anew.mend()
    left = rows(database)
    assert left[0]
    assert "x:kim" not in {row.handle_key for table in left for row in table}
    found = database.run_now(lambda c: full_text.kept(c, 0, 9_999), reading=True)
    assert found <= {row.seq for row in left[0]}


async def test_after_an_erasure_a_second_look_is_as_good_as_a_first(
    database: Database, anew: Rebuild, tmp_path: Path
) -> None:
    await lived(database, 3)
    assert anew.check().equal
    await Erasures(database).ask(KIM)
    await Erasures(database).work(KIM)
    await Erasures(database).finish(KIM.id, 2)
    with history_rebuild.beside(database, tmp_path / "other", lambda *_: None) as first:
        assert anew.check() == first.check()


@pytest.mark.parametrize("seed", range(40))
def test_folding_in_parts_is_folding_at_once(seed: int, tmp_path: Path) -> None:
    """The fold alone, on a bare store: pages of one fact, and of all."""
    facts = [fact | {"seq": seq} for seq, fact in enumerate(any_facts(seed, 60), 1)]
    made = []
    for size in (1, 60):
        scratch = Database(f"sqlite:///{tmp_path}/{size}.db")
        tables.metadata.create_all(scratch.engine, tables=[tables.history, tables.mentions])
        for start in range(0, 60, size):
            _fold_on(scratch, facts[start : start + size])
        made.append(rows(scratch))
        scratch.close()
    assert made[0] == made[1]


def _fold_on(scratch: Database, page: list[dict[str, Any]]) -> None:
    def work(connection: sa.Connection) -> None:
        known = history_rebuild.known(connection, page)
        history_rebuild.put(scratch, connection, fold(page, known), searched=False)

    scratch.run_now(work)
