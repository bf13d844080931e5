"""What agents do over HTTP: each command once, and every refusal with its code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    TimeoutError,
)

from app.adapters.redis_client import Client, connect
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store.ledger import Ledger
from app.processes.relay import Relay
from app.processes.tcp_ports import free_port
from app.web.state import Parts
from tests.builders import OFFER_MS, admission, task_id
from tests.doubles import KeepingProducer
from tests.web.conftest import Api

T1 = task_id("1")


@pytest.fixture
async def offered(api: Api, parts: Parts) -> str:
    """One task, offered to amira."""
    await api.post("amira", "/api/v1/me/state", {"state": "available"})
    await parts.base.door.admit([admission("1")])
    await parts.base.door.offer(OFFER_MS)
    return T1


@pytest.fixture
async def accepted(api: Api, offered: str) -> str:
    assert (await api.command("amira", offered, "accept")).status_code == 200
    return offered


async def facts(parts: Parts) -> list[dict[str, Any]]:
    await Relay(
        RedisOutbox(parts.base.redis),
        parts.base.ledger,
        KeepingProducer(),  # type: ignore[arg-type]
    ).move()
    return await Ledger(parts.base.database).since(0)


async def test_a_task_goes_from_offer_to_completion(api: Api, parts: Parts, offered: str) -> None:
    """A5.4, A7.1: a human handles it, and what they said is in the ledger."""
    card = (await api.command("amira", offered, "accept")).json()
    assert (card["state"], card["rep"]) == ("accepted", "amira")
    card = (await api.command("amira", offered, "reply", {"text": "On it"}, key="r")).json()
    assert card["reply"]["text"] == "On it"
    assert card["sla"] == "met"
    done = {"code": "resolved", "note": "called"}
    card = (await api.command("amira", offered, "complete", done)).json()
    assert card["state"] == "completed"
    assert [f["op"] for f in await facts(parts)][-3:] == ["accepted", "replied", "completed"]
    assert (await facts_of(parts, "replied"))["actor"] == {
        "type": "user",
        "id": "amira",
        "role": "agent",
    }


async def facts_of(parts: Parts, op: str) -> dict[str, Any]:
    [found] = [f for f in await Ledger(parts.base.database).since(0) if f["op"] == op]
    return found


@pytest.mark.parametrize("name", ["accept", "reject", "reply", "complete", "transfer"])
async def test_a_command_without_an_idempotency_key_is_refused(
    api: Api, offered: str, name: str
) -> None:
    body = {"reply": {"text": "a"}, "transfer": {"queue": "billing", "reason": "b"}}.get(name)
    for key in ("", "k" * 101):
        answer = await api.command("amira", offered, name, body, key=key)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")


async def test_a_repeated_command_answers_alike_and_does_nothing(
    api: Api, parts: Parts, accepted: str
) -> None:
    first = await api.command("amira", accepted, "reply", {"text": "On it"}, key="same")
    again = await api.command("amira", accepted, "reply", {"text": "On it"}, key="same")
    assert first.json() == again.json()
    assert [f["op"] for f in await facts(parts)].count("replied") == 1


async def test_one_key_on_two_tasks_keeps_both_facts(api: Api, parts: Parts, accepted: str) -> None:
    """The ledger must not take the second for a repeat of the first."""
    await parts.base.door.admit([admission("2")])
    await parts.base.door.offer(OFFER_MS)
    assert (await api.command("amira", task_id("2"), "accept")).status_code == 200
    owned = [f["task_id"] for f in await facts(parts) if f["op"] == "accepted"]
    assert sorted(owned) == sorted([accepted, task_id("2")])


async def test_a_race_has_one_winner_and_the_other_is_told(
    api: Api, parts: Parts, accepted: str
) -> None:
    answer = await api.command("ben", accepted, "accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "taken")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_offer_that_ran_out_is_told_as_expired(
    api: Api, parts: Parts, offered: str
) -> None:
    parts.base.door.now_ms += OFFER_MS
    answer = await api.command("amira", offered, "accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "expired")


async def test_work_that_is_not_yours_or_not_accepted_is_refused(api: Api, offered: str) -> None:
    answer = await api.command("amira", offered, "complete")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    answer = await api.command("ben", offered, "reject")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_yours")


@pytest.mark.parametrize("name", ["accept", "reject", "complete"])
async def test_an_unknown_task_is_told(api: Api, name: str) -> None:
    answer = await api.command("amira", "nothing", name)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_task")


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("reply", {}, "text"),
        ("reply", {"text": "  "}, "text"),
        ("reply", {"text": 5}, "text"),
        ("reply", {"text": "a" * 10_001}, "text"),
        ("complete", {"code": "whatever"}, "code"),
        ("complete", {"note": []}, "note"),
        ("reject", {"reason": "a" * 501}, "reason"),
        ("transfer", {"queue": "billing"}, "reason"),
        ("transfer", {"queue": "nowhere", "reason": "a"}, "queue"),
    ],
)
async def test_a_wrong_field_of_a_command_is_named(
    api: Api, parts: Parts, accepted: str, name: str, body: dict[str, Any], field: str
) -> None:
    answer = await api.command("amira", accepted, name, body, key="other")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert error["expected"]
    assert [f["op"] for f in await facts(parts) if f["op"] == name] == []


@pytest.mark.parametrize("body", [b"[]", b"5", b"{", b'"a"'])
async def test_a_command_that_is_no_object_is_refused(api: Api, accepted: str, body: bytes) -> None:
    assert (await api.command("amira", accepted, "reply", body)).status_code == 422


async def test_a_transfer_keeps_the_language_and_takes_the_next_queues_skills(
    api: Api, parts: Parts
) -> None:
    await api.post("amira", "/api/v1/me/state", {"state": "available"})
    await parts.base.door.admit([admission("1", skills=("en",))])
    await parts.base.door.offer(OFFER_MS)
    await api.command("amira", T1, "accept")
    moved = await api.command("amira", T1, "transfer", {"queue": "billing", "reason": "money"})
    assert moved.json()["state"] == "queued"
    assert moved.json()["skills"] == ["billing", "en"]


async def test_no_text_of_an_agent_can_hold_a_nul(api: Api, parts: Parts, accepted: str) -> None:
    """PostgreSQL cannot store it: the fold of the history would stand still."""
    body = b'{"text": "a\\u0000b"}'
    answer = await api.command("amira", accepted, "reply", body, key="nul")
    if answer.status_code == 200:
        await facts(parts)
        assert "\0" not in (await facts_of(parts, "replied"))["data"]["text"]
    else:
        assert answer.status_code == 422


@pytest.mark.parametrize("state", ["asleep", "", 5, None])
async def test_a_state_that_there_is_not_is_refused(api: Api, state: Any) -> None:
    answer = await api.post("amira", "/api/v1/me/state", {"state": state})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "state"


async def test_my_state_is_answered_with_what_it_is_now(api: Api) -> None:
    body = {"state": "paused", "reason": "lunch"}
    me = (await api.post("amira", "/api/v1/me/state", body)).json()
    assert (me["name"], me["state"], me["reason"]) == ("amira", "paused", "lunch")


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("GET", "/api/v1/desk", {}),
        ("GET", "/api/v1/tasks", {}),
        ("POST", "/api/v1/me/state", {"state": "available"}),
        ("POST", f"/api/v1/tasks/{T1}/accept", {}),
    ],
)
async def test_while_redis_is_away_the_answer_is_503_with_a_time_to_come_back(
    api: Api,
    parts: Parts,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    given: dict[str, str],
) -> None:
    away: Client = connect(f"redis://127.0.0.1:{free_port()}/0")
    for part in (parts.base.door, parts.floor, parts.feed):
        monkeypatch.setattr(part, "_client", away)
    headers = {"authorization": "Bearer key-amira", "idempotency-key": "k"}
    answer = await api.client.request(method, path, headers=headers, content=orjson.dumps(given))
    assert (answer.status_code, answer.json()["code"]) == (503, "read_only")
    assert answer.headers["retry-after"] == "2"
    await away.aclose()


class AnswersGetLost:
    """Redis does what it is sent, and its answer never comes."""

    def __init__(self, client: Client, error: Exception) -> None:
        self._client = client
        self._error = error

    @asynccontextmanager
    async def pipeline(self, transaction: bool) -> AsyncIterator[AnswersGetLost]:
        async with self._client.pipeline(transaction=transaction) as self._pipe:
            yield self

    def execute_command(self, *words: Any) -> None:
        self._pipe.execute_command(*words)

    async def execute(self) -> None:
        await self._pipe.execute()
        raise self._error


LOST = [
    TimeoutError("Timeout reading from 127.0.0.1:6379"),
    ConnectionError("Connection closed by server."),
    OSError("[Errno 104] Connection reset by peer"),
]


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("part", ["door", "floor"])
async def test_what_may_have_been_done_is_not_told_as_refused(
    api: Api,
    parts: Parts,
    accepted: str,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    error: Exception,
) -> None:
    """Sent again with the same key it is answered, and was done once."""
    lossy = AnswersGetLost(parts.base.redis, error)
    with monkeypatch.context() as while_it_hangs:
        broken = parts.base.door if part == "door" else parts.floor
        while_it_hangs.setattr(broken, "_client", lossy)
        answer = await api.command("amira", accepted, "reply", {"text": "hello"}, key="once")
    assert (answer.status_code, answer.json()["code"]) == (503, "unknown_outcome")
    assert "not known" in answer.json()["detail"]
    assert "nothing was changed" not in answer.text
    assert answer.headers["retry-after"] == "2"
    again = await api.command("amira", accepted, "reply", {"text": "hello"}, key="once")
    assert (again.status_code, again.json()["reply"]["text"]) == (200, "hello")
    assert len([fact for fact in await facts(parts) if fact["op"] == "replied"]) == 1


async def test_a_state_that_may_have_been_set_is_not_told_as_refused(
    api: Api, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    lossy = AnswersGetLost(parts.base.redis, LOST[0])
    monkeypatch.setattr(parts.base.door, "_client", lossy)
    answer = await api.post("amira", "/api/v1/me/state", {"state": "paused"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unknown_outcome")


async def test_a_read_that_is_not_answered_changed_nothing(
    api: Api, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.floor, "_client", AnswersGetLost(parts.base.redis, LOST[0]))
    answer = await api.get("amira", "/api/v1/tasks")
    assert (answer.status_code, answer.json()["code"]) == (503, "read_only")


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        ReadOnlyError("You can't write against a read only replica."),
        BusyLoadingError("Redis is loading the dataset in memory"),
        ConnectionError("Error 111 connecting to 127.0.0.1:6379. Connection refused."),
        TimeoutError("Timeout connecting to server"),
    ],
)
async def test_what_redis_refused_for_certain_is_told_as_not_done(
    api: Api, parts: Parts, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(parts.base.door, "_client", AnswersGetLost(parts.base.redis, error))
    answer = await api.command("amira", T1, "accept")
    assert (answer.status_code, answer.json()["code"]) == (503, "read_only")
