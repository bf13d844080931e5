"""What the store tells of the past of a handle: mood, breach, reply; the newest, not too many."""

from __future__ import annotations

from typing import Any

from app.adapters.store.database import Database
from app.adapters.store.pasts import Pasts
from app.adapters.store.record import Record
from app.core.history import Folded, Matter
from app.core.past import MOST, Earlier
from tests.builders import NOON_MS

_MINUTE_MS = 60_000


def _new(id_: str, handle_key: str, minute: int, **given: Any) -> Matter:
    at_ms = NOON_MS + minute * _MINUTE_MS
    known: dict[str, Any] = {"status": "received", "changed_ms": at_ms, "detected_ms": at_ms}
    return Matter(mention_id=id_, handle_key=handle_key, channel="x", **known | given)


def _kept(*matters: Matter) -> Folded:
    found = {matter.mention_id: matter for matter in matters}
    return Folded(matters=found, changed=set(found))


async def test_the_past_of_a_handle_is_told_with_mood_breach_and_reply(database: Database) -> None:
    """A7.1: what has become of each mention is kept for the next one."""
    told = {"sentiment": "negative", "breached_ms": NOON_MS + 1, "replied_ms": NOON_MS + 2}
    answered = _new("a", "x:kim", 0, status="answered", queue="service", **told)
    written = _kept(answered, _new("b", "x:kim", 5), _new("c", "x:lee", 6))
    await Record(database).write("t", 1, written)
    found = await Pasts(database).of(["x:kim", "x:lee", "x:nobody"], 0)
    assert found["x:kim"] == (
        Earlier("b", NOON_MS + 5 * _MINUTE_MS, "received", "", False, 0),
        Earlier("a", NOON_MS, "answered", "negative", True, NOON_MS + 2),
    )
    assert [one.id for one in found["x:lee"]] == ["c"]
    assert found["x:nobody"] == ()
    standing = await Record(database).standing("a")
    assert standing
    assert (standing["queue"], standing["status"]) == ("service", "answered")


async def test_of_many_mentions_the_newest_are_told_and_of_old_ones_none(
    database: Database,
) -> None:
    written = [_new(f"m{minute}", "x:kim", minute) for minute in range(MOST + 5)]
    await Record(database).write("t", 1, _kept(*written))
    pasts = Pasts(database)
    found = (await pasts.of(["x:kim"], 0))["x:kim"]
    assert [one.id for one in found] == [f"m{n}" for n in range(MOST + 4, 4, -1)]
    since_ms = NOON_MS + (MOST + 3) * _MINUTE_MS
    assert len((await pasts.of(["x:kim"], since_ms))["x:kim"]) == 2


async def test_every_handle_with_a_mention_since_then_is_told_once(database: Database) -> None:
    written = [_new(f"m{n}", f"x:{n:04}", n % 3) for n in range(1203)]
    await Record(database).write("t", 1, _kept(*written))
    found: dict[str, int] = {}
    async for page in Pasts(database).every(NOON_MS + _MINUTE_MS):
        assert not found.keys() & page.keys()
        found |= {key: len(past) for key, past in page.items()}
    assert found == {f"x:{n:04}": 1 for n in range(1203) if n % 3}
