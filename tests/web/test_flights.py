"""Flights over HTTP: who may do what, what is refused, and what everybody sees at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.adapters.store.ledger import Ledger
from app.core.errors import Unavailable
from app.processes.flights import FlightWatch
from app.web import flight_forms, flight_views
from app.web import flights as handlers
from app.web.flight_board import FlightBoard
from app.web.flight_routes import FLIGHTS
from app.web.hub import Hub
from app.web.state import Parts
from tests.adapters.test_flights import decided
from tests.builders import NOON_MS, OFFER_MS, admission, task_id
from tests.web.asgi import requested
from tests.web.conftest import Api

ROOT = "/api/v1/flights"
PAYLOAD = "</script><img src=x onerror=alert(1)>{{7*7}}\u2028'\";--\x00"


def body(**given: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": "Storm Berta",
        "say": "Trains north of Oslo are cancelled until noon.",
        "goal": {"words": "Everybody knows how they get home", "kind": "quiet", "minutes": 30},
        "steps": [{"what": "Call the operator", "who": {"rep": "ben"}}, {"what": "Offer a bus"}],
        "group": {"reps": ["amira"], "queues": []},
    }
    return fields | given


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (flight_forms, flight_views):
        monkeypatch.setattr(module, "system_ms", lambda: NOON_MS)


@pytest.fixture(autouse=True)
def storm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The live rules set these labels."""

    async def set_labels(_request: object) -> list[str]:
        return ["storm", "refund"]

    monkeypatch.setattr(handlers, "_set_labels", set_labels)


class Flights:
    """The API of flights; every command has a key of its own unless a test gives one."""

    def __init__(self, api: Api) -> None:
        self.api, self._keys = api, 0

    async def post(self, who: str, path: str, given: Any = None, key: str = "") -> httpx.Response:
        self._keys += 1
        key = key or f"k{self._keys}"
        return await self.api.post(who, f"{ROOT}{path}", given or {}, Idempotency_Key=key)

    async def open(self, who: str = "sofia", key: str = "", **given: Any) -> Any:
        answer = await self.post(who, "", body(**given), key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def edit(self, who: str, id_: str, given: Any, key: str = "e") -> httpx.Response:
        headers = {"authorization": f"Bearer key-{who}", "idempotency-key": key}
        return await self.api.client.put(f"{ROOT}/{id_}", json=given, headers=headers)

    async def one(self, id_: str, who: str = "anton") -> Any:
        return (await self.api.get(who, f"{ROOT}/{id_}")).json()

    async def all(self, who: str = "anton") -> Any:
        return (await self.api.get(who, ROOT)).json()


@pytest.fixture
def flights(api: Api) -> Flights:
    return Flights(api)


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_supervisor_opens_a_flight_and_everybody_reads_it(flights: Flights) -> None:
    made = await flights.open(labels=["storm"])
    assert (made["state"], made["version"], made["opened_by"]) == ("open", 1, "sofia")
    assert [(step["id"], step["who"], step["done"]) for step in made["steps"]] == [
        (1, {"rep": "ben"}, None),
        (2, None, None),
    ]
    for who in ("amira", "sofia", "anton", "sven", "ada"):
        found = await flights.one(made["id"], who)
        assert found["name"] == "Storm Berta"
        assert found["may"]["lead"] == (who in ("sofia", "ada"))
        assert [each["id"] for each in (await flights.all(who))["open"]] == [made["id"]]
    [event] = found["history"]
    assert (event["kind"], event["by"], event["data"]["plan"]["labels"]) == (
        "opened", "sofia", ["storm"],
    )  # fmt: skip


async def test_mediators_lead_and_other_agents_do_not(flights: Flights) -> None:
    made = await flights.open("miriam")
    assert made["may"] == {"lead": True, "tick": True}
    answer = await flights.post("amira", "", body())
    assert refused(answer) == (403, "not_allowed")
    assert "mediators" in answer.json()["detail"]
    for path, given in (("close", {"reason": "x"}), ("reopen", {"reason": "x"})):
        assert refused(await flights.post("amira", f"/{made['id']}/{path}", given))[0] == 403
    answer = await flights.edit("amira", made["id"], body(version=1))
    assert refused(answer) == (403, "not_allowed")


async def test_the_group_ticks_and_nobody_else(flights: Flights) -> None:
    id_ = (await flights.open())["id"]
    assert refused(await flights.post("anton", f"/{id_}/tick", {"step": 2})) == (
        403, "not_of_group",
    )  # fmt: skip
    ticked = await flights.post("ben", f"/{id_}/tick", {"step": 1, "note": "Kari knows"})
    assert ticked.json()["steps"][0]["done"] == {
        "by": "ben", "at_ms": NOON_MS, "note": "Kari knows",
    }  # fmt: skip
    again = await flights.post("ben", f"/{id_}/tick", {"step": 1})
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert refused(await flights.post("amira", f"/{id_}/tick", {"step": 1})) == (
        409, "already_done",
    )  # fmt: skip
    taken = await flights.post("amira", f"/{id_}/untick", {"step": 1, "reason": "They say no"})
    assert taken.json()["steps"][0]["done"] is None
    kinds = [event["kind"] for event in (await flights.one(id_))["history"]]
    assert kinds == ["unticked", "ticked", "opened"]


async def test_what_one_person_did_is_not_lost_by_the_edit_of_another(flights: Flights) -> None:
    made = await flights.open()
    id_ = made["id"]
    await flights.post("ben", f"/{id_}/tick", {"step": 1})
    given = body(name="Other", version=1, steps=made["steps"][1:])
    given["steps"] = [{"id": 2, "what": "Offer a bus"}]
    assert refused(await flights.edit("sofia", id_, given)) == (409, "stale_flight")
    assert refused(await flights.edit("sofia", id_, given | {"version": 2}, "e2")) == (
        409, "step_done",
    )  # fmt: skip
    given["steps"] = [{"id": 1, "what": "Call the operator", "who": {"rep": "ben"}}]
    done = await flights.edit("sofia", id_, given | {"version": 2}, "e3")
    assert (done.status_code, done.json()["name"], done.json()["version"]) == (200, "Other", 3)
    assert done.json()["steps"][0]["done"]["by"] == "ben"
    again = await flights.edit("sofia", id_, given | {"version": 2}, "e3")
    assert (again.status_code, again.json()["version"]) == (200, 3)
    [edited, *_] = done.json()["history"]
    assert edited["data"]["from"]["name"] == "Storm Berta"
    assert edited["data"]["to"]["name"] == "Other"


async def test_a_click_twice_is_a_click_once(flights: Flights) -> None:
    first, again = await flights.open(key="one"), await flights.open(key="one")
    assert first["id"] == again["id"]
    answer = await flights.post("sofia", "", body(name="Else"), "one")
    assert refused(answer) == (422, "key_reused")
    missing = await flights.api.post("sofia", ROOT, body())
    assert refused(missing) == (400, "idempotency_key")


async def test_closed_it_says_why_and_can_be_read_and_reopened(flights: Flights) -> None:
    id_ = (await flights.open())["id"]
    closed = (await flights.post("sofia", f"/{id_}/close", {"reason": "It turned"})).json()
    assert closed["closed"]["reason"] == "It turned"
    assert closed["closed"]["how"] == "by_hand"
    assert closed["closed"]["outcome"]["tasks"] == 0
    for path, given in (
        ("tick", {"step": 1}),
        ("close", {"reason": "x"}),
    ):
        answer = await flights.post("sofia", f"/{id_}/{path}", given)
        assert refused(answer) == (409, "flight_closed")
    listed = await flights.all()
    assert ([each["id"] for each in listed["closed"]], listed["open"]) == ([id_], [])
    again = await flights.post("sofia", f"/{id_}/reopen", {"reason": "It is back"})
    assert (again.json()["state"], again.json()["closed"]) == ("open", None)
    assert refused(await flights.post("sofia", f"/{id_}/reopen", {"reason": "x"})) == (
        409, "not_closed",
    )  # fmt: skip


async def test_two_flights_with_one_label_are_allowed_and_name_each_other(
    flights: Flights,
) -> None:
    first = await flights.open(labels=["storm"])
    second = await flights.open(labels=["refund", "storm"], name="Refunds")
    assert second["also"] == [{"id": first["id"], "name": "Storm Berta"}]


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"name": " "}, "name", "a text"),
        ({"name": "x" * 81}, "name", "at most 80"),
        ({"say": "x" * 2001}, "say", "at most 2000"),
        ({"labels": ["strom"]}, "labels", "did you mean 'storm'"),
        ({"labels": "storm"}, "labels", "a list"),
        ({"labels": [7]}, "labels", "a text"),
        ({"group": {"reps": ["amirah"]}}, "group.reps", "did you mean 'amira'"),
        ({"group": {"queues": ["bilings"]}}, "group.queues", "did you mean 'billing'"),
        ({"group": {}}, "group", "at least one"),
        ({"group": None}, "group", "an object"),
        ({"steps": [{"what": "x"}] * 4_000}, "steps", "at most 30"),
        ({"steps": [{"what": ""}]}, "steps.0.what", "a text"),
        ({"steps": ["x"]}, "steps.0", "an object"),
        ({"steps": [{"what": "x", "who": {"rep": "ben", "role": "agent"}}]}, "steps.0.who", "one"),
        ({"steps": [{"what": "x", "who": {"role": "pilot"}}]}, "steps.0.who", "a role"),
        ({"steps": [{"what": "x", "id": -1}]}, "steps.0.id", "whole number"),
        ({"goal": {"words": "x", "kind": "soon"}}, "goal.kind", "quiet or steps or time"),
        ({"goal": {"words": "x", "kind": "quiet"}}, "goal.minutes", "whole number"),
        ({"goal": {"words": "", "kind": "steps"}}, "goal.words", "a text"),
        ({"goal": {"words": "x", "kind": "steps"}, "steps": []}, "goal.kind", "never reached"),
        ({"goal": {"words": "x", "kind": "steps", "minutes": 5}}, "goal.minutes", "kind quiet"),
        ({"goal": {"words": "x", "kind": "time"}}, "goal.until", "365 days"),
        (
            {"goal": {"words": "x", "kind": "time", "until": "2020-01-01T00:00:00Z"}},
            "goal.until",
            "365 days",
        ),
        (
            {"goal": {"words": "x", "kind": "time", "until": "2026-12-01T00:00:00"}},
            "goal.until",
            "zone",
        ),
        (
            {"goal": {"words": "x", "kind": "time", "until": "0001-01-01T00:00:00+14:00"}},
            "goal.until",
            "zone",
        ),
        ({"since": "2020-01-01T00:00:00Z"}, "since", "last 7 days"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_with_what_was_expected(
    flights: Flights, given: dict[str, Any], field: str, said: str
) -> None:
    answer = await flights.post("sofia", "", body(**given))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "wrong_field"), problem
    assert problem["errors"][0]["field"] == field
    assert said in problem["errors"][0]["expected"]
    assert (await flights.all())["open"] == []


async def test_ten_thousand_steps_are_not_even_read(flights: Flights) -> None:
    answer = await flights.post("sofia", "", body(steps=[{"what": "x"}] * 10_000))
    assert refused(answer) == (413, "too_large")


async def test_everything_that_is_wrong_is_told_at_once(flights: Flights) -> None:
    given = body(
        labels=["strom"], group={"reps": ["eve"]}, steps=[{"what": "x", "who": {"queue": "q"}}]
    )
    problem = (await flights.post("sofia", "", given)).json()
    assert [error["field"] for error in problem["errors"]] == [
        "labels", "steps.0.who", "group.reps",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        {"colour": "red"},
        {"goal": {"words": "x", "kind": "steps", "colour": "red"}},
        {"steps": [{"what": "x", "colour": "red"}]},
        {"steps": [{"what": "x", "who": {"colour": "red"}}]},
        {"group": {"reps": ["amira"], "colour": "red"}},
    ],
)
async def test_a_field_that_nobody_reads_is_named(flights: Flights, given: Any) -> None:
    problem = (await flights.post("sofia", "", body(**given))).json()
    assert problem["code"] == "unknown_field"
    assert problem["errors"][0]["field"] == "colour"


@pytest.mark.parametrize(("method", "path"), [(m, p) for m, p, *_ in FLIGHTS if m != "GET"])
async def test_every_command_has_a_closed_body(api: Api, method: str, path: str) -> None:
    headers = {"authorization": "Bearer key-sofia", "idempotency-key": "k"}
    target = path.format(flight_id="f")
    answer = await api.client.request(method, target, json={"colour": "red"}, headers=headers)
    assert refused(answer) == (422, "unknown_field")


@pytest.mark.parametrize("id_", ["none", "x" * 5000, "%00"])
async def test_an_unknown_flight_is_told(flights: Flights, id_: str) -> None:
    assert (await flights.api.get("sofia", f"{ROOT}/{id_}")).status_code == 404
    answer = await flights.post("sofia", f"/{id_}/close", {"reason": "x"})
    assert answer.status_code == 404


async def test_hostile_text_is_kept_as_it_is_and_harms_nobody(flights: Flights) -> None:
    made = await flights.open(
        name=PAYLOAD, say=PAYLOAD, steps=[{"what": PAYLOAD}],
        goal={"words": PAYLOAD, "kind": "quiet", "minutes": 1},
    )  # fmt: skip
    shown = PAYLOAD.replace("\x00", "\ufffd")
    found = await flights.one(made["id"])
    assert (found["name"], found["say"], found["steps"][0]["what"]) == (shown,) * 3
    page = await flights.api.get("sofia", "/flights")
    assert "onerror" not in page.text


@pytest.fixture
async def accepted(api: Api, parts: Parts) -> str:
    """A task that amira has."""
    await api.post("amira", "/api/v1/me/state", {"state": "available"})
    await parts.base.door.admit([admission("1")])
    await parts.base.door.offer(OFFER_MS)
    assert (await api.command("amira", task_id("1"), "accept")).status_code == 200
    return task_id("1")


async def card(api: Api, who: str = "amira") -> Any:
    [found] = (await api.get(who, "/api/v1/desk")).json()["tasks"]
    return found


async def test_an_agent_adds_their_own_task_and_its_card_shows_the_flight(
    api: Api, flights: Flights, accepted: str
) -> None:
    """A5.6: where the group is on its route, and what all of them say, on the task itself."""
    assert (await card(api))["flights"] == []
    id_ = (await flights.open())["id"]
    added = await flights.post("amira", f"/{id_}/add_task", {"task_id": accepted})
    assert (added.json()["tasks"], added.json()["open"]) == (1, 1)
    [shown] = (await card(api))["flights"]
    assert (shown["name"], shown["say"]) == ("Storm Berta", body()["say"])
    assert (shown["step"]["number"], shown["route"]) == (1, {"done": 0, "of": 2})
    assert shown["step"]["what"] == "Call the operator"
    assert shown["may_tick"] is True
    for path in (f"/api/v1/tasks/{accepted}", "/api/v1/tasks"):
        answer = (await api.get("anton", path)).json()
        [told] = (answer[0] if isinstance(answer, list) else answer)["flights"]
        assert (told["id"], told["may_tick"]) == (id_, False)
    twice = await flights.post("sofia", f"/{id_}/add_task", {"task_id": accepted})
    assert (twice.status_code, twice.json()["version"]) == (200, 2)


async def test_nobody_adds_the_task_of_somebody_else_or_one_that_there_is_not(
    flights: Flights, accepted: str
) -> None:
    id_ = (await flights.open())["id"]
    path = f"/{id_}/add_task"
    assert refused(await flights.post("ben", path, {"task_id": accepted})) == (409, "not_yours")
    assert refused(await flights.post("ben", path, {"task_id": "t9"})) == (404, "unknown_task")
    other = (await flights.open(group={"reps": ["ben"], "queues": []}, name="Other"))["id"]
    answer = await flights.post("amira", f"/{other}/add_task", {"task_id": accepted})
    assert refused(answer) == (403, "not_of_group")
    assert (await flights.post("sofia", path, {"task_id": accepted})).status_code == 200


async def test_agents_take_out_what_they_added_and_who_leads_takes_out_any(
    flights: Flights, accepted: str
) -> None:
    made = await flights.open()
    await flights.post("sofia", f"/{made['id']}/add_task", {"task_id": accepted})
    [row] = (await flights.one(made["id"]))["belonging"]
    given = {"mention_id": row["mention_id"], "reason": "not the storm"}
    path = f"/{made['id']}/remove_task"
    assert refused(await flights.post("amira", path, given)) == (409, "not_yours")
    assert (await flights.post("sofia", path, given)).json()["belonging"] == []
    assert refused(await flights.post("sofia", path, given)) == (404, "unknown_mention")
    await flights.post("amira", f"/{made['id']}/add_task", {"task_id": accepted})
    assert (await flights.post("amira", path, given)).json()["tasks"] == 0


async def test_of_several_flights_the_last_opened_comes_first_and_closed_ones_go(
    api: Api, flights: Flights, accepted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for n in (1, 2):
        monkeypatch.setattr(flight_forms, "system_ms", lambda n=n: NOON_MS + n)
        ids.append((await flights.open(name=f"Flight {n}"))["id"])
        await flights.post("amira", f"/{ids[-1]}/add_task", {"task_id": accepted})
    assert [f["name"] for f in (await card(api))["flights"]] == ["Flight 2", "Flight 1"]
    await flights.post("sofia", f"/{ids[1]}/close", {"reason": "over"})
    assert [f["name"] for f in (await card(api))["flights"]] == ["Flight 1"]


async def test_the_desk_knows_how_many_flights_its_agent_follows(
    api: Api, flights: Flights
) -> None:
    await flights.open(steps=[])
    found = {
        who: (await api.get(who, "/api/v1/desk")).json()["follows"]
        for who in ("amira", "ben", "miriam", "sofia")
    }
    assert found == {"amira": 1, "ben": 0, "miriam": 1, "sofia": 1}


async def test_tasks_go_on_where_nobody_can_be_asked_for_flights(
    api: Api, accepted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_given: object) -> None:
        raise Unavailable("the store does not answer")

    for read in ("of_mentions", "all"):
        monkeypatch.setattr(flight_views.Flights, read, away)
    assert (await card(api))["flights"] is None


async def test_a_flight_reaches_back_as_far_as_it_was_told_to(
    flights: Flights, parts: Parts
) -> None:
    hour = 3_600_000
    await Ledger(parts.base.database).append(
        [decided("m1", "storm", at_ms=NOON_MS - hour), decided("m2", "storm", at_ms=NOON_MS)]
    )
    await FlightWatch(parts.base.database, lambda: NOON_MS).follow()
    assert (await flights.open(labels=["storm"]))["mentions"] == 1
    since = datetime.fromtimestamp((NOON_MS - hour) / 1000, UTC).isoformat()
    assert (await flights.open(labels=["storm"], since=since))["mentions"] == 2


async def test_everybody_sees_a_tick_at_once_on_the_page_and_on_the_desk(
    app: Starlette, flights: Flights, accepted: str
) -> None:
    id_ = (await flights.open())["id"]
    await flights.post("amira", f"/{id_}/add_task", {"task_id": accepted})
    async with (
        requested(app, "amira", "/api/v1/stream") as desk,
        requested(app, "anton", "/api/v1/stream?view=flights") as page,
    ):
        await desk.until("clock")
        [(_, first, _)] = await page.until("flights")
        assert first["open"][0]["route"] == {"done": 0, "of": 2}
        await flights.post("ben", f"/{id_}/tick", {"step": 1})
        _, seen, _ = (await page.until("flights"))[-1]
        assert seen["open"][0]["route"] == {"done": 1, "of": 2}
        _, mine, _ = (await desk.until("flights"))[-1]
        [shown] = mine["tasks"][accepted]
        assert mine["follows"] == 1
        assert (shown["step"]["number"], shown["step"]["what"]) == (2, "Offer a bus")


async def test_what_another_process_does_is_told_once(
    app: Starlette, flights: Flights, parts: Parts
) -> None:
    turning = FlightBoard(parts.base.database, parts.hub)
    id_ = (await flights.open(labels=["storm"]))["id"]
    await turning.turn()
    async with parts.hub.listening("flights") as screen:
        await turning.turn()
        assert screen.empty(), "nothing has changed"
        await Ledger(parts.base.database).append([decided("m1", "storm")])
        await FlightWatch(parts.base.database, lambda: NOON_MS).follow()
        await turning.turn()
        await turning.turn()
        assert screen.qsize() == 1
    assert (await flights.one(id_))["belonging"][0]["label"] == "storm"


def test_who_does_not_listen_is_told_nothing(parts: Parts) -> None:
    Hub(parts.feed).tell("flights", "flights")


async def test_the_choices_are_the_names_that_a_plan_may_have(flights: Flights) -> None:
    found = (await flights.api.get("amira", f"{ROOT}/choices")).json()
    assert found["labels"] == ["storm", "refund"]
    assert {"amira", "ben", "sofia"} <= {rep["name"] for rep in found["reps"]}
    assert "billing" in {queue["name"] for queue in found["queues"]}
    assert "mediator" in found["roles"]
