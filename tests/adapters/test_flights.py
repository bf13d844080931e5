"""Flights in the store: nothing lost, nothing done twice, and who belongs by the ledger alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.store.database import Database
from app.adapters.store.flight_reader import READER, FlightReader
from app.adapters.store.flight_rows import Found
from app.adapters.store.flights import MOST_OPEN, Flights, Said, Scene
from app.adapters.store.ledger import Ledger
from app.adapters.store.record import Record
from app.core import flight_moves as moves
from app.core.errors import Conflict
from app.core.flight import BY_HAND, ITSELF, OPEN, REACHED, SHUT, Event, Goal, Who, fold
from app.core.history import Matter
from app.core.queueing import task_id_of
from app.processes.flights import FlightWatch
from tests.builders import NOON_MS
from tests.core.flights_house import ANN, BOB, MINUTE_MS, SUE, at, plan
from tests.history_house import folded, line


def said(key: str, version: int = 0, digest: str = "d") -> Said:
    return Said(op_id=key, digest=digest, version=version)


def decided(mention_id: str, *labels: str, at_ms: int = NOON_MS) -> dict[str, Any]:
    return {
        "fact_id": f"{mention_id}/decided",
        "op": "decided",
        "op_id": mention_id,
        "mention_id": mention_id,
        "now_ms": at_ms,
        "data": {"decision": {"queue": "service", "labels": list(labels)}},
    }


class House:
    """Flights, a ledger that they follow, and the history that `record` makes of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.flights = Flights(database)
        self.ledger, self.record = Ledger(database), Record(database)
        self.now_ms = NOON_MS
        self.watch = FlightWatch(database, lambda: self.now_ms)

    async def open(self, id_: str = "f1", **given: Any) -> Found:
        event = moves.opened(id_, plan(**given), at(SUE, self.now_ms - NOON_MS))
        return await self.flights.open(event, said(f"open {id_}"))

    async def do(self, act: Callable[[Scene], Event | None], key: str, version: int = 0) -> Found:
        return await self.flights.change("f1", act, said(key, version))

    async def hear(self, *facts: dict[str, Any]) -> None:
        """These facts, read by all who follow the ledger."""
        await self.ledger.append(facts)
        await self.watch.follow()
        await self.stand()

    async def stand(self, *standings: tuple[str, str, int], replied: Any = ()) -> None:
        """What the fold into the history has by now: mention, status, when."""
        matters = [
            Matter(
                mention_id=id_, status=status, changed_ms=ms, handle_key="x", channel="x",
                queue="service", detected_ms=NOON_MS,
            )
            for id_, status, ms in standings
        ]  # fmt: skip
        lines = [
            line(
                ms, fact_id=f"{id_}/{kind}", mention_id=id_, handle_key="x", kind=kind,
                at_ms=ms, by=by, text="We are sorry.",
            )
            for id_, kind, by, ms in replied
        ]  # fmt: skip
        await self.record.write("record", await self.ledger.last_seq(), folded(*lines, *matters))

    async def members(self, id_: str = "f1") -> dict[str, str]:
        return {row["mention_id"]: row["label"] for row in await self.flights.tasks(id_, 100)}


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def tick(step: int, who: Who) -> Callable[[Scene], Event | None]:
    return lambda scene: moves.ticked(scene.found.flight, step, who)


async def test_a_flight_is_read_back_as_its_events_made_it(house: House) -> None:
    """A5.6, item 7 of the issue: a start, a destination and a route that a group follows."""
    await house.open()
    await house.do(tick(1, ANN), "a")
    await house.do(
        lambda s: moves.edited(s.found.flight, replace(s.found.flight.plan, say="Go"), SUE), "b"
    )
    found = (await house.flights.one("f1")).flight
    events = await house.flights.history("f1", 10)
    assert [event.kind for event in events] == ["edited", "ticked", "opened"]
    assert fold(reversed(events)) == found
    assert (found.done[1].by, found.plan.say, found.version) == ("ann", "Go", 3)
    assert [each.flight for each in await house.flights.all(OPEN, 9)] == [found]
    assert await house.flights.all(SHUT, 9) == []


async def test_the_same_command_twice_is_done_once_and_another_under_its_key_refused(
    house: House,
) -> None:
    first, again = await house.open(), await house.open()
    assert first == again
    await house.do(tick(1, ANN), "k")
    assert (await house.do(tick(2, ANN), "k")).flight.version == 2
    with pytest.raises(Conflict) as refused:
        await house.flights.change("f1", tick(2, ANN), said("k", digest="other"))
    assert refused.value.code == "key_reused"
    assert (await house.flights.one("f1")).flight.done.keys() == {1}


async def test_an_edit_on_an_old_view_is_refused_and_what_was_done_stays(house: House) -> None:
    await house.open()
    await house.do(tick(1, ANN), "a")
    before = await house.flights.last_change()
    with pytest.raises(Conflict) as refused:
        await house.do(
            lambda s: moves.edited(s.found.flight, plan(name="Other"), SUE), "b", version=1
        )
    assert refused.value.code == "stale_flight"
    found = (await house.flights.one("f1")).flight
    assert (found.plan.name, found.done[1].by) == ("Storm Berta", "ann")
    assert await house.flights.last_change() == before, "nothing happened"


async def test_two_who_tick_at_once_both_count(house: House, database: Database) -> None:
    await house.open()
    await asyncio.gather(house.do(tick(1, ANN), "a"), house.do(tick(2, BOB), "b"))
    found = (await house.flights.one("f1")).flight
    assert {id_: done.by for id_, done in found.done.items()} == {1: "ann", 2: "bob"}
    assert found.version == 3


async def test_an_unknown_flight_is_told(house: House) -> None:
    for ask in (house.flights.one("f9"), house.flights.change("f9", tick(1, ANN), said("a"))):
        with pytest.raises(Conflict) as refused:
            await ask
        assert refused.value.code == "unknown_flight"


async def test_open_flights_are_bounded(house: House) -> None:
    for n in range(MOST_OPEN):
        await house.open(f"n{n}")
    with pytest.raises(Conflict) as refused:
        await house.open()
    assert refused.value.code == "too_many_flights"


async def test_mentions_join_by_their_label_and_only_those(house: House) -> None:
    await house.open()
    await house.hear(
        decided("m1", "storm"), decided("m2", "bill"), decided("m3"), decided("m4", "x", "storm")
    )
    assert await house.members() == {"m1": "storm", "m4": "storm"}
    assert await house.ledger.cursor(READER) == 4
    await house.hear(decided("m5", "storm", at_ms=NOON_MS - 1))
    assert "m5" not in await house.members(), "it was decided before the start"


async def test_a_flight_that_reaches_back_is_filled_at_once(house: House) -> None:
    await house.hear(decided("m1", "storm"), decided("m2", "storm", at_ms=NOON_MS - MINUTE_MS))
    house.now_ms = NOON_MS + 5 * MINUTE_MS
    assert (await house.open(since_ms=NOON_MS)).counts.mentions == 1
    assert await house.members() == {"m1": "storm"}


async def test_a_label_that_is_added_brings_those_who_had_it_since_the_start(
    house: House,
) -> None:
    await house.open(labels=())
    await house.hear(decided("m1", "train"))
    assert await house.members() == {}
    await house.do(
        lambda s: moves.edited(
            s.found.flight, replace(s.found.flight.plan, labels=("train",)), SUE
        ),
        "a",
    )
    assert await house.members() == {"m1": "train"}


async def test_by_hand_a_task_comes_and_goes_and_stays_gone(house: House) -> None:
    await house.open()
    await house.do(lambda s: moves.added(s.found.flight, "m9", "t9", ANN), "a")
    [row] = await house.flights.tasks("f1", 9)
    assert (row["mention_id"], row["by"], row["task_id"]) == ("m9", "ann", task_id_of("m9"))
    gone = {"mention_id": "m1", "task_id": "t1"}
    await house.hear(decided("m1", "storm"))
    await house.do(lambda s: moves.removed(s.found.flight, gone, SUE, "not the storm"), "b")
    await house.hear({**decided("m1", "storm"), "fact_id": "again", "op": "edited"})
    assert await house.members() == {"m9": ""}
    await house.do(lambda s: moves.added(s.found.flight, "m1", "t1", BOB), "c")
    assert (await house.members()).keys() == {"m1", "m9"}


async def test_a_task_may_be_on_several_flights_and_the_last_opened_comes_first(
    house: House,
) -> None:
    await house.open("old")
    house.now_ms += 1
    await house.open("new")
    await house.hear(decided("m1", "storm", at_ms=NOON_MS + 5))
    found = await house.flights.of_mentions(["m1", "m2"])
    assert {id_: [each.flight.id for each in all_] for id_, all_ in found.items()} == {
        "m1": ["new", "old"]
    }


async def test_reading_the_ledger_again_changes_nothing(house: House) -> None:
    await house.open()
    await house.hear(decided("m1", "storm"))
    before = await house.flights.tasks("f1", 9)
    assert not await FlightReader(house.database).take()
    await house.record.write(READER, 0, [], [])
    await house.watch.follow()
    assert await house.flights.tasks("f1", 9) == before


async def test_labels_that_were_recorded_are_known(house: House) -> None:
    await house.hear(decided("m1", "storm"))
    assert await house.flights.recorded(["storm", "strom"]) == {"storm"}


async def test_it_closes_itself_when_its_tasks_have_been_quiet_with_its_outcome(
    house: House,
) -> None:
    await house.open()
    await house.hear(decided("m1", "storm"), decided("m2", "storm"), decided("m3", "storm"))
    await house.do(tick(1, ANN), "a")
    end = NOON_MS + 10 * MINUTE_MS
    await house.stand(
        ("m1", "completed", end - 5), ("m2", "waiting", end), ("m3", "closed", end),
        replied=[("m1", "replied", "bob", NOON_MS + 9_000)],
    )  # fmt: skip
    house.now_ms = end + 60 * MINUTE_MS
    await house.watch.judge()
    now = await house.flights.one("f1")
    assert (now.flight.state, now.counts.tasks, now.counts.open) == (OPEN, 2, 1)
    await house.stand(("m2", "completed", end), replied=[("m2", "completed", "ann", end)])
    house.now_ms = end + 30 * MINUTE_MS - 1
    await house.watch.judge()
    assert (await house.flights.one("f1")).flight.state == OPEN
    house.now_ms += 1
    await house.watch.judge()
    await house.watch.judge()
    found = (await house.flights.one("f1")).flight
    assert (found.state, found.closed["how"], found.closed["by"]) == (SHUT, REACHED, ITSELF)
    told = found.closed["outcome"]
    assert (told["mentions"], told["tasks"], told["answered"]) == (3, 2, 1)
    assert told["reached_ms"] == end + 30 * MINUTE_MS
    assert told["first_reply_median_s"] == 9.0
    assert told["people"]["ann"] == {"replies": 0, "completed": 1, "steps": 1}
    assert told["people"]["bob"] == {"replies": 1, "completed": 0, "steps": 0}


async def test_it_is_not_judged_before_the_ledger_is_read(house: House) -> None:
    await house.open()
    await house.hear(decided("m1", "storm"))
    await house.stand(("m1", "completed", NOON_MS))
    await house.ledger.append([decided("m2", "storm", at_ms=NOON_MS + MINUTE_MS)])
    house.now_ms = NOON_MS + 31 * MINUTE_MS
    await house.watch.judge()
    await house.watch.judge()
    assert (await house.flights.one("f1")).flight.state == OPEN
    await house.watch.follow()
    await house.stand(("m2", "waiting", NOON_MS + MINUTE_MS))
    await house.watch.judge()
    found = await house.flights.one("f1")
    assert (found.flight.state, found.counts.open) == (OPEN, 1)


async def test_facts_that_never_cease_do_not_keep_it_open(house: House) -> None:
    """Somebody always writes: it is judged as of a moment up to which all was read."""
    await house.open()
    await house.hear(decided("m1", "storm"))
    await house.stand(("m1", "completed", NOON_MS))
    house.now_ms = NOON_MS + 31 * MINUTE_MS
    for n in range(3):
        await house.ledger.append([decided(f"n{n}", "bill")])
        await house.watch.judge()
        await house.watch.follow()
        await house.stand()
        await house.ledger.append([decided(f"o{n}", "bill")])
        await house.watch.judge()
    assert (await house.flights.one("f1")).flight.state == SHUT


async def test_it_closes_with_its_last_step_or_when_its_time_has_come(house: House) -> None:
    await house.open("f1", goal=Goal(words="x", kind="steps"))
    await house.open("f2", goal=Goal(words="x", kind="time", until_ms=NOON_MS + 9))
    await house.do(tick(1, ANN), "a")
    await house.watch.judge()
    assert {each.flight.id for each in await house.flights.all(OPEN, 9)} == {"f1", "f2"}
    await house.do(tick(2, BOB), "b")
    await house.watch.judge()
    house.now_ms += 9
    await house.watch.judge()
    assert {each.flight.id for each in await house.flights.all(SHUT, 9)} == {"f1", "f2"}


async def test_screens_hear_of_what_changes_and_of_nothing_else(house: House) -> None:
    await house.open()
    last = await house.flights.last_change()
    await house.hear(decided("m1", "bill"))
    labelled = await house.flights.last_change()
    await house.hear(decided("m2"))
    await house.watch.judge()
    assert await house.flights.last_change() == labelled >= last
    await house.hear(decided("m3", "storm"))
    joined = await house.flights.last_change()
    assert joined > labelled
    await house.watch.judge()
    counted = await house.flights.last_change()
    assert counted > joined
    await house.watch.judge()
    assert await house.flights.last_change() == counted


async def test_closed_by_hand_it_keeps_the_reason_and_takes_nobody_any_more(house: House) -> None:
    await house.open()
    await house.do(
        lambda s: moves.closed(
            s.found.flight, BY_HAND, SUE, "the storm turned", s.outcome(NOON_MS)
        ),
        "a",
    )
    await house.hear(decided("m1", "storm"))
    assert await house.members() == {}
    found = await house.do(
        lambda s: moves.reopened(
            s.found.flight, s.found.counts, at(SUE, MINUTE_MS), "it is back", None
        ),
        "b",
    )
    assert (found.flight.state, await house.members()) == (OPEN, {"m1": "storm"})
