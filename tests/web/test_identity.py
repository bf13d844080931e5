"""Identity over HTTP: who may decide, what is refused, and what a person is shown."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.history import Folded
from app.core.history_lines import Entry as Line
from app.web.state import Parts
from tests.adapters.test_identity import C1, C2, KIM, KIM_AGAIN, People
from tests.web.conftest import Api

ROOT = "/api/v1/identity"
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e"


@pytest.fixture
async def people(parts: Parts) -> People:
    house = People(parts.base.database)
    ours = {"x__kim": KIM, "sms__+447700900123": KIM}
    await house.customers(**ours, **{"email__kim@mail.example": KIM_AGAIN})
    return house


async def post(api: Api, who: str, what: str, body: Any, key: str = "k") -> Any:
    return await api.post(who, f"{ROOT}/{what}", body, Idempotency_Key=key)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_supervisors_analysts_and_administrators_decide(api: Api, people: People) -> None:
    """A4.8: agents and the others see who is who, and decide nothing."""
    body = {"a": C1, "b": C2, "reason": "They said so"}
    for who in ("amira", "sven"):
        assert refused(await post(api, who, "join", body)) == (403, "not_allowed")
        assert (await api.get(who, "/api/v1/people/C1")).json()["id"] == C1
        assert (await api.get(who, f"{ROOT}/reviews")).status_code == 200
    for number, who in enumerate(("sofia", "anton", "ada")):
        answer = await post(api, who, "join", body, f"j{number}")
        assert answer.status_code == 200, answer.text
        [event] = answer.json()["events"]
        assert (event["kind"], event["by"], event["data"]["reason"]) == (
            "joined", who, "They said so",
        )  # fmt: skip
        taken = {"join": event["seq"], "reason": "They are twins"}
        undone = await post(api, who, "unjoin", taken, f"u{number}")
        assert [each["kind"] for each in undone.json()["events"]] == ["unjoined", "apart"]


async def test_a_pair_is_shown_with_its_evidence_and_decided(api: Api, people: People) -> None:
    """A2.3, A2.8: two records of one name, side by side."""
    found = (await api.get("sofia", f"{ROOT}/reviews")).json()
    assert found["open"] == 1
    [pair] = found["reviews"]
    assert (pair["a"]["node"], pair["b"]["node"]) == (C1, C2)
    assert (pair["a"]["name"], pair["a"]["tier"]) == ("Kim Lee", "gold")
    assert pair["b"]["handle_keys"] == ["email:kim@mail.example"]
    assert pair["evidence"][0]["field"] == "name"
    answer = await post(api, "anton", "apart", {"a": C1, "b": C2})
    assert answer.status_code == 200
    assert (await api.get("sofia", f"{ROOT}/reviews")).json() == {"reviews": [], "open": 0}
    assert refused(await post(api, "anton", "apart", {"a": C1, "b": C2}, "k2")) == (
        409, "already_apart",
    )  # fmt: skip
    assert refused(await post(api, "anton", "join", {"a": C1, "b": C2}, "k3")) == (
        409, "reason_needed",
    )  # fmt: skip


async def test_a_person_is_found_by_each_of_their_ids(api: Api, people: People) -> None:
    await post(api, "sofia", "join", {"a": C1, "b": C2})
    for text in ("C2", "x:@Kim", "email:kim@mail.example", "Kim@Mail.example", "customer:C1"):
        answer = await api.get("amira", "/api/v1/people", params={"find": text})
        assert [each["person"] for each in answer.json()["people"]] == [C1], text
    assert (await api.get("amira", "/api/v1/people", params={"find": "C9"})).json() == {
        "people": []
    }
    assert refused(await api.get("amira", "/api/v1/people")) == (422, "wrong_field")
    for path in ("C2", "handle:x:kim", "customer:C1"):
        found = (await api.get("amira", f"/api/v1/people/{path}")).json()
        assert [each["node"] for each in found["nodes"]] == [C1, C2]
        assert found["profile"]["tier"] == "gold"
    assert refused(await api.get("amira", "/api/v1/people/C9")) == (404, "unknown_person")
    assert refused(await api.get("amira", "/api/v1/people/handle:x:a/b")) == (
        404, "unknown_person",
    )  # fmt: skip


async def test_a_person_s_history_is_their_timeline_for_those_who_may_read_it(
    api: Api, parts: Parts, people: People
) -> None:
    """A letter under the customer's own key is a part of it; SREs are sent none of it."""
    lines = [
        Line(
            seq=n, fact_id=f"f{n}", mention_id="", handle_key=key, kind="offline",
            channel="letter", at_ms=n, by="kim", text="Where is my suitcase?",
        )
        for n, key in enumerate([":C1", "x:kim", ":C2", "x:who"], 1)
    ]  # fmt: skip
    entries = Folded(entries={line.fact_id: line for line in lines})
    await parts.record.write("record", 9, entries)
    await post(api, "sofia", "join", {"a": C1, "b": C2})
    timeline = await api.get("amira", "/api/v1/history", params={"person": ":C2"})
    for node in ("C1", "handle:x:kim"):
        for who in ("amira", "sofia", "anton", "ada"):
            found = (await api.get(who, f"/api/v1/people/{node}")).json()
            assert [line["fact_id"] for line in found["history"]] == ["f3", "f2", "f1"]
            assert found["history"] == timeline.json()["lines"]
        answer = await api.get("sven", f"/api/v1/people/{node}")
        assert answer.json()["history"] is None
        assert "suitcase" not in answer.text


async def test_a_handle_with_a_slash_is_reached(api: Api, people: People) -> None:
    await people.says("webchat", "room/7", HOSTILE, identity={"ids": {"shop": "1"}})
    found = (await api.get("amira", "/api/v1/people/handle:webchat:room%2F7")).json()
    assert found["id"] == "handle:webchat:room/7"
    assert found["profile"] is None
    assert "<img" in found["name"]  # as data: pages escape it


@pytest.mark.parametrize(
    ("what", "body", "expected"),
    [
        ("join", {"a": C1, "b": "customer:C9"}, (404, "unknown_node")),
        ("join", {"a": C1, "b": "C2"}, (404, "unknown_node")),
        ("join", {"a": C1, "b": C1}, (409, "same_node")),
        ("join", {"a": C1}, (422, "wrong_field")),
        ("join", {"a": C1, "b": 7}, (422, "wrong_field")),
        ("join", {"a": C1, "b": C2, "why": ""}, (422, "unknown_field")),
        ("join", {"a": C1, "b": "x" * 2_000}, (422, "wrong_field")),
        ("apart", {"a": C1, "b": "handle:x:nobody"}, (404, "unknown_node")),
        ("unjoin", {"join": 1}, (422, "wrong_field")),
        ("unjoin", {"join": 1, "reason": "No"}, (404, "unknown_join")),
        ("unjoin", {"join": "1", "reason": "No"}, (422, "wrong_field")),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(
    api: Api, people: People, what: str, body: Any, expected: tuple[int, str]
) -> None:
    assert refused(await post(api, "sofia", what, body)) == expected
    assert (await api.get("sofia", "/api/v1/people/C1")).json()["events"] == []


async def test_a_command_is_done_once_for_its_key(api: Api, people: People) -> None:
    body = {"a": C1, "b": C2}
    first, again = [(await post(api, "sofia", "join", body)).json() for _ in range(2)]
    assert first == again
    other = {"a": C1, "b": C2, "reason": "x"}
    assert refused(await post(api, "sofia", "join", other)) == (422, "key_reused")
    assert refused(await post(api, "ada", "join", body)) == (409, "already_joined")
    answer = await api.post("sofia", f"{ROOT}/join", body)
    assert refused(answer) == (400, "idempotency_key")
