"""Hand on, park, resume, wrap up; what supervisors do; versions, repeated keys and refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store.ledger import Ledger
from app.processes.relay import Relay
from app.settings import Demo
from app.web.state import Parts
from tests.builders import NOON_MS, OFFER_MS, admission, task_id
from tests.doubles import KeepingProducer
from tests.web.conftest import Api

T1 = task_id("1")
MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def _one_clock(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The floor tells the time of the door, as it does where both ask Redis."""

    async def now_ms() -> int:
        return parts.base.door.now_ms

    monkeypatch.setattr(parts.floor, "now_ms", now_ms)


@pytest.fixture
async def accepted(api: Api, parts: Parts) -> str:
    """One task that amira has accepted."""
    await available(api, "amira")
    await parts.base.door.admit([admission("1")])
    await parts.base.door.offer(OFFER_MS)
    assert (await api.command("amira", T1, "accept")).status_code == 200
    return T1


@pytest.fixture
async def queued(parts: Parts) -> str:
    await parts.base.door.admit([admission("1")])
    return T1


async def available(api: Api, *names: str) -> None:
    for name in names:
        answer = await api.post(name, "/api/v1/me/state", {"state": "available"})
        assert answer.status_code == 200


async def facts(parts: Parts, op: str) -> list[dict[str, Any]]:
    producer = KeepingProducer()
    await Relay(RedisOutbox(parts.base.redis), parts.base.ledger, producer).move()  # type: ignore[arg-type]
    return [fact for fact in await Ledger(parts.base.database).since(0) if fact["op"] == op]


async def refused(
    api: Api, who: str, name: str, body: Any = None, key: str = "k", task: str = T1
) -> tuple[int, str]:
    answer = await api.command(who, task, name, body, key=key)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def at(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


async def test_a_task_is_wrapped_up_and_completed(api: Api, parts: Parts, accepted: str) -> None:
    card = (await api.command("amira", accepted, "wrap")).json()
    assert card["state"] == "wrapping"
    assert card["wrap_ends_ms"] > NOON_MS
    desk = (await api.get("amira", "/api/v1/desk")).json()
    assert [task["state"] for task in desk["tasks"]] == ["wrapping"]
    assert desk["me"]["load"] == 1
    card = (await api.command("amira", accepted, "complete", {"code": "resolved"})).json()
    assert card["state"] == "completed"
    assert [fact["from"] for fact in await facts(parts, "completed")] == ["wrapping"]


async def test_a_transfer_to_a_colleague_is_an_offer_kept_for_them(
    api: Api, parts: Parts, accepted: str
) -> None:
    await available(api, "ben")
    body = {"to_rep": "ben", "reason": "he knows the case"}
    card = (await api.command("amira", accepted, "transfer", body)).json()
    assert (card["state"], card["for_rep"]) == ("queued", "ben")
    await parts.base.door.offer(OFFER_MS)
    card = (await api.get("ben", "/api/v1/desk")).json()["offer"]
    assert card["task_id"] == accepted
    handed = {"by": "amira", "reason": "he knows the case", "from_queue": "service"}
    assert card["handed_on"] == handed


async def test_who_is_assigned_a_task_reads_by_whom_and_why_until_it_is_offered_anew(
    api: Api, parts: Parts, accepted: str
) -> None:
    reason = "<img src=x onerror=alert(1)> she knows you"
    await api.command("sofia", accepted, "pull_back", {"reason": "a"}, key="p")
    await available(api, "ben")
    body = {"rep": "ben", "reason": reason}
    assigned = (await api.command("sofia", accepted, "assign", body)).json()["assigned"]
    assert assigned == {"by": "sofia", "reason": reason}
    offer = (await api.get("ben", "/api/v1/desk")).json()["offer"]
    assert offer["assigned"] == assigned
    await api.command("ben", accepted, "accept")
    [task] = (await api.get("ben", "/api/v1/desk")).json()["tasks"]
    assert task["assigned"] == assigned
    await api.command("ben", accepted, "transfer", {"to_rep": "amira", "reason": "not mine"})
    assert await parts.base.door.offer(OFFER_MS) == [accepted]
    assert (await api.get("amira", "/api/v1/desk")).json()["offer"]["assigned"] is None


async def test_a_parked_task_stands_below_the_desk_until_it_is_resumed(
    api: Api, parts: Parts, accepted: str
) -> None:
    body = {"minutes": 90, "reason": "asked for the number", "waits_for": "customer"}
    card = (await api.command("amira", accepted, "park", body)).json()
    assert (card["state"], card["until_ms"]) == ("parked", NOON_MS + 90 * MINUTE_MS)
    desk = (await api.get("amira", "/api/v1/desk")).json()
    assert desk["tasks"] == []
    [parked] = desk["parked"]
    assert (parked["task_id"], parked["waits_for"]) == (accepted, "customer")
    assert desk["me"]["load"] == 0
    assert (await api.get("ben", "/api/v1/desk")).json()["parked"] == []
    card = (await api.command("amira", accepted, "resume")).json()
    assert (card["state"], card["for_rep"]) == ("queued", "amira")
    assert (await api.get("amira", "/api/v1/desk")).json()["parked"] == []


async def test_a_task_may_be_parked_until_a_moment(api: Api, accepted: str) -> None:
    until = NOON_MS + 2 * 24 * 60 * MINUTE_MS
    body = {"until": at(until), "reason": "the courier comes then"}
    assert (await api.command("amira", accepted, "park", body)).json()["until_ms"] == until


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("transfer", {"reason": "a"}, "queue"),
        ("transfer", {"queue": "billing", "to_rep": "ben", "reason": "a"}, "to_rep"),
        ("transfer", {"to_rep": "nobody", "reason": "a"}, "to_rep"),
        ("transfer", {"to_rep": "sofia", "reason": "a"}, "to_rep"),
        ("transfer", {"to_rep": "ben"}, "reason"),
        ("park", {"reason": "a"}, "until"),
        ("park", {"minutes": 5}, "reason"),
        ("park", {"minutes": 5, "until": at(NOON_MS + MINUTE_MS), "reason": "a"}, "until"),
        ("park", {"minutes": 0, "reason": "a"}, "minutes"),
        ("park", {"minutes": 10_081, "reason": "a"}, "minutes"),
        ("park", {"minutes": 1.5, "reason": "a"}, "minutes"),
        ("park", {"minutes": True, "reason": "a"}, "minutes"),
        ("park", {"minutes": "5", "reason": "a"}, "minutes"),
        ("park", {"until": "tomorrow", "reason": "a"}, "until"),
        ("park", {"until": "2026-12-01T10:00:00", "reason": "a"}, "until"),
        ("park", {"until": at(NOON_MS), "reason": "a"}, "until"),
        ("park", {"until": at(NOON_MS + 10_082 * MINUTE_MS), "reason": "a"}, "until"),
        ("park", {"minutes": 5, "reason": "a", "waits_for": "godot"}, "waits_for"),
        ("wrap", {"version": 0}, "version"),
        ("wrap", {"version": "3"}, "version"),
        ("accept", {"reservation_id": 7}, "reservation_id"),
    ],
)
async def test_a_wrong_field_of_an_agents_command_is_named(
    api: Api, accepted: str, name: str, body: dict[str, Any], field: str
) -> None:
    answer = await api.command("amira", accepted, name, body, key="other")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert error["expected"]
    assert error["got"]
    assert (await api.get("amira", f"/api/v1/tasks/{accepted}")).json()["state"] == "accepted"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("wrap", {}),
        ("park", {"minutes": 5, "reason": "a"}),
        ("transfer", {"queue": "billing", "reason": "a"}),
        ("complete", {}),
        ("reply", {"text": "a"}),
    ],
)
async def test_what_another_agent_has_is_not_mine_to_change(
    api: Api, accepted: str, name: str, body: dict[str, Any]
) -> None:
    assert await refused(api, "ben", name, body) == (409, "not_yours")


async def test_only_who_parked_a_task_resumes_it(api: Api, accepted: str) -> None:
    await api.command("amira", accepted, "park", {"minutes": 5, "reason": "a"})
    assert await refused(api, "ben", "resume") == (409, "not_yours")
    assert (await api.command("sofia", accepted, "resume")).status_code == 200


async def test_a_task_in_the_wrong_state_is_told(api: Api, accepted: str) -> None:
    assert await refused(api, "amira", "resume") == (409, "wrong_state")
    assert (await api.command("amira", accepted, "wrap")).status_code == 200
    body = {"minutes": 5, "reason": "a"}
    assert await refused(api, "amira", "park", body) == (409, "wrong_state")
    assert await refused(api, "amira", "wrap", key="again") == (409, "wrong_state")


async def test_the_fourth_hand_off_stays_with_the_mediator(api: Api, parts: Parts) -> None:
    """A5.4: no ping-pong."""
    await available(api, "amira", "miriam")
    await parts.base.door.admit([admission("1")])
    for hop, queue in enumerate(["billing", "service", "billing"]):
        await parts.base.door.offer(OFFER_MS)
        assert (await api.command("amira", T1, "accept", key=f"a{hop}")).status_code == 200
        body = {"queue": queue, "reason": "not mine"}
        card = (await api.command("amira", T1, "transfer", body, key=f"t{hop}")).json()
        parts.base.door.now_ms += OFFER_MS
    assert card["queue"] == "escalation"
    await parts.base.door.offer(OFFER_MS)
    assert (await api.command("miriam", T1, "accept")).status_code == 200
    body = {"queue": "service", "reason": "not mine"}
    assert await refused(api, "miriam", "transfer", body) == (409, "bounced")


@pytest.mark.parametrize("sends", ["body", "header"])
async def test_a_version_that_has_moved_on_is_refused(api: Api, accepted: str, sends: str) -> None:
    seen = await api.get("amira", f"/api/v1/tasks/{accepted}")
    version, tag = seen.json()["version"], seen.headers["etag"]
    assert tag == f'"{version}"'

    async def reply(key: str) -> Any:
        body = {"text": "On it"} | ({"version": version} if sends == "body" else {})
        headers = {"Idempotency_Key": key} | ({"If_Match": tag} if sends == "header" else {})
        return await api.post("amira", f"/api/v1/tasks/{accepted}/reply", body, **headers)

    first = await reply("a")
    assert first.status_code == 200
    assert first.headers["etag"] == f'"{version + 1}"'
    again = await reply("b")
    assert (again.status_code, again.json()["code"]) == (409, "stale_version")


async def test_a_tag_that_is_no_version_is_refused(api: Api, accepted: str) -> None:
    path = f"/api/v1/tasks/{accepted}/wrap"
    answer = await api.post("amira", path, {}, Idempotency_Key="k", If_Match='"abc"')
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "If-Match")


async def test_one_key_for_two_bodies_is_refused(api: Api, parts: Parts, accepted: str) -> None:
    assert (await api.command("amira", accepted, "reply", {"text": "A"})).status_code == 200
    assert await refused(api, "amira", "reply", {"text": "B"}) == (422, "key_reused")
    assert (await api.command("amira", accepted, "reply", {"text": "A"})).status_code == 200
    assert len(await facts(parts, "replied")) == 1


async def test_a_supervisor_assigns_a_waiting_task_with_the_reason(
    api: Api, parts: Parts, queued: str
) -> None:
    await available(api, "ben")
    body = {"rep": "ben", "reason": "he asked for it"}
    card = (await api.command("sofia", queued, "assign", body)).json()
    assert (card["state"], card["rep"]) == ("offered", "ben")
    [fact] = await facts(parts, "offered")
    assert (fact["actor"]["id"], fact["reason"]) == ("sofia", "he asked for it")
    assert (await api.command("ben", queued, "accept")).status_code == 200


async def test_an_assignment_that_cannot_be_is_told(api: Api, parts: Parts, queued: str) -> None:
    body = {"rep": "ben", "reason": "a"}
    assert await refused(api, "sofia", "assign", body) == (409, "not_available")
    await available(api, "ben")
    await parts.base.door.offer(OFFER_MS)
    await parts.base.door.admit([admission("2")])
    assert await refused(api, "sofia", "assign", body, task=task_id("2")) == (409, "has_offer")
    assert (await api.command("ben", queued, "accept")).status_code == 200
    assert await refused(api, "sofia", "assign", body, key="x") == (409, "wrong_state")


@pytest.mark.parametrize("on", [True, False])
async def test_simulated_people_are_colleagues_only_where_the_demo_is_on(
    api: Api, parts: Parts, queued: str, on: bool
) -> None:
    chosen = parts.base.settings.model_copy(update={"demo": Demo(on=on)})
    object.__setattr__(parts.base, "settings", chosen)
    simulated = {r.name for r in parts.base.config.catalogue.reps.values() if r.demo and r.queues}
    colleagues = (await api.get("amira", "/api/v1/desk")).json()["colleagues"]
    assert simulated
    assert bool(simulated & {rep["name"] for rep in colleagues}) is on
    assert "ben" in {rep["name"] for rep in colleagues}
    answer = await api.command("sofia", queued, "assign", {"rep": "nobody", "reason": "a"})
    assert answer.status_code == 422
    assert any(name in answer.json()["errors"][0]["expected"] for name in simulated) is on
    for name in simulated:
        answer = await api.command("sofia", queued, "assign", {"rep": name, "reason": "a"}, name)
        assert answer.status_code == (409 if on else 422)


@pytest.mark.parametrize("queue", ["", "billing"])
async def test_a_supervisor_pulls_a_task_back(
    api: Api, parts: Parts, accepted: str, queue: str
) -> None:
    body = {"reason": "wrong hands"} | ({"queue": queue} if queue else {})
    card = (await api.command("sofia", accepted, "pull_back", body)).json()
    assert (card["state"], card["rep"], card["queue"]) == ("queued", "", queue or "service")
    assert (await api.get("amira", "/api/v1/desk")).json()["tasks"] == []
    [fact] = await facts(parts, "transferred")
    assert (fact["actor"]["role"], fact["reason"]) == ("supervisor", "wrong hands")


async def test_a_supervisor_parks_cancels_and_changes_the_priority(
    api: Api, parts: Parts, queued: str
) -> None:
    body = {"priority": 90, "reason": "on television"}
    assert (await api.command("ada", queued, "prioritise", body)).json()["priority"] == 90
    parked = {"minutes": 5, "reason": "a"}
    assert (await api.command("sofia", queued, "park", parked)).json()["state"] == "parked"
    card = (await api.command("sofia", queued, "cancel", {"reason": "a test"})).json()
    assert card["state"] == "cancelled"
    [fact] = await facts(parts, "prioritised")
    assert (fact["data"]["from_priority"], fact["reason"]) == (50, "on television")
    assert await refused(api, "sofia", "cancel", {"reason": "a"}, key="x") == (409, "wrong_state")


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("assign", {"reason": "a"}, "rep"),
        ("assign", {"rep": "nobody", "reason": "a"}, "rep"),
        ("assign", {"rep": "ben"}, "reason"),
        ("pull_back", {}, "reason"),
        ("pull_back", {"queue": "nowhere", "reason": "a"}, "queue"),
        ("cancel", {"reason": " "}, "reason"),
        ("prioritise", {"reason": "a"}, "priority"),
        ("prioritise", {"priority": 101, "reason": "a"}, "priority"),
        ("prioritise", {"priority": -1, "reason": "a"}, "priority"),
        ("prioritise", {"priority": 5}, "reason"),
    ],
)
async def test_a_wrong_field_of_a_supervisors_command_is_named(
    api: Api, queued: str, name: str, body: dict[str, Any], field: str
) -> None:
    answer = await api.command("sofia", queued, name, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("wrap", {}),
        ("park", {"minutes": 5, "reason": "a"}),
        ("resume", {}),
        ("assign", {"rep": "ben", "reason": "a"}),
        ("pull_back", {"reason": "a"}),
        ("cancel", {"reason": "a"}),
        ("prioritise", {"priority": 5, "reason": "a"}),
    ],
)
async def test_every_command_tells_an_unknown_task_and_wants_a_key(
    api: Api, name: str, body: dict[str, Any]
) -> None:
    who = "amira" if name in ("wrap", "park", "resume") else "sofia"
    assert await refused(api, who, name, body, task="nothing") == (404, "unknown_task")
    assert await refused(api, who, name, body, key="") == (400, "idempotency_key")
