"""Rules are tried on one mention without any effect, and rows are moved with their comments."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from app.adapters.redis_queue_state import RedisQueueState
from app.adapters.store.rule_versions import RuleVersions
from app.core.rules import NOT_KNOWN, VARIABLES
from app.web.state import Parts
from tests.builders import NOON_MS
from tests.web.conftest import Api
from tests.web.rules_house import BROKEN, FIRST, ROOT, SECOND, Rules, row, rules_of
from tests.web.test_rules import code_of

SMOKE, FIRE = {"text": "I see smoke"}, {"text": "I see fire"}
_ROWS = ["first", "second", "third"]


@pytest.fixture
async def rules(api: Api, parts: Parts) -> Rules:
    await RuleVersions(parts.base.database).take_in(FIRST, NOON_MS)
    return Rules(api, parts.base.database)


async def tried(rules: Rules, who: str = "sofia", **given: Any) -> Any:
    answer = await rules.api.post(who, f"{ROOT}/try", given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def results(found: Any) -> list[tuple[str, str]]:
    return [(trace["rule"], trace["result"]) for trace in found["decision"]["trace"]]


async def test_the_live_rules_a_draft_or_texts_say_what_they_would_make_of_it(
    rules: Rules,
) -> None:
    """A4.3: why it would go where is seen row by row, before anything is live."""
    live = await tried(rules, mention=SMOKE)
    assert live["decision"]["queue"] == "urgent"
    assert results(live) == [("danger", "hit"), ("otherwise", "not_reached")]
    draft = await rules.draft(SECOND)
    of_draft = await tried(rules, draft_id=draft["id"], mention=SMOKE)
    assert results(of_draft) == [("danger", "miss"), ("otherwise", "hit")]
    of_texts = await tried(rules, texts=SECOND, mention=FIRE)
    assert of_texts["decision"]["rule"] == "danger"


async def test_trying_changes_nothing(rules: Rules) -> None:
    draft = await rules.draft()
    before = await rules.overview(), await rules.api.get("sofia", "/api/v1/facts/last")
    await tried(rules, "anton", draft_id=draft["id"], mention=FIRE)
    after = await rules.overview(), await rules.api.get("sofia", "/api/v1/facts/last")
    assert (before[0], before[1].json()) == (after[0], after[1].json())


async def test_what_is_typed_is_what_the_conditions_see(rules: Rules) -> None:
    typed = {
        "text": "Where is my money?!", "channel": "x", "lang": "de", "followers": 2_000_000,
        "sentiment": "negative", "tier": "gold", "value": 10, "open_cases": 3, "url": "https://a",
    }  # fmt: skip
    values = (await tried(rules, mention=typed))["values"]
    assert values["mention.public"] is True
    assert values["mention.followers"] == 2_000_000
    assert (values["score.sentiment"], values["score.negative"]) == ("negative", 0.9)
    assert (values["score.intent"], values["score.lang"]) == ("complaint", "de")
    assert values["score.urgency"] > 0.5
    assert (values["profile.known"], values["profile.tier"]) == (True, "gold")
    given = typed | {"intent": "praise", "urgency": 0.25, "sentiment": "unsupported"}
    values = (await tried(rules, mention=given))["values"]
    assert (values["score.intent"], values["score.urgency"]) == ("praise", 0.25)
    assert (values["score.sentiment"], values["score.confidence"]) == ("unsupported", 0.0)


async def test_a_typed_mention_is_tried_with_its_past_and_the_queues_as_they_are(
    rules: Rules, parts: Parts
) -> None:
    """A4.2: a rule on history or queues can be tried before it is live."""
    values = (await tried(rules, mention=SMOKE))["values"]
    assert (values["queue.waiting"], values["history.mentions_48h"]) == ({}, 0)
    state = RedisQueueState(parts.base.redis, parts.base.config.catalogue)
    await state.write()
    past = {"mentions_48h": 2, "unanswered": 1}
    values = (await tried(rules, mention=SMOKE | past))["values"]
    assert values["queue.waiting"] == dict.fromkeys(parts.base.config.catalogue.queues, 0)
    assert values["history.mentions_48h"] == values["history.mentions_30d"] == 2
    assert values["history.open_tasks"] == values["history.unanswered"] == 1
    assert values.keys() == VARIABLES.keys()


async def test_what_is_typed_of_the_customer_is_what_conditions_see(rules: Rules) -> None:
    """A2.4, A4.2: a rule on credit, rewards or reach can be tried before it is live."""
    said = {"credit": 412.5, "rewards": 90, "household": "H1", "influence": 45, "adoption": 60}
    values = (await tried(rules, mention=SMOKE | said))["values"]
    assert {name: values[f"profile.{name}"] for name in said} == said
    assert (values["profile.known"], values["profile.missing"]) == (True, False)
    assert (await tried(rules, mention=SMOKE))["values"]["profile.known"] is False


async def test_what_is_typed_of_the_heads_is_what_conditions_see(rules: Rules) -> None:
    """A3.1, A4.2: a rule on complaint, emotion or irony can be tried before it is live."""
    said = {"complaint": 0.9, "emotion": "anger", "irony": 1}
    values = (await tried(rules, mention=SMOKE | said | {"sentiment": "positive"}))["values"]
    assert {name: values[f"score.{name}"] for name in said} == said
    assert (values["score.positive"], values["score.confidence"]) == (0.9, 0.45)
    silent = (await tried(rules, mention=SMOKE | {"complaint": None}))["values"]
    assert {name: silent[f"score.{name}"] for name in said} == {
        "complaint": -1.0, "emotion": "", "irony": -1.0,
    }  # fmt: skip


async def test_a_typed_text_has_the_pillar_of_its_words_unless_one_is_said(rules: Rules) -> None:
    """A4.2: what a live model takes it to be about is not known, and can be said."""
    for said, pillar in ((None, "service"), ("innovation", "innovation"), ("none", "none")):
        values = (await tried(rules, mention=SMOKE | {"pillar": said}))["values"]
        assert values["score.pillar"] == pillar


@pytest.mark.parametrize(
    "mention",
    [
        None,
        {},
        [1],
        {"text": 1},
        {"text": "x" * 10_001},
        {"text": "x", "followers": -1},
        {"text": "x", "followers": 10**30},
        {"text": "x", "urgency": 2},
        {"text": "x", "influence": 101},
        {"text": "x", "sentiment": "angry"},
        {"text": "x", "emotion": "rage"},
        {"text": "x", "irony": 1.1},
        {"text": "x", "pillar": "press"},
        {"text": "x", "weather": "fine"},
    ],
)
async def test_a_mention_out_of_bounds_is_refused(rules: Rules, mention: Any) -> None:
    answer = await rules.api.post("sofia", f"{ROOT}/try", {"mention": mention})
    assert code_of(answer) == (422, "wrong_field")


async def test_broken_rules_say_where_instead_of_deciding(rules: Rules) -> None:
    answer = await rules.api.post("sofia", f"{ROOT}/try", {"texts": BROKEN, "mention": SMOKE})
    assert code_of(answer) == (422, "broken_rules")
    assert {problem["row"] for problem in answer.json()["errors"]} >= {"danger", "otherwise"}


async def test_before_the_first_version_there_is_nothing_to_ask(api: Api) -> None:
    answer = await api.post("sofia", f"{ROOT}/try", {"mention": SMOKE})
    assert code_of(answer) == (409, "no_version")


async def test_what_is_unknown_is_said(rules: Rules) -> None:
    for given in ({"mention_id": "m1"}, {"draft_id": "d1", "mention": SMOKE}):
        answer = await rules.api.post("sofia", f"{ROOT}/try", given)
        assert answer.status_code == 404


def fact(op: str, seq: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "fact_id": f"{seq}/{op}", "op": op, "op_id": str(seq), "now_ms": NOON_MS + seq,
        "mention_id": "m1", "source_id": "", "reason": "", "actor": {}, "data": data,
    }  # fmt: skip


SAID = {
    "mention_id": "m1", "source_id": "1", "channel": "x", "text": "Smoke <b>here</b>",
    "author": {"handle": "@mara", "name": "", "followers": 7},
    "detected_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
SCORED = {
    "sentiment": {"label": "negative", "confidence": 0.8, "negative": 0.8},
    "lang": "en", "intent": "complaint", "urgency": 1, "urgency_why": [], "model": "m",
}  # fmt: skip


async def test_a_recorded_mention_is_tried_as_it_was(rules: Rules, parts: Parts) -> None:
    kept = {"score.urgency": 1, "mention.followers": 8}
    values = (await tried(rules, mention=FIRE))["values"] | kept
    whole = {name: value for name, value in values.items() if name not in NOT_KNOWN}
    await parts.base.ledger.append(
        [
            fact("received", 1, {"mention": SAID, "content_hash": "h"}),
            fact("scored", 2, {"score": SCORED}),
            fact("identified", 3, {"handle_key": "x:mara"}),
            fact("decided", 4, {"decision": {}, "values": whole}),
        ]
    )
    found = await tried(rules, mention_id="m1")
    assert found["decision"]["rule"] == "danger"
    assert set(found["untold"]) == NOT_KNOWN.keys()
    assert found["values"]["mention.text"] == "Smoke <b>here</b>"
    assert found["values"]["mention.followers"] == 8
    assert next(one["result"] for one in found["rules"]) == "hit"
    [newest] = (await rules.api.get("anton", f"{ROOT}/mentions")).json()
    assert (newest["mention_id"], newest["author"]) == ("m1", "@mara")
    assert newest["text"] == "Smoke <b>here</b>"


async def test_rows_and_titles_come_with_a_draft_whatever_its_texts_say(rules: Rules) -> None:
    odd = 'title = "Odd"\n[[row]]\nid = 1979-05-27\nwhen = nan\nthen = { priority = inf }\n'
    made = await rules.draft({"10-odd.toml": odd, "20-no.toml": "[[row"})
    assert made["titles"] == {"10-odd.toml": "Odd"}
    [shown] = made["rows"]
    assert (shown["id"], shown["when"], shown["then"]) == ("1979-05-27", "nan", {"priority": "inf"})


@pytest.mark.parametrize(
    ("row_id", "place", "expected"),
    [
        ("third", {"before": "first"}, ["third", "first", "second"]),
        ("first", {"after": "third"}, ["second", "third", "first"]),
        ("first", {"after": "second"}, ["second", "first", "third"]),
        ("second", {"before": "first"}, ["second", "first", "third"]),
    ],
)
async def test_a_row_is_moved_with_its_comments(
    rules: Rules, row_id: str, place: dict[str, str], expected: list[str]
) -> None:
    texts = rules_of(*(f"# About {id_}.\n{row(id_)}" for id_ in _ROWS))
    made = await rules.draft(texts)
    path = f"{ROOT}/drafts/{made['id']}/rows/{row_id}/move"
    answer = await rules.api.send("POST", "sofia", path, place, seen='"1"')
    assert answer.status_code == 200, answer.text
    [text] = answer.json()["texts"].values()
    assert [found["id"] for found in tomllib.loads(text)["row"]] == expected
    for id_ in _ROWS:
        assert f'# About {id_}.\n[[row]]\nid = "{id_}"' in text
    assert sorted(text.split()) == sorted("".join(texts.values()).split())


@pytest.mark.parametrize(
    "place", [{}, {"before": "danger", "after": "danger"}, {"before": "danger"}, {"before": "x"}]
)
async def test_a_move_to_nowhere_is_refused(rules: Rules, place: dict[str, str]) -> None:
    made = await rules.draft()
    path = f"{ROOT}/drafts/{made['id']}/rows/danger/move"
    answer = await rules.api.send("POST", "sofia", path, place, seen='"1"')
    assert answer.status_code == 422


async def test_a_move_of_what_was_not_seen_is_refused(rules: Rules) -> None:
    made = await rules.draft()
    path = f"{ROOT}/drafts/{made['id']}/rows/danger/move"
    answer = await rules.api.send("POST", "sofia", path, {"after": "otherwise"}, seen='"7"')
    assert code_of(answer) == (412, "stale_draft")
