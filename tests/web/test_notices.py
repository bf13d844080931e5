"""Notices: who sees them, who may say that they have read them, and that screens hear at once."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from app.adapters.store.notices import Notices
from app.adapters.store.rule_events import Asked, RuleEvents
from app.adapters.store.rule_versions import RuleVersions
from app.core.decision import Trace
from app.core.errors import Unavailable
from app.core.event_acts import acts
from app.core.events import Event
from app.core.notices import SHOWN, Notice
from app.core.rules import Effects, Rule
from app.web.notices import Board
from app.web.state import Parts
from tests.builders import NOON_MS, mention, task_id
from tests.event_facts import AMIRA, Story
from tests.web.asgi import requested
from tests.web.conftest import Api

HOSTILE = '<img src=x onerror="alert(1)">\u202e'


def notice(id_: str, audience: str, text: str = "Look.") -> Notice:
    return Notice(
        notice_id=id_, audience=audience, text=text, mention_id="m", task_id="t", rule="own",
        event="waiting", at_ms=NOON_MS,
    )  # fmt: skip


@pytest.fixture
def told(parts: Parts) -> Any:
    log = RuleEvents(parts.base.database)

    async def tell(*notices: Notice) -> None:
        await log.take([], notices)

    return tell


async def unread(api: Api, who: str) -> list[str]:
    found = (await api.get(who, "/api/v1/notices")).json()
    assert found["unread"] == len(found["notices"])
    return [one["notice_id"] for one in found["notices"]]


async def test_everybody_sees_what_is_addressed_to_them_and_nothing_else(
    api: Api, told: Any
) -> None:
    """A5.5: the person who should know is told; nobody else is."""
    await told(
        notice("s", "role:supervisor"),
        notice("a", "role:agent"),
        notice("m", "skill:mediator"),
        notice("b", "rep:ben"),
    )
    assert await unread(api, "sofia") == ["s"]
    assert await unread(api, "ben") == ["b", "a"]
    assert await unread(api, "miriam") == ["m", "a"]
    assert await unread(api, "amira") == ["a"]
    assert await unread(api, "anton") == []


async def test_a_notice_says_of_which_task_and_why(api: Api, told: Any) -> None:
    await told(notice("s", "role:supervisor", HOSTILE))
    [found] = (await api.get("sofia", "/api/v1/notices")).json()["notices"]
    assert found == {
        "notice_id": "s",
        "audience": "role:supervisor",
        "text": HOSTILE,
        "mention_id": "m",
        "task_id": "t",
        "rule": "own",
        "event": "waiting",
        "at_ms": NOON_MS,
    }


async def test_what_one_has_read_another_has_not(api: Api, told: Any) -> None:
    await told(notice("a", "role:agent"), notice("b", "role:agent"))
    answer = await api.post("amira", "/api/v1/notices/read", {"ids": ["a", "a"]})
    assert (answer.status_code, answer.json()["unread"]) == (200, 1)
    again = await api.post("amira", "/api/v1/notices/read", {"ids": ["a"]})
    assert again.status_code == 200
    assert await unread(api, "amira") == ["b"]
    assert await unread(api, "ben") == ["b", "a"]


async def test_nobody_reads_for_somebody_else(api: Api, told: Any) -> None:
    await told(notice("s", "role:supervisor"), notice("a", "role:agent"))
    for ids in (["s"], ["a", "s"], ["nothing"]):
        answer = await api.post("amira", "/api/v1/notices/read", {"ids": ids})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_notice")
    assert await unread(api, "sofia") == ["s"]
    assert await unread(api, "amira") == ["a"]  # all of a request, or nothing


@pytest.mark.parametrize("ids", [None, "a", [], [1], [""], ["x" * 41], ["a"] * 201, {"a": 1}])
async def test_ids_that_are_none_are_refused(api: Api, ids: Any) -> None:
    answer = await api.post("amira", "/api/v1/notices/read", {"ids": ids})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "ids")


async def test_an_id_that_the_store_cannot_be_asked_for_never_reaches_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL refuses a question with NUL in it."""
    asked: list[str] = []

    async def listening(_: Notices, ids: list[str], *__: Any) -> list[str]:
        asked.extend(ids)
        return ids

    monkeypatch.setattr(Notices, "read", listening)
    answer = await api.post("amira", "/api/v1/notices/read", {"ids": ["a\x00", "\x00"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_notice")
    assert asked == ["a\ufffd", "\ufffd"]


async def test_a_field_that_nobody_reads_is_refused(api: Api) -> None:
    answer = await api.post("amira", "/api/v1/notices/read", {"ids": ["a"], "who": "ben"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")


async def test_of_many_the_newest_are_listed_and_all_are_counted(api: Api, told: Any) -> None:
    await told(*(notice(f"n{n}", "role:sre") for n in range(SHOWN + 7)))
    found = (await api.get("sven", "/api/v1/notices")).json()
    assert (found["unread"], len(found["notices"])) == (SHOWN + 7, SHOWN)
    assert found["notices"][0]["notice_id"] == f"n{SHOWN + 6}"


@pytest.mark.parametrize(
    ("who", "view", "first"), [("sofia", "?view=floor", "floor"), ("ben", "", "clock")]
)
async def test_an_open_screen_hears_of_its_notices_at_once(
    app: Starlette, parts: Parts, told: Any, who: str, view: str, first: str
) -> None:
    board = Board(Notices(parts.base.database), parts.hub)
    await board.turn()
    async with requested(app, who, f"/api/v1/stream{view}") as screen:
        await screen.until(first)
        await told(notice("other", "rep:anton"))
        await board.turn()
        await told(notice("s", "role:supervisor"), notice("b", "rep:ben"))
        await board.turn()
        name, data, _ = (await screen.until("notices"))[-1]
    newest = {"sofia": "s", "ben": "b"}[who]
    assert (name, data["notices"][0]["notice_id"]) == ("notices", newest)
    assert "other" not in [one["notice_id"] for one in data["notices"]]


@pytest.mark.parametrize("view", ["", "?view=floor"])
async def test_what_came_while_the_line_was_down_comes_with_it(
    app: Starlette, told: Any, view: str
) -> None:
    await told(notice("s", "role:supervisor"))
    async with requested(app, "sofia", f"/api/v1/stream{view}") as screen:
        await screen.next()
        name, data, _ = await screen.next()
    assert (name, data["unread"]) == ("notices", 1)


@pytest.mark.parametrize(("who", "path"), [("sofia", "floor"), ("ben", "desk")])
async def test_a_reload_shows_them_again(api: Api, told: Any, who: str, path: str) -> None:
    await told(notice("s", "role:supervisor"), notice("b", "rep:ben"))
    found = (await api.get(who, f"/api/v1/{path}")).json()["told"]
    assert [one["notice_id"] for one in found["notices"]] == [{"sofia": "s", "ben": "b"}[who]]


async def test_without_the_store_the_screens_go_on_without_notices(
    app: Starlette, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks are in Redis: whoever works on them needs no notices for it."""

    async def away(*_: Any) -> Any:
        raise Unavailable("the store does not answer")

    monkeypatch.setattr(Notices, "unread", away)
    for who, path in (("sofia", "floor"), ("ben", "desk")):
        answer = await api.get(who, f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["told"]) == (200, None)
    async with requested(app, "sofia", "/api/v1/stream?view=floor") as screen:
        assert (await screen.next())[0] == "floor"
    assert (await api.get("sofia", "/api/v1/notices")).status_code == 503


async def acted(parts: Parts) -> str:
    """A mention with a task, and one event rule that moved it; returns the mention's id."""
    await parts.base.ledger.append(Story("1").decided().queued().entries)
    said = mention("1")
    event = Event(
        event_id="e", name="waiting", fact_id="f", mention_id=said.mention_id,
        task_id=task_id("1"), seq=3, at_ms=NOON_MS,
    )  # fmt: skip
    does = Effects(priority=90, labels=("slow",))
    rule = Rule(id="up", when="true", why=HOSTILE, does=does, on="waiting")
    asked = Asked(
        event=event, version="v", number=4, values={}, trace=(Trace(rule="up", result="hit"),),
        acts=acts(event, [rule], 4, ()),
    )  # fmt: skip
    log = RuleEvents(parts.base.database)
    await log.take([asked])
    [act] = await log.pending()
    await log.settle(act, {"prioritise": "done"})
    return said.mention_id


async def test_a_tasks_card_tells_what_rules_did_since(api: Api, parts: Parts) -> None:
    """A8.1: who did it, when and why, also where a rule did it."""
    mention_id = await acted(parts)
    answer = await api.get("amira", f"/api/v1/mentions/{mention_id}/rules")
    assert answer.json()["mention"]["text"] == "Where is my order?"
    [event] = answer.json()["events"]
    assert (event["event"], event["number"], event["rules"][0]["result"]) == ("waiting", 4, "hit")
    [act] = event["acts"]
    assert (act["rule"], act["why"], act["priority"]) == ("up", HOSTILE, 90)
    assert (act["done"], act["labels"], act["state"]) == ({"prioritise": "done"}, ["slow"], "done")
    assert (await api.get("amira", "/api/v1/mentions/none/rules")).status_code == 404


async def test_why_goes_on_after_the_decision(api: Api, parts: Parts) -> None:
    mention_id = await acted(parts)
    found = (await api.get("amira", f"/api/v1/mentions/{mention_id}/why")).json()
    assert [one["event"] for one in found["events"]] == ["waiting"]


LATER = """title = "Later"
[[rule]]
id = "slow"
on = "waiting"
after = "5m"
when = 'task.offers == 0'
do = [{ label = "slow" }]
why = "It waits."

[[rule]]
id = "lees"
on = "completed"
for = { customers = ["@lee"] }
when = 'true'
do = [{ label = "lee" }]
why = "Lee's."

[[row]]
id = "all"
when = "true"
then = { queue = "service" }
why = "Look."
"""


@pytest.mark.parametrize("path", ["rules", "why"])
async def test_the_live_rules_that_may_still_ask_are_told_until_the_task_has_ended(
    api: Api, parts: Parts, path: str
) -> None:
    """A8.1, D4: silence before the first event does not mean that there are no rules for it."""
    await RuleVersions(parts.base.database).take_in({"10.toml": LATER}, NOON_MS)
    story, given = Story("1").decided(), Story("2").decided()
    await parts.base.ledger.append([*story.queued().entries, *given.entries])

    async def later(of: Story) -> list[dict[str, Any]]:
        answer = await api.get("amira", f"/api/v1/mentions/{of.mention_id}/{path}")
        found: list[dict[str, Any]] = answer.json()["later"]
        return found

    slow, lees = await later(story)
    assert (slow["rule"], slow["on"], slow["after_s"], slow["fits"]) == (
        "slow",
        "waiting",
        300,
        True,
    )
    assert (slow["when"], slow["why"]) == ("task.offers == 0", "It waits.")
    assert (lees["rule"], lees["on"], lees["fits"]) == ("lees", "completed", False)
    assert await later(given) == []  # it has no task
    told = len(story.entries)
    story.task("completed", "completed", 3, actor=AMIRA)
    await parts.base.ledger.append(story.entries[told:])
    assert await later(story) == []


async def test_a_condition_is_checked_for_the_event_of_its_rule(api: Api) -> None:
    async def problems(**given: str) -> list[str]:
        body = {"when": "task.waited_s > 60.0"} | given
        answer = await api.post("sofia", "/api/v1/rules/check", body)
        return [one["message"] for one in answer.json()["problems"]]

    assert await problems(on="waiting") == []
    [problem] = await problems()
    assert problem.startswith("'task.waited_s' is known at later events alone")
    answer = await api.post("sofia", "/api/v1/rules/check", {"when": "true", "on": "never"})
    assert answer.json()["errors"][0]["field"] == "on"
