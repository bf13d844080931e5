"""The process of event rules on a real store, with a door that only listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from app import metrics
from app.adapters.cel_rules import CelRules
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.live import Live as LiveTasks
from app.adapters.store.notices import Notices
from app.adapters.store.rule_events import KEEP_MS, Asked, RuleEvents
from app.config import Config, load
from app.core.errors import Conflict, Unavailable
from app.core.event_acts import MOST_TOLD, STOPPED, Act, acts
from app.core.events import fact_event
from app.core.notices import KEPT
from app.core.queue_state import QueueValues, unpacked
from app.core.recorded import QUEUES
from app.core.rules import Effects, Rule
from app.core.versions import Live
from app.processes.event_acts import Doing
from app.processes.events import Events, in_effect
from app.settings import CONFIG
from tests.adapters.test_config_rules import ROW, text
from tests.builders import NOON_MS
from tests.event_facts import AMIRA, MINUTE_MS, Story

SUPERVISOR = ("role:supervisor",)


class ListeningDoor:
    """Keeps commands by op id, as the door does: a repeat changes nothing."""

    def __init__(self) -> None:
        self.done: dict[str, dict[str, Any]] = {}
        self.calls = 0
        self.refuses: Exception | None = None

    async def command(self, name: str, task: str, op_id: str, **given: Any) -> dict[str, Any]:
        self.calls += 1
        if self.refuses:
            raise self.refuses
        self.done.setdefault(op_id, {"name": name, "task": task, **given})
        return {"task_id": task, "state": "queued", "version": 2}

    def did(self) -> list[tuple[str, Any]]:
        return [(one["name"], one.get("priority") or one["queue"]) for one in self.done.values()]


class OneCard:
    """Every task needs Italian."""

    async def card(self, task_id: str) -> dict[str, Any] | None:
        return {"task_id": task_id, "skills": ["it", "old"]}


def at(on: str, do: str, when: str = "true", id_: str = "own", after: str = "5m") -> str:
    waits = f'\nafter = "{after}"' if on == "waiting" else ""
    return text(do, when, f'on = "{on}"{waits}', id_)


class House:
    """A ledger that stories are written into, and the process that follows it."""

    def __init__(self, database: Database, *rules: str) -> None:
        self.database, self.ledger = database, Ledger(database)
        self.log, self.notices = RuleEvents(database), Notices(database)
        self.door, self.now_ms = ListeningDoor(), NOON_MS
        self.config = config_of(*rules)
        self.events = self.process()
        self.doing = Doing(self.door, OneCard(), self.log, self.config)

    def process(self) -> Events:
        """One more process, as after a restart or beside the first."""
        live = self.live(1)
        made = in_effect((self.config, CelRules(self.config)), live)
        tasks = LiveTasks(self.database)
        return Events(self.ledger, self.log, tasks, made, lambda: self.now_ms)

    def live(self, number: int) -> Live:
        return Live(
            number=number, digest="d", change=number, changed_ms=1, changed_by="x", reason="",
            folder_digest="", shadow=0,
        )  # fmt: skip

    def adopt(self, *rules: str) -> None:
        self.config = config_of(*rules)
        self.events.adopt((self.config, CelRules(self.config)), self.live(2))

    async def tell(self, story: Story, minute: float = 0.0) -> None:
        """All of this story is in the ledger, and the process has taken it in."""
        await self.events.turn()  # it begins at the end of what was there before it
        await self.ledger.append(story.entries)
        await self.at(minute)

    async def at(self, minute: float) -> None:
        self.now_ms = NOON_MS + round(minute * MINUTE_MS)
        await self.events.turn()
        await self.doing.turn()

    async def told(self, story: Story) -> list[dict[str, Any]]:
        return await self.log.of_mention(story.mention_id)

    async def unread(self, *audiences: str) -> list[str]:
        _, found = await self.notices.unread("sue", audiences or SUPERVISOR)
        return [one["text"] for one in found]


def config_of(*rules: str) -> Config:
    texts = {"10-own.toml": 'title = "Own"\n' + "\n".join(rules) + ROW}
    return load(CONFIG, 1.0, lambda _: iter(()), texts)


def late(story: Story | None = None) -> Story:
    return (story or Story()).decided().queued().task("at_risk", "queued", 24)


MOVE = '{ priority = 90 }, { queue = "billing" }'
TELL = '{ notify = { to = "supervisor", text = "Look." } }'


async def test_a_rule_moves_a_task_at_risk_and_tells_the_supervisors(database: Database) -> None:
    """A4.1, A5.5: the task moves, the people are told, and the log says who did it and why."""
    house = House(database, at("at_risk", f"{MOVE}, {TELL}", "task.left_s < 600.0"))
    story = late()
    await house.tell(story)
    assert house.door.did() == [("prioritise", 90), ("reroute", "billing")]
    moved = list(house.door.done.values())[1]
    assert moved["skills"] == "billing,it"  # the queue's, and the customer's language
    assert moved["actor"] == {"type": "system", "id": "rule:own", "role": "service"}
    assert moved["reason"] == "Rule own: Because."
    assert await house.unread() == ["Look."]
    [event] = await house.told(story)
    assert (event["event"], event["number"]) == ("at_risk", 1)
    assert event["version"] == house.config.version
    assert event["rules"] == [{"rule": "own", "result": "hit", "detail": ""}]
    assert event["values"]["task.left_s"] == 360.0
    [act] = event["acts"]
    assert act["done"] == {"prioritise": "done", "reroute": "done"}
    assert (act["rule"], act["why"], act["state"]) == ("own", "Because.", "done")


async def test_a_rule_that_does_not_hold_is_noted_and_does_nothing(database: Database) -> None:
    house = House(
        database,
        at("at_risk", MOVE, "task.left_s > 600.0", "roomy"),
        at("at_risk", MOVE, "1 / task.replies > 0", "broken"),
        at("breached", TELL, "true", "other"),
    )
    story = late()
    await house.tell(story)
    [event] = await house.told(story)
    fared = [(one["rule"], one["result"]) for one in event["rules"]]
    assert (fared, event["acts"]) == ([("roomy", "miss"), ("broken", "error")], [])
    assert house.door.calls == 0


async def test_where_no_rule_asks_for_an_event_nothing_is_noted(database: Database) -> None:
    house = House(database, at("breached", TELL))
    story = late()
    await house.tell(story)
    assert await house.told(story) == []


async def test_a_restart_and_a_second_process_change_nothing_twice(database: Database) -> None:
    house = House(database, at("at_risk", f"{MOVE}, {TELL}"))
    story, refused = late(), metrics.EVENTS_NOT_KEPT.labels("event")._value.get()
    await house.tell(story)
    await house.log.take([], read=("events", 0))  # killed before its position was kept
    await house.process().turn()
    await house.process().turn()
    await house.doing.turn()
    assert (len(house.door.done), house.door.calls) == (2, 2)
    assert len(await house.told(story)) == 1
    assert await house.unread() == ["Look."]
    assert metrics.EVENTS_NOT_KEPT.labels("event")._value.get() == refused


async def test_whoever_is_killed_between_door_and_log_asks_the_door_the_same_again(
    database: Database,
) -> None:
    house = House(database, at("at_risk", MOVE))
    settle, failures = house.log.settle, [Unavailable("killed here")]

    async def killed(act: Act, done: Mapping[str, str]) -> None:
        if failures:
            raise failures.pop()
        await settle(act, done)

    house.log.settle = killed  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await house.tell(late())
    await house.doing.turn()
    assert (house.door.calls, len(house.door.done)) == (4, 2)
    assert await house.log.pending() == []


async def test_while_the_door_is_away_what_is_pending_waits(database: Database) -> None:
    house = House(database, at("at_risk", MOVE))
    house.door.refuses = Unavailable("Redis does not answer")
    with pytest.raises(Unavailable):
        await house.tell(late())
    house.door.refuses = None
    await house.doing.turn()
    assert len(house.door.done) == 2


async def test_what_the_door_refuses_is_noted_and_not_tried_again(database: Database) -> None:
    house = House(database, at("at_risk", '{ queue = "billing" }'))
    house.door.refuses = Conflict("wrong_state", "The task is accepted")
    story = late()
    await house.tell(story)
    [event] = await house.told(story)
    assert event["acts"][0]["done"] == {"reroute": "wrong_state: The task is accepted"}
    await house.at(99)
    assert house.door.calls == 1


async def test_what_was_before_the_first_start_is_history(database: Database) -> None:
    """Nobody wants to hear now of what was urgent last month."""
    house = House(database, at("at_risk", MOVE))
    story = late()
    await house.ledger.append(story.entries)
    await house.at(0)
    assert (await house.told(story), house.door.calls) == ([], 0)


async def test_a_task_that_waits_is_moved_up_once_in_each_wait(database: Database) -> None:
    house = House(database, at("waiting", "{ priority = 80 }", "task.waited_s >= 300.0"))
    story = Story().decided().queued()
    await house.tell(story, 4.9)
    assert house.door.did() == []
    await house.at(5)
    await house.at(60)
    assert house.door.did() == [("prioritise", 80)]
    story.task("accepted", "accepted", 61).task("transferred", "queued", 62, actor=AMIRA)
    await house.ledger.append(story.entries)
    await house.at(66.9)
    assert len(house.door.done) == 1
    await house.at(67)
    assert len(house.door.done) == 2


async def test_waits_that_began_before_a_restart_are_known_after_it(database: Database) -> None:
    house = House(database, at("waiting", "{ priority = 80 }"))
    story, other = Story("1").decided().queued(), Story("2").decided().queued(3)
    await house.tell(story)
    await house.ledger.append(other.entries)
    await house.at(5)
    house.events = house.process()
    await house.at(8)
    assert [one["task"] for one in house.door.done.values()] == [story.task_id, other.task_id]


async def test_a_task_that_was_taken_meanwhile_is_not_asked_about(database: Database) -> None:
    house = House(database, at("waiting", "{ priority = 80 }"))
    story = Story().decided().queued()
    await house.tell(story)
    await house.ledger.append(story.task("accepted", "accepted", 4).entries)
    await house.at(9)
    assert house.door.did() == []


async def test_a_wait_whose_rule_does_not_hold_is_asked_once(database: Database) -> None:
    house = House(database, at("waiting", "{ priority = 80 }", "task.priority > 60"))
    story = Story().decided().queued()
    await house.tell(story, 6)
    await house.at(7)
    [event] = await house.told(story)
    assert (event["event"], event["rules"][0]["result"]) == ("waiting", "miss")


@pytest.mark.parametrize("on", ["at_risk", "waiting"])
async def test_rules_of_one_moment_act_as_written_and_the_last_one_counts(
    database: Database, on: str
) -> None:
    """docs/rules.md, In order: ids are hashes, and their order must not be that of the acts."""
    priorities = [(61, "c"), (94, "a"), (40, "b")]
    house = House(database, *(at(on, f"{{ priority = {n} }}", id_=id_) for n, id_ in priorities))
    stories = [late(Story(f"{n}")) for n in range(4)]
    for story in stories:
        await house.tell(story)
    await house.at(30)
    for story in stories:
        mine = [one for one in house.door.done.values() if one["task"] == story.task_id]
        assert [one["priority"] for one in mine] == [61, 94, 40]
        told = await house.told(story)
        did = [(act["priority"], act["rule"]) for event in told for act in event["acts"]]
        assert did == priorities
    known = await house.log.acts_of([story.mention_id for story in stories])
    assert [[act.rule for act in some] for some in known.values()] == [["c", "a", "b"]] * 4


async def test_of_rules_that_fall_due_together_the_shorter_wait_acts_first(
    database: Database,
) -> None:
    """As without the outage after which they are asked late."""
    house = House(
        database,
        at("waiting", "{ priority = 90 }", id_="long", after="10m"),
        at("waiting", "{ priority = 60 }", id_="short", after="5m"),
    )
    story = Story().decided().queued()
    await house.tell(story, 60)
    assert house.door.did() == [("prioritise", 60), ("prioritise", 90)]
    assert [event["acts"][0]["rule"] for event in await house.told(story)] == ["short", "long"]


async def test_hand_offs_are_owed_in_the_order_of_their_rules(database: Database) -> None:
    house = House(database)
    story, ids = late(), ["c", "a", "b", "d"]
    event = fact_event(story.facts[-1], 0)
    does = Effects(handoffs=("crm",))
    fired = [Rule(id=id_, when="true", why="W.", on="at_risk", does=does) for id_ in ids]
    asked = Asked(
        event=event, version="v", number=1, values={}, trace=(), acts=acts(event, fired, 1, ())
    )
    await house.log.take([asked])
    assert [act.rule for act in await house.log.owed()] == ids


async def test_individual_rules_are_for_their_customer_alone(database: Database) -> None:
    """A4.3: down to individual preferences, also later on."""
    mine = at("at_risk", "{ priority = 99 }", "true", "kim") + 'for = { customers = ["@kim"] }\n'
    house = House(database, mine)
    await house.tell(late(Story("1", handle="@kim")))
    await house.tell(late(Story("2", handle="@lee")))
    assert house.door.did() == [("prioritise", 99)]


async def test_labels_of_one_event_are_known_at_the_next(database: Database) -> None:
    house = House(
        database,
        at("at_risk", '{ label = "slow" }', "true", "slow"),
        at("breached", TELL, '"slow" in labels && "vip" in labels', "both"),
        text('{ label = "vip" }', id_="vip"),
    )
    story = Story().decided(labels=("vip",)).queued().task("at_risk", "queued", 24)
    await house.tell(story.task("breached", "queued", 30))
    assert await house.unread() == ["Look."]


async def test_rules_that_move_a_task_to_and_fro_are_stopped_visibly(database: Database) -> None:
    """Item 5: a visible "not fired because"."""
    house = House(
        database,
        at("transferred", '{ queue = "sales" }', 'task.queue == "billing" && task.offers < 9', "a"),
        at("transferred", '{ queue = "billing" }', 'task.queue == "sales" && task.offers < 9', "b"),
    )
    story = Story().decided().queued().task("transferred", "queued", 1, queue="billing")
    await house.tell(story)
    for n in range(5):  # what the door would make of it
        if n < len(house.door.done):
            op_id, one = list(house.door.done.items())[n]
            story.task("transferred", "queued", 1, queue=one["queue"], op_id=op_id)
            await house.ledger.append(story.entries)
            await house.at(1)
    events = await house.told(story)
    assert [act["rule"] for event in events for act in event["acts"]] == ["a", "b", "a", "b"]
    last = events[-1]["acts"][0]
    assert last["state"] == STOPPED
    assert last["stopped"].startswith("3 rules led here")
    assert len(house.door.done) == 3


async def test_a_task_has_a_budget_of_acts(database: Database) -> None:
    house = House(database, at("replied", TELL))
    story = Story().decided().queued().task("accepted", "accepted", 1)
    for _ in range(MOST_TOLD + 2):
        story.task("replied", "accepted", 2, actor=AMIRA)
    await house.tell(story)
    did = (await house.log.acts_of([story.mention_id]))[story.mention_id]
    assert sum(act.state == STOPPED for act in did) == 2
    count, _ = await house.notices.unread("sue", SUPERVISOR)
    assert count == MOST_TOLD


async def test_a_new_version_asks_from_its_own_moment_on(database: Database) -> None:
    house = House(database, at("at_risk", "{ priority = 60 }"), at("waiting", TELL, id_="w"))
    await house.tell(late(Story("1")), 25)
    house.adopt(at("at_risk", "{ priority = 70 }"))
    second = late(Story("2"))
    await house.tell(second, 26)
    assert house.door.did() == [("prioritise", 60), ("prioritise", 70)]
    [event] = await house.told(second)
    assert event["number"] == 2
    assert await house.unread() == ["Look."]  # of the first alone: the second version has no such


async def test_a_rule_asks_how_the_queues_stand_at_the_moment_of_the_event(
    database: Database,
) -> None:
    """A4.1, A4.2: nobody is free, so somebody is told; what was seen stands in the log."""
    house = House(database, at("at_risk", TELL, 'queue.free["service"] == 0', "crowded"))
    free = 1

    async def look() -> QueueValues:
        return unpacked({"service": [4, 60.0, free, 0.25]})

    house.events.look = look
    first, second = late(), late(Story("2"))
    await house.tell(first)
    free = 0
    await house.tell(second)
    assert await house.unread() == ["Look."]
    [before], [event] = await house.told(first), await house.told(second)
    assert before["rules"] == [{"rule": "crowded", "result": "miss", "detail": ""}]
    assert event["values"][QUEUES] == {"service": [4, 60.0, 0, 0.25]}


async def test_where_nobody_knows_how_the_queues_stand_a_rule_of_them_does_not_hold(
    database: Database,
) -> None:
    house = House(
        database,
        at("at_risk", TELL, 'queue.free["service"] == 0', "crowded"),
        at("at_risk", MOVE, "task.left_s < 600.0", "late"),
    )
    story = late()
    await house.tell(story)
    [event] = await house.told(story)
    reason = "nothing is known of a queue 'service'"
    assert event["rules"] == [
        {"rule": "crowded", "result": "miss", "detail": reason},
        {"rule": "late", "result": "hit", "detail": ""},
    ]
    assert len(house.door.did()) == 2


async def test_a_decision_from_before_history_and_queues_were_recorded_is_asked_all_the_same(
    database: Database,
) -> None:
    """An update must not silence the rules on tasks that were open when it came."""
    house = House(database, at("at_risk", TELL, "history.open_tasks == 0"))
    story = late()
    for fact in story.facts:
        fact["data"].get("values", {}).pop(QUEUES, None)
    await house.tell(story)
    assert await house.unread() == ["Look."]


async def test_a_decision_whose_values_were_not_kept_asks_nobody(database: Database) -> None:
    house = House(database, at("at_risk", MOVE))
    story = late()
    del story.facts[1]["data"]["values"]
    await house.tell(story)
    [event] = await house.told(story)
    assert (event["problem"], event["rules"]) == ("inputs not recorded", [])


async def test_an_event_that_cannot_be_asked_about_stops_nobody_else(database: Database) -> None:
    """No rule, and no odd fact of long ago, stops the process."""
    house = House(database, at("at_risk", "{ priority = 90 }"))
    odd, good = late(Story("1")), late(Story("2"))
    odd.facts[-1]["data"] = ["of another form"]
    await house.tell(odd)
    await house.tell(good)
    [event] = await house.told(odd)
    assert event["problem"].startswith("AttributeError: ")
    assert [one["task"] for one in house.door.done.values()] == [good.task_id]


async def test_a_queue_that_is_gone_is_no_reason_to_stop(database: Database) -> None:
    house = House(database, at("at_risk", '{ queue = "billing" }'))
    queues = {n: q for n, q in house.config.catalogue.queues.items() if n != "billing"}
    smaller = replace(house.config, catalogue=replace(house.config.catalogue, queues=queues))
    house.doing = Doing(house.door, OneCard(), house.log, smaller)
    story = late()
    await house.tell(story)
    [event] = await house.told(story)
    said = "unknown_queue: No queue is named 'billing' here"
    assert event["acts"][0]["done"] == {"reroute": said}


async def test_what_rules_say_at_the_mention_reaches_people_too(database: Database) -> None:
    house = House(database)
    said = ({"to": "supervisor", "text": "Press."}, {"to": "mediator", "text": "You."})
    await house.tell(Story().decided(notices=said).queued())
    assert await house.unread() == ["Press."]
    assert await house.unread("skill:mediator", "rep:miriam") == ["You."]


async def test_the_log_forgets_what_is_old(database: Database) -> None:
    house = House(database, at("at_risk", TELL))
    story = late()
    await house.tell(story)
    at_ms = story.facts[-1]["now_ms"]
    assert await house.log.prune(at_ms + KEEP_MS) == 0
    assert await house.log.prune(at_ms + KEEP_MS + 1) == 2
    assert await house.told(story) == []


async def test_of_each_audience_the_newest_notices_are_kept(database: Database) -> None:
    house = House(database)
    said = tuple({"to": "supervisor", "text": f"{n}"} for n in range(KEPT + 3))
    await house.tell(Story().decided(notices=(*said, {"to": "sre", "text": "x"})))
    assert await house.notices.prune(house.now_ms) == 3
    assert await house.notices.prune(house.now_ms) == 0
    count, newest = await house.notices.unread("sue", SUPERVISOR)
    assert (count, newest[0]["text"]) == (KEPT, f"{KEPT + 2}")
    assert await house.unread("role:sre") == ["x"]
