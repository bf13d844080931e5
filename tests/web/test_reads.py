"""What screens and programs read: desk, floor, tasks, the trail, the ledger, dead letters."""

from __future__ import annotations

import copy

import orjson
import pytest

from app.adapters.redis_outbox import RedisOutbox
from app.adapters.store.rule_versions import RuleVersions
from app.core.errors import Unavailable
from app.ports import DeadLetter
from app.processes.relay import Relay
from app.web.state import Parts
from app.wiring.base import folder_texts
from tests.builders import NOON_MS, OFFER_MS, admission, task_id
from tests.doubles import KeepingProducer
from tests.logged import deliveries, log_of
from tests.web.conftest import Api

HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}}\u2028'\";--"


async def relay(parts: Parts) -> None:
    producer = KeepingProducer()
    await Relay(RedisOutbox(parts.base.redis), parts.base.ledger, producer).move()  # type: ignore[arg-type]


async def offered(api: Api, parts: Parts, *ids: str, **given: object) -> None:
    await api.post("amira", "/api/v1/me/state", {"state": "available"})
    await parts.base.door.admit([admission(id_, **given) for id_ in ids])
    await parts.base.door.offer(OFFER_MS)


async def test_the_desk_shows_my_offer_with_everything_needed_to_decide(
    api: Api, parts: Parts
) -> None:
    """A5.5, A8.1: the card says what it is, why it came to me and until when."""
    await offered(api, parts, "1")
    desk = (await api.get("amira", "/api/v1/desk")).json()
    card = desk["offer"]
    assert (card["task_id"], card["state"], card["rep"]) == (task_id(), "offered", "amira")
    assert card["expires_ms"] == NOON_MS + OFFER_MS
    assert card["due_ms"] == NOON_MS + 1_800_000
    assert card["reason"] == "Unhappy with the service."
    assert card["mention"]["text"] == "Where is my order?"
    assert card["score"]["sentiment"]["label"] == "negative"
    assert card["profile"]["known"] is True
    assert (desk["tasks"], desk["offer_seconds"], desk["sla_seconds"]) == ([], 20, 1800)


async def test_the_desk_shows_only_what_i_hold(api: Api, parts: Parts) -> None:
    await offered(api, parts, "1")
    desk = (await api.get("ben", "/api/v1/desk")).json()
    assert (desk["offer"], desk["tasks"], desk["me"]["load"]) == (None, [], 0)


async def test_an_onlooker_has_a_desk_without_tasks(api: Api) -> None:
    me = (await api.get("sofia", "/api/v1/desk")).json()["me"]
    assert (me["state"], me["capacity"]) == ("offline", 0)


async def test_the_floor_counts_what_there_is(api: Api, parts: Parts) -> None:
    await offered(api, parts, "1", "2", "3")
    await api.command("amira", task_id("1"), "accept")
    floor = (await api.get("sofia", "/api/v1/floor")).json()
    service = next(q for q in floor["queues"] if q["name"] == "service")
    held = floor["totals"]["offered"] + floor["totals"]["accepted"]
    assert held + service["waiting"] == 3
    amira = next(rep for rep in floor["reps"] if rep["name"] == "amira")
    assert amira["load"] == len(amira["tasks"]) == held


@pytest.mark.parametrize("field", ["waiting", "offered", "accepted", "at_risk", "breached"])
async def test_the_totals_of_the_floor_are_the_sums_of_its_queues(
    api: Api, parts: Parts, field: str
) -> None:
    await offered(api, parts, "1", "2")
    parts.base.door.now_ms += 1_500_000
    await parts.base.door.thresholds()
    floor = (await api.get("sofia", "/api/v1/floor")).json()
    assert floor["totals"][field] == sum(queue[field] for queue in floor["queues"])
    assert floor["totals"]["at_risk"] == 2


async def test_tasks_are_filtered_by_queue_state_and_rep(api: Api, parts: Parts) -> None:
    await offered(api, parts, "1", "2")
    for query, count in (
        ("", 2),
        ("?queue=service", 2),
        ("?queue=urgent", 0),
        ("?state=offered", 1),
        ("?state=offered&rep=amira", 1),
        ("?rep=ben", 0),
        ("?limit=1", 1),
    ):
        found = (await api.get("sofia", f"/api/v1/tasks{query}")).json()
        assert len(found) == count, query


async def test_an_unknown_queue_is_told(api: Api) -> None:
    answer = await api.get("sofia", "/api/v1/tasks?queue=nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_queue")


async def test_a_reps_task_is_found_however_many_are_more_pressing(api: Api, parts: Parts) -> None:
    await offered(api, parts, "mine", window_s=7200.0)
    await parts.base.door.admit([admission(str(i)) for i in range(205)])
    found = (await api.get("sofia", "/api/v1/tasks?rep=amira")).json()
    assert [card["task_id"] for card in found] == [task_id("mine")]


async def test_one_task_is_shown_or_unknown(api: Api, parts: Parts) -> None:
    await offered(api, parts, "1")
    assert (await api.get("sofia", f"/api/v1/tasks/{task_id()}")).json()["state"] == "offered"
    assert (await api.get("sofia", "/api/v1/tasks/none")).status_code == 404


async def test_the_trail_of_a_mention_tells_everything_in_order(api: Api, parts: Parts) -> None:
    """A8.1, A2.1: why now, and on what grounds."""
    await offered(api, parts, "1")
    await relay(parts)
    mention_id = admission("1").mention.mention_id
    trail = (await api.get("amira", f"/api/v1/mentions/{mention_id}/why")).json()
    assert [f["op"] for f in trail["facts"]] == ["received", "decided", "queued", "offered"]
    assert trail["mention"]["text"] == "Where is my order?"
    assert (await api.get("amira", "/api/v1/mentions/none/why")).status_code == 404


MORE_RULES = """
title = "More"
[[row]]
id = "more"
when = "true"
then = { queue = "service" }
why = "Never reached."
"""


async def test_the_trail_says_whether_its_values_still_give_the_same_decision(
    api: Api, parts: Parts
) -> None:
    """D4: the trail decided again gives the same, or says why that cannot be told."""
    versions = RuleVersions(parts.base.database)
    await versions.take_in(folder_texts(), NOON_MS)
    other_texts = folder_texts() | {"99-more.toml": MORE_RULES}  # what is live by now is no matter
    await versions.take_in(other_texts, NOON_MS)
    log = await log_of(parts.base.config, deliveries(1))
    gone, bare, other = (copy.deepcopy(log.facts) for _ in range(3))
    gone[3]["data"]["decision"]["version"] = "older"
    del bare[3]["data"]["values"]
    other[3]["data"]["values"]["score.urgency"] = 0.99
    expected = {
        "same": log.facts,
        "rules no longer here": gone,
        "inputs not recorded": bare,
        "different": other,
    }
    for number, (word, facts) in enumerate(expected.items()):
        name = f"m{number}"
        named = [f | {"mention_id": name, "fact_id": f"{name}/{f['op']}"} for f in facts]
        await parts.base.ledger.append(named)
        trail = (await api.get("amira", f"/api/v1/mentions/{name}/why")).json()
        assert trail["reevaluated"] == word
        [decision] = trail["decisions"]
        assert (decision["edit"], decision["reevaluated"]) == (False, word)
        here = word in ("same", "different")
        assert bool(trail["rules"]) is here
    trail = (await api.get("amira", "/api/v1/mentions/m0/why")).json()
    decided = trail["facts"][3]["data"]["decision"]
    assert [(r["rule"], r["result"]) for r in trail["rules"]] == [
        (t["rule"], t["result"]) for t in decided["trace"]
    ]
    assert all(rule["why"] for rule in trail["rules"])


async def test_the_ledger_is_read_as_json_lines_from_any_point(api: Api, parts: Parts) -> None:
    await offered(api, parts, "1")
    await relay(parts)
    answer = await api.get("sofia", "/api/v1/facts")
    lines = [orjson.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    last = (await api.get("sofia", "/api/v1/facts/last")).json()["seq"]
    assert [f["seq"] for f in lines] == list(range(1, last + 1))
    rest = await api.get("sofia", f"/api/v1/facts?since={last - 1}")
    assert [orjson.loads(line)["seq"] for line in rest.text.splitlines()] == [last]


@pytest.mark.parametrize("since", ["soon", "1.5", "", "-", "9" * 40])
async def test_a_point_in_the_ledger_that_is_no_number_is_refused(api: Api, since: str) -> None:
    answer = await api.get("sofia", f"/api/v1/facts?since={since}")
    assert answer.status_code == 422


async def test_dead_letters_are_listed_and_their_bytes_are_given(api: Api, parts: Parts) -> None:
    letter = DeadLetter(src="a/0/1@2", raw=b"\xff<b>", code="not_json", detail="why", at_ms=1)
    await parts.dead.add([letter])
    [listed] = (await api.get("sven", "/api/v1/dead-letters")).json()
    assert (listed["src"], listed["code"], listed["size_bytes"]) == ("a/0/1@2", "not_json", 4)
    answer = await api.get("sven", "/api/v1/dead-letters", params={"src": "a/0/1@2"})
    assert answer.content == b"\xff<b>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert (await api.get("sven", "/api/v1/dead-letters?src=none")).status_code == 404


async def test_hostile_text_is_served_only_as_json(api: Api, parts: Parts) -> None:
    await offered(api, parts, "1", text=HOSTILE, handle=HOSTILE)
    await relay(parts)
    mention_id = admission("1").mention.mention_id
    for path in ("desk", "tasks", f"tasks/{task_id()}", f"mentions/{mention_id}/why"):
        answer = await api.get("amira", f"/api/v1/{path}")
        assert answer.headers["content-type"] == "application/json"
        assert HOSTILE in str(answer.json()) or orjson.dumps(HOSTILE)[1:-1] in answer.content
    for page in ("/desk", "/floor", "/docs", "/login"):
        assert "onerror" not in (await api.get("ada", page)).text


async def test_hostile_text_in_an_address_or_a_cookie_is_not_echoed_as_markup(api: Api) -> None:
    answer = await api.get("amira", "/api/v1/<img src=x>")
    assert "text/html" not in answer.headers["content-type"]
    answer = await api.client.get("/login", headers={"cookie": 'theme="><script>'})
    assert "<script>" not in answer.text


async def test_readiness_names_what_is_missing(
    api: Api, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await api.get("", "/readyz")).json() == {"status": "ready", "missing": []}
    monkeypatch.setattr(parts.base.ledger, "_database", _Away())
    answer = await api.get("", "/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["store"])


class _Away:
    def __getattr__(self, _name: str) -> object:
        raise Unavailable("away")


async def test_metrics_speak_of_queues_and_states_never_of_people(api: Api, parts: Parts) -> None:
    await offered(api, parts, "1", handle="@somebody-private")
    await api.get("", "/readyz")
    text = (await api.get("", "/metrics")).text
    assert 'handshake_queue_waiting{queue="service"}' in text
    assert 'handshake_reps{state="available"} 1.0' in text
    for private in ("somebody-private", "amira"):
        assert private not in text
