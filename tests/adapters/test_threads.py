"""Threads of communities in the contact history: together, and with whoever had asked."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.record import Record
from app.adapters.store.threads import Posts, Threads
from app.adapters.store.timeline import Ask, Timeline
from app.core.history import Matter
from app.core.history_lines import Entry
from app.core.words import terms_of
from tests.builders import NOON_MS, keep_customer
from tests.history_house import folded, line

THREAD = "community:t-1"


def _post(id_: str, who: str, position: str, minute: int, **given: Any) -> Matter:
    fields: dict[str, Any] = {"status": "received", "thread": THREAD, "position": position}
    fields |= {"detected_ms": NOON_MS + minute, "standing": _standing()}
    return Matter(
        mention_id=id_, handle_key=f"community:{who}", channel="community", **fields | given
    )


def _standing(**given: Any) -> str:
    empty = {"role": "", "posts": 0, "accepted": 0, "kudos": 0, "trust": 0}
    return orjson.dumps(empty | given).decode()


def _line(seq: int, id_: str, who: str, **given: Any) -> Entry:
    fields: dict[str, Any] = {"mention_id": id_, "handle_key": f"community:{who}", "by": who}
    return line(seq, at_ms=NOON_MS + seq, channel="community", **fields | given)


async def _written(database: Database) -> Timeline:
    """Kim asks, we answer, Ann answers and we thank her; Kim says other things elsewhere."""
    made = (
        _post("q", "kim", "opening", 1),
        _line(1, "q", "kim", text="Where is my bag?"),
        _line(2, "q", "kim", kind="replied", by="amira", text="On its way"),
        _post("a", "ann", "answer", 3, known_as="ally", standing=_standing(accepted=12)),
        _line(3, "a", "ann", text="Ask at desk 4"),
        _line(4, "a", "ann", kind="replied", by="amira", text="Thank you, Ann"),
        _post("o", "ann", "opening", 5, thread="community:t-2"),
        _line(5, "o", "ann", text="Something else of mine"),
        Matter(mention_id="m", handle_key="x:kim", channel="x", status="received"),
        line(6, mention_id="m", at_ms=NOON_MS + 6, text="On another channel"),
    )
    await Record(database).write("record", 6, folded(*made))
    return Timeline(database)


async def _seqs(timeline: Timeline, **given: Any) -> list[int]:
    return [one["seq"] for one in (await timeline.page(Ask(**given))).lines]


async def test_a_thread_is_shown_with_all_who_speak_in_it_and_our_answers(
    database: Database,
) -> None:
    """A11.2, A11.3: one conversation, whoever said its parts."""
    timeline = await _written(database)
    assert await _seqs(timeline, thread=THREAD) == [4, 3, 2, 1]
    assert await _seqs(timeline, thread=THREAD, terms=terms_of("desk")) == [3]
    assert await _seqs(timeline, thread="community:t-9") == []


async def test_an_answer_by_somebody_else_is_on_the_timeline_of_who_asked(
    database: Database,
) -> None:
    """A11.2, A7.1: as theirs, with how they were known; what we said to them is not."""
    timeline = await _written(database)
    keys = ("community:kim", "x:kim")
    opened = (await Threads(database).of_person(keys)).opened
    assert opened == (THREAD,)
    page = await timeline.page(Ask(keys=keys, asked_in=opened))
    assert [one["seq"] for one in page.lines] == [6, 3, 2, 1]
    ally = page.lines[1]
    assert (ally["handle_key"], ally["matter_known_as"]) == ("community:ann", "ally")
    assert (ally["matter_position"], ally["matter_thread"]) == ("answer", THREAD)


async def test_the_timeline_of_who_answers_has_no_questions_of_others(database: Database) -> None:
    timeline = await _written(database)
    opened = (await Threads(database).of_person(["community:ann"])).opened
    assert await _seqs(timeline, keys=("community:ann",), asked_in=opened) == [5, 4, 3]


async def test_pages_of_a_timeline_with_answers_neither_lose_nor_repeat_a_line(
    database: Database,
) -> None:
    timeline = await _written(database)
    seqs, before = [], None
    while True:
        ask = Ask(keys=("community:kim", "x:kim"), asked_in=(THREAD,), limit=1, before=before)
        page = await timeline.page(ask)
        seqs += [one["seq"] for one in page.lines]
        if not page.next:
            break
        before = page.next
    assert seqs == [6, 3, 2, 1]


async def test_answers_of_others_are_found_without_reading_the_whole_history(
    database: Database,
) -> None:
    """A7.1: a timeline is as fast for whoever opened a thread as for anybody else."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("how PostgreSQL reads a table depends on how much is in it")
    timeline, plans = await _written(database), list[str]()

    def planned(connection: sa.Connection, _cursor: Any, text: str, given: Any, *_: Any) -> None:
        if text.startswith("SELECT"):
            rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {text}", given)
            plans.extend(row[3] for row in rows)

    sa.event.listen(database.engine, "before_cursor_execute", planned)
    try:
        assert await _seqs(
            timeline, keys=("community:kim",), asked_in=(THREAD, "community:t-9")
        ) == [3, 2, 1]
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", planned)
    assert plans
    assert [plan for plan in plans if plan.startswith("SCAN history")] == []


async def test_a_person_has_the_newest_standing_that_was_told_on_each_channel(
    database: Database,
) -> None:
    """A11.5: each with its channel and time; a post that tells none takes nothing back."""
    await Record(database).write(
        "record",
        1,
        folded(
            _post("1", "ann", "answer", 1, standing=_standing(accepted=3)),
            _post("2", "ann", "answer", 2, standing=_standing(accepted=12, role="regular")),
            _post("3", "ann", "answer", 3),
        ),
    )
    [known] = (await Threads(database).of_person(["community:ann"])).standings
    assert (known["channel"], known["accepted"], known["role"]) == ("community", 12, "regular")
    assert known["at_ms"] == NOON_MS + 2
    assert await Threads(database).of_person(["x:nobody"]) == Posts()


async def test_the_answers_to_a_question_are_those_of_others(database: Database) -> None:
    """A11.3: nobody answers themselves, and an answer has no answers."""
    await _written(database)
    own = _post("own", "kim", "answer", 9)
    await Record(database).write("record", 7, folded(own))
    threads = Threads(database)
    assert await threads.answers_to("q") == ["a"]
    assert await threads.answers_to("a") == []
    assert await threads.answers_to("m") == []


async def test_who_goes_on_under_another_handle_of_theirs_answers_nobody(
    database: Database,
) -> None:
    """A11.3, A2.1: as on their timeline."""
    await _written(database)
    await keep_customer(database, "c1", "community:kim", "community:ann")
    assert await Threads(database).answers_to("q") == []


async def test_posts_of_one_moment_are_read_in_one_order(database: Database) -> None:
    """A11.5: the standing that is shown is the same each time."""
    standings = {"2": _standing(accepted=2), "1": _standing(accepted=1)}
    made = (_post(id_, "ann", "answer", 1, standing=said) for id_, said in standings.items())
    await Record(database).write("record", 1, folded(*made))
    [known] = (await Threads(database).of_person(["community:ann"])).standings
    assert known["accepted"] == 1
