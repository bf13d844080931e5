"""A STOP is heard when it is accepted, with worker, broker and Redis away (A4.8)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app import codec
from app.adapters.store.database import Database
from app.adapters.store.journal import Journal
from app.adapters.store.outbound_tables import stops_heard
from app.core.consent import START, STOP, ConsentEvent, HeardStop, with_heard
from app.core.delivery import Answer
from app.core.errors import Unavailable
from app.wiring import intake
from app.wiring.intake import Gate
from tests.builders import keep_customer, mention, wire
from tests.outbound.conftest import SHIPPED, Post

MINUTE_MS = 60_000


class Away:
    """A broker that takes nothing."""

    async def send(self, _records: object) -> None:
        raise Unavailable("the broker does not answer")


class House:
    """`web`, whose journal is the store of the process `send`; `worker` is us, by `catches_up`."""

    def __init__(self, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(intake, "system_ms", lambda: post.now_ms)
        self.post = post
        gate_producer: Any = Away()
        self.gate = Gate(Journal(post.database), gate_producer, SHIPPED.words)

    async def accepts(self, text: str, id_: str, handle: str = "anna_x") -> str:
        """Returns the id of the delivery. A second later it is."""
        wired = codec.validate(wire(id=id_, text=text, handle=handle))
        [named] = await self.gate.accept([wired])
        self.post.now_ms += 1000
        return named["intake_id"]

    async def catches_up(self, intake_id: str, text: str, id_: str, outcome: str) -> None:
        """The ledger has what came of a delivery."""
        said = mention(id_, text=text, channel="x", handle="anna_x")
        for op in ("received", outcome) if outcome == "decided" else (outcome,):
            entry: dict[str, Any] = {
                "fact_id": f"{intake_id}/{op}", "op": op, "op_id": f"intake:{intake_id}",
                "now_ms": self.post.now_ms, "mention_id": said.mention_id,
                "data": {"mention": said, "decision": {}},
            }  # fmt: skip
            await self.post.ledger.append([orjson.loads(codec.dumps(entry))])
        self.post.now_ms += 1000


@pytest.fixture
async def house(post: Post, database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    await keep_customer(database, "c1", "sms:anna", "x:anna_x", name="Anna")
    return House(post, monkeypatch)


async def waits(post: Post) -> None:
    """A message to anna on SMS that the channel did not take the first time."""
    said = await post.hears("Where is my parcel?")
    await post.replies(said)
    post.sms.script = [Answer(status=503)]
    await post.round()
    assert await post.states() == ["queued"]


async def later(post: Post) -> list[str]:
    post.now_ms += 10 * MINUTE_MS
    await post.round()
    return await post.states()


async def test_a_stop_that_is_only_in_the_journal_stops_what_becomes_due(
    house: House, post: Post
) -> None:
    """On another handle of the same customer, with the broker away."""
    await waits(post)
    await house.accepts("Please stop!", "s1")
    assert await later(post) == ["refused"]
    assert len(post.sms.requests) == 1
    [fact] = await post.told("not_sent")
    assert fact["data"]["code"] == "stopped"
    [outlook, *_] = await post.consents.outlook("sms:anna", SHIPPED.policy, post.now_ms, "answer")
    assert outlook.refusal is not None


async def test_a_stop_of_somebody_else_and_an_ordinary_message_stop_nothing(
    house: House, post: Post
) -> None:
    await waits(post)
    await house.accepts("STOP", "s1", handle="somebody")
    await house.accepts("stop ignoring me", "s2")
    assert await later(post) == ["sent"]


async def test_a_start_that_comes_later_wins_though_it_is_taken_in_first(
    house: House, post: Post
) -> None:
    await waits(post)
    await house.accepts("STOP", "s1")
    start = await house.accepts("START", "s2")
    await house.catches_up(start, "START", "s2", "decided")
    assert await later(post) == ["sent"]


async def test_a_start_that_was_said_before_does_not_lift_it_when_it_is_taken_in_late(
    house: House, post: Post
) -> None:
    await waits(post)
    start = await house.accepts("START", "s1")
    await house.accepts("STOP", "s2")
    await house.catches_up(start, "START", "s1", "decided")
    assert await later(post) == ["refused"]


async def test_what_the_ledger_has_is_not_heard_twice(house: House, post: Post) -> None:
    """Neither a STOP that was taken in, nor the same one delivered again after a START."""
    stop = await house.accepts("STOP", "s1")
    await house.catches_up(stop, "STOP", "s1", "decided")
    start = await house.accepts("START", "s2")
    await house.catches_up(start, "START", "s2", "decided")
    again = await house.accepts("STOP", "s1")
    await house.catches_up(again, "STOP", "s1", "duplicate")
    await waits(post)
    assert await later(post) == ["sent"]
    count = sa.select(sa.func.count()).select_from(stops_heard)
    assert await post.database.read(lambda c: c.execute(count).scalar()) == 2
    await Journal(post.database).settle()
    assert await post.database.read(lambda c: c.execute(count).scalar()) == 0


async def test_a_stop_that_could_not_be_processed_holds(house: House, post: Post) -> None:
    await waits(post)
    dead = await house.accepts("STOP", "s1")
    await house.catches_up(dead, "STOP", "s1", "dead")
    await Journal(post.database).settle()
    assert await later(post) == ["refused"]


def test_a_heard_stop_stands_after_all_that_was_said_before_it() -> None:
    def event(id_: str, kind: str, at_ms: int) -> ConsentEvent:
        return ConsentEvent(event_id=id_, handle_key="x:anna", kind=kind, at_ms=at_ms)

    def heard(at_ms: int) -> HeardStop:
        return HeardStop(
            intake_id=str(at_ms), mention_id="m", handle_key="x:anna", channel="x", at_ms=at_ms
        )

    events = [event("a", START, 10), event("b", STOP, 20), event("c", START, 90)]
    found = with_heard(events, [heard(50), heard(5)], {"c": 30})
    assert [one.event_id for one in found] == ["heard:5", "a", "b", "c", "heard:50"]
    assert with_heard(events, [heard(50)], {})[2].kind == STOP
