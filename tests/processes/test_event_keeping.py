"""What the store refuses of events stops nothing else: it is told, and the position moves on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app import metrics
from app.adapters.store.database import Database
from app.adapters.store.rule_events import Asked, RuleEvents
from app.core.errors import Unavailable
from app.core.notices import Notice
from tests.event_facts import Story
from tests.processes.test_events import TELL, House, at, late

POISON = "Poison."


class Refusing(RuleEvents):
    """A store that refuses one text for ever, as PostgreSQL refuses a sign that it cannot keep."""

    def __init__(self, database: Database, refusal: Exception, everything: bool = False) -> None:
        super().__init__(database)
        self.refusal, self.everything = refusal, everything

    async def take(
        self,
        asked: Sequence[Asked],
        told: Sequence[Notice] = (),
        read: tuple[str, int] | None = None,
    ) -> list[Asked]:
        said = [*told, *(notice for one in asked for notice in one.notices)]
        poisoned = any(notice.text == POISON for notice in said)
        if poisoned or (self.everything and (asked or said)):
            raise self.refusal
        return await super().take(asked, told, read)


def refusing_house(database: Database, *rules: str, **given: Any) -> House:
    made = House(database, *rules)
    made.log = Refusing(database, given.pop("refusal", ValueError("no such sign")), **given)
    made.events = made.process()
    return made


def not_kept(what: str) -> float:
    return float(metrics.EVENTS_NOT_KEPT.labels(what)._value.get())


BAD = f'{{ priority = 90 }}, {{ notify = {{ to = "supervisor", text = "{POISON}" }} }}'


async def test_a_notice_that_the_store_refuses_stops_nothing_that_comes_after_it(
    database: Database,
) -> None:
    centre, before = refusing_house(database, at("at_risk", TELL)), not_kept("notice")
    said = [{"to": "supervisor", "text": text} for text in ("First.", POISON, "Last.")]
    story = late(Story("1"))
    story.facts[1]["data"]["decision"]["notices"] = said
    await centre.tell(story)
    assert sorted(await centre.unread()) == ["First.", "Last.", "Look."]
    assert len(await centre.told(story)) == 1
    assert await centre.ledger.cursor("events") == await centre.ledger.last_seq()
    assert not_kept("notice") == before + 1


async def test_an_event_that_the_store_refuses_is_kept_as_a_problem(database: Database) -> None:
    centre = refusing_house(
        database,
        at("at_risk", BAD, 'mention.handle == "@bad"', "bad"),
        at("at_risk", "{ priority = 80 }", id_="good"),
    )
    before = not_kept("event")
    bad, good = late(Story("1", handle="@bad")), late(Story("2", handle="@lee"))
    await centre.events.turn()
    await centre.ledger.append([*bad.entries, *good.entries])
    await centre.at(0)
    [event] = await centre.told(bad)
    assert event["problem"] == "ValueError: what rules did here could not be kept"
    assert event["acts"] == []
    assert [one["task"] for one in centre.door.done.values()] == [good.task_id]
    assert not_kept("event") == before + 1
    await centre.process().turn()  # a restart does not ask again
    assert len(await centre.told(bad)) == 1


async def test_a_wait_that_the_store_refuses_does_not_come_due_for_ever(
    database: Database,
) -> None:
    centre = refusing_house(
        database, at("waiting", BAD, 'mention.handle == "@bad"'), at("at_risk", TELL, id_="t")
    )
    bad = Story("1", handle="@bad").decided().queued()
    await centre.tell(bad, 6)
    [event] = await centre.told(bad)
    assert event["problem"].startswith("ValueError: ")
    await centre.tell(late(Story("2")), 7)
    assert await centre.unread() == ["Look."]


async def test_while_the_store_is_away_nothing_is_given_up(database: Database) -> None:
    centre = refusing_house(database, at("at_risk", BAD), refusal=Unavailable("away"))
    story = late()
    with pytest.raises(Unavailable):
        await centre.tell(story)
    assert await centre.told(story) == []
    centre.events = House.process(House(database, at("at_risk", BAD)))
    await centre.at(0)
    assert await centre.unread() == [POISON]


async def test_a_store_that_refuses_everything_is_broken_and_the_position_stays(
    database: Database,
) -> None:
    """A table that is not there is no fault of a fact."""
    centre = refusing_house(database, at("at_risk", TELL), everything=True)
    story = late()
    with pytest.raises(ValueError, match="no such sign"):
        await centre.tell(story)
    assert await centre.ledger.cursor("events") < await centre.ledger.last_seq()


async def test_a_sign_that_no_store_keeps_is_shown_in_its_place(database: Database) -> None:
    """Facts may be older than the check of the rules' texts."""
    centre = House(database)
    story = Story().decided(notices=({"to": "supervisor", "text": "Look\x00here."},))
    await centre.tell(story.queued())
    assert await centre.unread() == ["Look\ufffdhere."]
