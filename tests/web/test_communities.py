"""Communities over HTTP: intake, the thread in the history, and the card of who had asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.adapters.redis_outbox import RedisOutbox
from app.core.mention import Community, Standing
from app.ports import Admission
from app.processes.record import Fold
from app.processes.relay import Relay
from app.web.state import Parts
from tests.builders import NOON_MS, OFFER_MS, admission, keep_customer, task_id, wire
from tests.doubles import KeepingProducer
from tests.web.conftest import Api

THREAD = "community:t-1"
SOLVED = Standing(role="regular", posts=340, accepted=12)


def post(id_: str, handle: str, position: str, standing: Standing, ally: bool) -> Admission:
    place = Community(thread="t-1", position=position, title="My bag", standing=standing)
    said = admission(id_, handle=handle, channel="community", community=place, text=f"text {id_}")
    data = said.facts[-1].data | {"values": {"community.ally": ally}}
    return replace(said, facts=(*said.facts[:-1], replace(said.facts[-1], data=data)))


async def settle(parts: Parts) -> None:
    producer: Any = KeepingProducer()
    while await Relay(RedisOutbox(parts.base.redis), parts.base.ledger, producer).move(0):
        pass
    await Fold(parts.base.ledger, parts.record).advance()


@pytest.fixture
async def thread(api: Api, parts: Parts) -> None:
    """Kim asked, and amira has the task; Ann, an ally, answered in the thread."""
    await api.post("amira", "/api/v1/me/state", {"state": "available"})
    question = post("q", "@kim", "opening", Standing(), ally=False)
    await parts.base.door.admit([question, post("a", "@ann", "answer", SOLVED, ally=True)])
    await parts.base.door.offer(OFFER_MS)
    await settle(parts)


async def read(api: Api, **asked: str) -> dict[str, Any]:
    answer = await api.get("amira", "/api/v1/history", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_post_is_taken_and_a_wrong_one_told_by_its_field(api: Api) -> None:
    """A1.5, A11.2"""
    good = {"thread": "t-1", "position": "opening", "standing": {"posts": 3}}
    answer = await api.post("intake", "/api/v1/mentions", wire(community=good))
    assert answer.status_code == 202
    wrong = wire(community=good | {"position": "reply"})
    answer = await api.post("intake", "/api/v1/mentions", wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_field")
    [error] = answer.json()["errors"]
    assert (error["field"], error["expected"]) == ("community.position", "opening or answer")


async def test_the_answer_of_an_ally_is_on_the_timeline_of_who_asked(
    api: Api, thread: None
) -> None:
    """A11.2, A11.3, A11.5"""
    found = await read(api, person="community:@kim")
    lines = {line["text"]: line for line in found["lines"]}
    assert lines.keys() == {"text q", "text a"}
    answer = lines["text a"]
    assert (answer["by_other"], answer["by"], answer["matter"]["known_as"]) == (
        True,
        "@ann",
        "ally",
    )
    assert answer["matter"]["standing"]["accepted"] == 12
    assert (lines["text q"]["by_other"], lines["text q"]["matter"]["thread"]) == (False, THREAD)
    whole = await read(api, thread=THREAD)
    assert {line["text"] for line in whole["lines"]} == {"text q", "text a"}
    assert not any(line["by_other"] for line in whole["lines"])


async def test_on_the_page_of_people_stand_a_person_s_own_words_alone(
    api: Api, parts: Parts, thread: None
) -> None:
    """A2.4: there nothing could tell whose words the answers of others are."""
    await keep_customer(parts.base.database, "C7", "community:kim")
    found = await api.get("amira", "/api/v1/people/C7")
    assert [line["text"] for line in found.json()["history"]] == ["text q"]


async def test_a_person_is_told_with_standing_and_with_what_a_source_states(
    api: Api, parts: Parts, thread: None
) -> None:
    """A11.5, A2.4: each with its source and time."""
    [standing] = (await read(api, person="community:@ann"))["person"]["standings"]
    assert (standing["channel"], standing["role"], standing["ally"]) == (
        "community",
        "regular",
        True,
    )
    assert standing["at_ms"] == NOON_MS
    await keep_customer(parts.base.database, "C7", "community:ann", advocacy="none")
    person = (await read(api, person="community:@ann"))["person"]
    assert person["advocacy"] == "none"
    assert person["advocacy_source"]
    assert [one["ally"] for one in person["standings"]] == [False]


async def test_the_card_says_that_an_ally_has_answered_and_the_clock_runs_on(
    api: Api, thread: None
) -> None:
    """A8.1, A11.3, decision 19: people decide whether that was the answer."""
    answer = await api.get("amira", f"/api/v1/tasks/{task_id('q', 'community')}/context")
    assert answer.status_code == 200, answer.text
    said = {one["key"]: one["text"] for one in answer.json()["clauses"]}
    assert said["thread"] == "opens the thread My bag"
    assert said["answered"] == "@ann answered in the thread at"
    assert said["answered_by"] == "@ann is an ally"
    assert said["due"] == "an answer is due at"


async def test_a_thread_too_long_to_be_one_is_refused(api: Api) -> None:
    answer = await api.get("amira", "/api/v1/history", params={"thread": "x" * 301})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "thread")
