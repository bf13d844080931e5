"""The context card over HTTP: from a real trail, with what other systems said of the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store.signals import Signals
from app.core.facts import Fact
from app.core.profile import handle_key
from app.processes.relay import Relay
from app.web.state import Parts
from tests.builders import NOON_MS, OFFER_MS, admission, task_id
from tests.doubles import KeepingProducer
from tests.web.conftest import Api

T1 = task_id("1")
DETECTED = datetime.fromtimestamp(NOON_MS / 1000, UTC)


@pytest.fixture
async def offered(api: Api, parts: Parts) -> str:
    """One task of a gold customer, offered to amira."""
    await api.post("amira", "/api/v1/me/state", {"state": "available"})
    admitted = admission("1")
    said = admitted.mention
    data = {
        "known": True,
        "tier": "gold",
        "customer_id": "C-1",
        "handle_key": handle_key(said.channel, said.author.handle),
        "degraded": [],
    }
    known = Fact(
        op="identified", op_id="src-1", now_ms=NOON_MS, mention_id=said.mention_id, data=data
    )
    await parts.base.door.admit([replace(admitted, facts=(*admitted.facts, known))])
    await parts.base.door.offer(OFFER_MS)
    return T1


async def relayed(parts: Parts) -> None:
    """Everything that happened is in the ledger, and signals are taken in from there."""
    producer: Any = KeepingProducer()
    while await Relay(RedisOutbox(parts.base.redis), parts.base.ledger, producer).move(0):
        pass
    kept = Signals(parts.base.database)
    while await kept.take():
        pass


def delay(**given: Any) -> dict[str, Any]:
    base = {
        "source": "logistics",
        "id": "P-1/1",
        "kind": "delay",
        "at": (DETECTED - timedelta(hours=2)).isoformat(),
        "subject": "Parcel P-1",
        "customers": ["C-1"],
    }
    return base | given


async def card_of(api: Api, task: str, who: str = "amira") -> dict[str, Any]:
    answer = await api.get(who, f"/api/v1/tasks/{task}/context")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def texts(card: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["text"] for one in card["clauses"]}


async def test_the_card_speaks_from_the_trail_and_names_its_entries(
    api: Api, parts: Parts, offered: str
) -> None:
    """A8.1, A8.2."""
    await relayed(parts)
    card = await card_of(api, offered)
    said = texts(card)
    assert said["standing"] == "gold customer"
    assert said["pressing"] == "it was the most pressing that fits you"
    assert said["why"] == "Unhappy with the service."
    assert card["short"] == ["person", "pressing", "due", "why"]
    assert card["sentence"].startswith(said["person"])
    assert not card["behind"]
    trail = (await api.get("amira", f"/api/v1/mentions/{card['mention_id']}/why")).json()
    known = {fact["fact_id"] for fact in trail["facts"]}
    assert {entry["entry"] for one in card["clauses"] for entry in one["backing"]} <= known


async def test_it_says_so_when_facts_are_still_on_their_way(api: Api, offered: str) -> None:
    """The offer is on the screen before the ledger has it."""
    card = await card_of(api, offered)
    assert card["behind"]
    assert card["clauses"] == []


async def test_a_task_that_nobody_knows_has_none(api: Api) -> None:
    answer = await api.get("amira", "/api/v1/tasks/nothing/context")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_task")


async def test_a_signal_after_the_mention_comes_onto_its_card(
    api: Api, parts: Parts, offered: str
) -> None:
    """A8.3, A8.5: the card is live."""
    await relayed(parts)
    assert "signal:delay" not in texts(await card_of(api, offered))
    answer = await api.post("intake", "/api/v1/signals", delay())
    assert answer.status_code == 202
    await relayed(parts)
    card = await card_of(api, offered)
    [happened, meant] = [one for one in card["clauses"] if one["key"] == "signal:delay"]
    assert happened["text"] == "told by logistics: Parcel P-1 was delayed at"
    assert happened["at_ms"] == NOON_MS - 2 * 3_600_000
    assert answer.json()["accepted"][0] in [e["entry"] for e in happened["backing"]]
    assert (meant["part"], meant["because"]) == (
        "what_to_do", "Delay: Parcel P-1, told by logistics",
    )  # fmt: skip


async def test_nothing_is_said_of_a_signal_before_the_ledger_has_it(
    api: Api, parts: Parts, offered: str
) -> None:
    await relayed(parts)
    await api.post("intake", "/api/v1/signals", delay())
    assert "signal:delay" not in texts(await card_of(api, offered))


async def test_two_sightings_meet_on_the_card(api: Api, parts: Parts, offered: str) -> None:
    """A8.5: a check-in in New York and card use in Paris."""
    new_york = {"name": "New York", "lat": 40.7128, "lon": -74.006}
    paris = {"name": "Paris", "lat": 48.8566, "lon": 2.3522}
    for id_, kind, place, hours in (
        ("1", "check_in", new_york, 3),
        ("2", "card_use", paris, 2),
    ):
        at = (DETECTED - timedelta(hours=hours)).isoformat()
        body = delay(id=id_, kind=kind, place=place, at=at, subject=kind)
        assert (await api.post("intake", "/api/v1/signals", body)).status_code == 202
    await relayed(parts)
    said = texts(await card_of(api, offered))
    assert said["two_places"].startswith("in two places at once: New York and Paris")


async def test_hostile_text_stays_data(api: Api, parts: Parts, offered: str) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e"
    await api.post("intake", "/api/v1/signals", delay(subject=hostile))
    await relayed(parts)
    card = await card_of(api, offered)
    [happened, _] = [one for one in card["clauses"] if one["key"] == "signal:delay"]
    [word] = [word for word in happened["words"] if "img" in word["text"]]
    assert word == {"text": "<img src=x onerror=alert(1)>", "data": True}
