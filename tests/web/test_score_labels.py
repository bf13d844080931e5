"""Score labels over HTTP: who may correct what, blind labels, and nothing decided anew."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.adapters.store.score_labels import ScoreLabels
from app.core.label_draw import UNSURE, Draw
from app.core.queueing import task_id_of
from app.web.state import Parts
from tests.adapters.test_personal import erased
from tests.builders import OFFER_MS, admission, mention
from tests.core.label_house import edited, scored_mention
from tests.web.conftest import Api
from tests.web.test_history import settle

DRAW = Draw(per_day=5, unsupported_per_day=2, unsure_below=0.7)
M1 = "/api/v1/mentions/m1/labels"


async def keep(parts: Parts, *facts: dict[str, Any]) -> None:
    """The ledger has these and all that was noted, and `record` has followed."""
    await parts.base.ledger.append(facts)
    await settle(parts)
    while await ScoreLabels(parts.base.database).take(DRAW):
        pass


async def say(
    api: Api, who: str = "sofia", path: str = M1, key: str = "k", **body: Any
) -> httpx.Response:
    return await api.post(who, path, body, Idempotency_Key=key)


async def told(api: Api, who: str = "amira", path: str = M1) -> list[tuple[str, str, str, str]]:
    """Who says what of a mention: sentiment, intent, urgency."""
    labels = (await api.get(who, path)).json()["labels"]
    return [(one["by"], one["sentiment"], one["intent"], one["urgency"]) for one in labels]


@pytest.fixture
async def m1(parts: Parts) -> str:
    await keep(parts, *scored_mention("m1", confidence=0.4, intent="question"))
    return "m1"


async def test_a_correction_stands_beside_what_the_model_says(
    api: Api, parts: Parts, m1: str
) -> None:
    """A3.2: said by the model, corrected by whom; and the ledger has why."""
    answer = await say(api, sentiment="negative", urgency="high", why="They are ironic")
    assert answer.status_code == 202
    found = answer.json()
    assert (found["mention_id"], found["model"]["sentiment"]) == (m1, "neutral")
    assert found["agreed"] == {"sentiment": False, "urgency": False}
    await keep(parts)
    assert await told(api) == [("sofia", "negative", "", "high")]
    assert (await api.get("amira", M1)).json()["model"]["model"].startswith("sentiment-l6@")
    [fact] = [f for f in await parts.base.ledger.of_mention(m1) if f["op"] == "corrected"]
    assert (fact["reason"], fact["actor"]["id"]) == ("They are ironic", "sofia")


async def test_a_press_that_is_sent_again_is_one_label(api: Api, parts: Parts, m1: str) -> None:
    for _ in range(2):
        for _ in range(2):
            assert (await say(api, sentiment="negative")).status_code == 202
        await keep(parts)
    ops = [fact["op"] for fact in await parts.base.ledger.of_mention(m1)]
    assert ops.count("corrected") == 1


async def test_said_again_it_replaces_and_the_ledger_keeps_each(
    api: Api, parts: Parts, m1: str
) -> None:
    """Also where somebody goes back to what they said first, before the ledger has any of it."""
    for key, word in enumerate(("negative", "positive", "negative")):
        assert (await say(api, sentiment=word, key=f"k{key}")).status_code == 202
    await keep(parts)
    assert await told(api) == [("sofia", "negative", "", "")]
    ops = [fact["op"] for fact in await parts.base.ledger.of_mention(m1)]
    assert ops.count("corrected") == 3


async def test_nothing_that_was_decided_changes(api: Api, parts: Parts) -> None:
    """A3.2: neither the task, its place and its version, nor any other fact."""
    await parts.base.door.admit([admission("1")])
    await settle(parts)
    mention_id = mention("1").mention_id
    task = f"/api/v1/tasks/{task_id_of(mention_id)}"
    before = (await api.get("sofia", task)).json()
    await keep(parts, *scored_mention(mention_id))
    await say(api, path=M1.replace("m1", mention_id), sentiment="negative", urgency="critical")
    facts = len(await parts.base.ledger.since(0))
    await keep(parts)
    after = await parts.base.ledger.since(0)
    assert [fact["op"] for fact in after[facts:]] == ["corrected"]
    assert (await api.get("sofia", task)).json() == before


async def test_an_agent_corrects_what_they_hold_or_held_and_nothing_else(
    api: Api, parts: Parts
) -> None:
    await api.post("amira", "/api/v1/me/state", {"state": "available"})
    await parts.base.door.admit([admission("1")])
    await parts.base.door.offer(OFFER_MS)
    mention_id = mention("1").mention_id
    path, task = M1.replace("m1", mention_id), task_id_of(mention_id)
    await settle(parts)
    await keep(parts, *scored_mention(mention_id))
    answer = await say(api, "amira", path, sentiment="negative")  # offered, not taken yet
    assert (answer.status_code, answer.json()["code"]) == (409, "not_yours")
    assert (await api.command("amira", task, "accept")).status_code == 200
    # The ledger has not heard of it yet.
    assert (await say(api, "amira", path, key="a", sentiment="negative")).status_code == 202
    assert (await say(api, "ben", path, sentiment="negative")).json()["code"] == "not_yours"
    given = {"queue": "billing", "reason": "Theirs"}
    assert (await api.command("amira", task, "transfer", given, key="t")).status_code == 200
    await keep(parts)
    assert (await say(api, "amira", path, key="b", sentiment="positive")).status_code == 202
    for who in ("sofia", "anton", "ada"):
        assert (await say(api, who, path, sentiment="negative")).status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "sentiment"),
        ({"why": "so"}, "sentiment"),
        ({"sentiment": "angry"}, "sentiment"),
        ({"sentiment": ""}, "sentiment"),
        ({"intent": "refund"}, "intent"),
        ({"urgency": 3}, "urgency"),
        ({"sentiment": "negative", "why": "x" * 501}, "why"),
        ({"sentiment": "negative", "queue": "vip"}, "queue"),
    ],
)
async def test_what_is_no_label_is_refused_with_its_field(
    api: Api, m1: str, body: dict[str, Any], field: str
) -> None:
    answer = await say(api, path=M1.replace("m1", m1), **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_what_is_not_there_or_was_not_scored_is_not_labelled(api: Api, parts: Parts) -> None:
    unknown = await say(api, path=M1.replace("m1", "m%00"), sentiment="negative")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_mention")
    await keep(parts, scored_mention("m1")[0])
    answer = await say(api, sentiment="negative")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_scored")
    no_key = await api.post("sofia", M1, {"sentiment": "negative"})
    assert (no_key.status_code, no_key.json()["code"]) == (400, "idempotency_key")


async def test_a_sample_is_seen_without_the_model_s_answer_and_told_it_afterwards(
    api: Api, parts: Parts, m1: str
) -> None:
    """A3.2: nobody is led by what the model thinks."""
    listed = await api.get("anton", "/api/v1/labels")
    [shown] = listed.json()["mentions"]
    assert (shown["mention_id"], shown["text"], listed.json()["waiting"]) == (m1, "Well, m1", 1)
    assert set(shown) == {"mention_id", "channel", "lang", "at_ms", "text", "cut"}
    assert "neutral" not in listed.text
    answer = await say(api, "anton", f"/api/v1/labels/{m1}", sentiment="negative")
    assert answer.status_code == 202
    assert (answer.json()["model"]["sentiment"], answer.json()["agreed"]["sentiment"]) == (
        "neutral", False,
    )  # fmt: skip
    await keep(parts)
    assert (await api.get("anton", "/api/v1/labels")).json() == {"waiting": 0, "mentions": []}
    models = (await api.get("anton", "/api/v1/labels/agreement")).json()["models"]
    assert [(one["of"], one["blind"], one["agreed"]) for one in models] == [("sentiment", True, 0)]


async def test_what_was_not_drawn_is_labelled_blind_by_nobody(api: Api, parts: Parts) -> None:
    await keep(parts, *scored_mention("sure", confidence=0.95))
    for path, body in (("", {"sentiment": "negative"}), ("/skip", {})):
        answer = await say(api, "anton", f"/api/v1/labels/sure{path}", **body)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_sample")


async def test_what_nobody_can_tell_is_skipped_for_all(api: Api, m1: str) -> None:
    for _ in range(2):
        answer = await api.post("anton", f"/api/v1/labels/{m1}/skip")
        assert (answer.status_code, answer.json()) == (200, {"mention_id": m1})
    assert (await api.get("sofia", "/api/v1/labels")).json()["waiting"] == 0


async def test_the_newest_wording_is_shown_and_a_long_one_is_cut(
    api: Api, parts: Parts, m1: str
) -> None:
    long = "Newer " + "x" * 6_000
    await keep(parts, edited(m1, long, 1_795_000_000_500, confidence=0.9))
    [shown] = (await api.get("anton", "/api/v1/labels")).json()["mentions"]
    assert (len(shown["text"]), shown["cut"], shown["text"][:5]) == (5_000, True, "Newer")


async def test_of_who_was_erased_nothing_is_shown_or_labelled(
    api: Api, parts: Parts, m1: str
) -> None:
    await say(api, sentiment="negative", why="Kim is known for it")
    await keep(parts)
    await erased(parts.base.database, "x:kim")
    assert (await api.get("anton", "/api/v1/labels")).json() == {"waiting": 0, "mentions": []}
    found = await api.get("sofia", M1)
    assert found.json()["model"] is None
    assert "Kim" not in found.text
    answer = await say(api, key="again", sentiment="positive")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_scored")
    assert (await ScoreLabels(parts.base.database).waiting(UNSURE, 5)) == (0, [])


async def test_an_unknown_kind_is_refused(api: Api) -> None:
    answer = await api.get("anton", "/api/v1/labels?kind=sure")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "kind")
