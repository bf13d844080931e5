"""Back-test of event rules after the mention: what it tells is what a real run of them does."""

from __future__ import annotations

import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app import config_rules, flow
from app.adapters.cel_checks import problems_of
from app.adapters.cel_rules import CelRules
from app.adapters.redis_client import Client
from app.adapters.redis_door import RedisDoor
from app.adapters.redis_floor import RedisFloor
from app.adapters.redis_outbox import RedisOutbox
from app.adapters.redis_seen import RedisSeen
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.live import Live as LiveTasks
from app.adapters.store.rule_event_tables import notices
from app.adapters.store.rule_events import RuleEvents
from app.adapters.store.traffic import Traffic
from app.config import Config, load
from app.core.backtest_report import Report
from app.core.decision import ERROR
from app.core.event_acts import PRIORITISE, STOPPED, Act
from app.core.notices import audience
from app.core.versions import Live
from app.ports import Delivery
from app.processes.backtest import Backtest, prepare, run_backtest
from app.processes.event_acts import Doing
from app.processes.events import Events, in_effect
from app.processes.relay import Relay
from app.settings import CONFIG
from tests.doubles import KeepingProducer, MapProfiles, ports
from tests.logged import TextScorer, deliveries, known

LIVE = """
title = "Later"

[[rule]]
id = "press"
on = "mention"
when = 'mention.followers > 500'
do = [{ label = "reach" }, { notify = { to = "supervisor", text = "Many listen." } }]
why = "Many listen."

[[rule]]
id = "slow"
on = "waiting"
after = "5m"
when = 'score.urgency > 0.3'
do = [{ priority = 80 }, { label = "slow" }]
why = "It waits."
"""
DRAFT = (
    LIVE.replace("5m", "4m")
    + """
[[rule]]
id = "still-slow"
on = "waiting"
after = "9m"
when = '"slow" in labels && task.queue != "escalation" && task.priority >= 80'
do = [{ escalate = true }, { notify = { to = "mediator", text = "Nobody takes it." } }]
why = "It waits for too long."

[[rule]]
id = "waits-for-ever"
on = "waiting"
after = "50m"
when = 'task.escalated && task.sla == "breached" && task.waited_s >= 3000.0'
do = [{ queue = "service" }, { notify = { to = "sre", text = "Is anybody there?" } }]
why = "Nobody is there."

[[rule]]
id = "in-danger"
on = "at_risk"
when = '(task.left_s < 400.0 && profile.tier != "") || mention.text.says("refund|hours")'
do = [{ queue = "sales" }, { notify = { to = "amira", text = "Soon." } }, { priority = 70 }]
why = "It is nearly late."

[[rule]]
id = "broken"
on = "at_risk"
when = '10 / (task.transfers - task.transfers) > 1 && task.age_s > 0.0'
do = [{ label = "never" }]
why = "It cannot be asked."

[[rule]]
id = "too-late"
on = "breached"
when = 'task.transfers > 0 || ("reach" in labels && task.clock == "response")'
do = [{ label = "late" }, { notify = { to = "supervisor", text = "Late." } }]
why = "It is late."

[[rule]]
id = "answered"
on = "replied"
when = 'true'
do = [{ label = "answered" }]
why = "Somebody has answered."
"""
)


def with_rules(text: str) -> Config:
    problems: list[str] = []
    texts = config_rules.texts_of(CONFIG, problems) | {"00-later.toml": text}
    return load(CONFIG, 1.0, problems_of, rule_texts=texts)


class Day:
    """A real run: triage, the door, the clocks, and the process that asks event rules.

    Nobody is at work. The clock is set to each moment at which anything can happen.
    """

    def __init__(self, redis: Client, door: RedisDoor, database: Database, config: Config) -> None:
        self.door, self.config = door, config
        self.ledger, self.log, self.database = Ledger(database), RuleEvents(database), database
        self.relay = Relay(RedisOutbox(redis), self.ledger, KeepingProducer())  # type: ignore[arg-type]
        rules = CelRules(config)
        live = Live(
            number=1, digest="d", change=1, changed_ms=1, changed_by="x", reason="",
            folder_digest="", shadow=0,
        )  # fmt: skip
        self.events = Events(
            self.ledger, self.log, LiveTasks(database), in_effect((config, rules), live),
            lambda: self.door.now_ms,
        )  # fmt: skip
        self.doing = Doing(door, RedisFloor(redis, config.catalogue), self.log, config)
        self.ports = ports(
            door=door, seen=RedisSeen(redis, self.ledger), profiles=MapProfiles(known()),
            rules=rules, scorer=TextScorer(), catalogue=config.catalogue,
            now_ms=lambda: self.door.now_ms,
        )  # fmt: skip
        self.moments: list[int] = []
        self.seen_seq = 0

    async def run(self, said: list[Delivery]) -> None:
        await self.events.turn()
        coming = [(orjson.loads(one.raw)["detected_at"], one) for one in said]
        due = {self._ms(at): one for at, one in coming}
        self.moments = list(due)
        heapify(self.moments)
        while self.moments:
            self.door.now_ms = heappop(self.moments)
            if one := due.pop(self.door.now_ms, None):
                await flow.triage([one], self.ports)
            await self.door.thresholds()
            await self._relayed()
            await self.events.turn()
            await self.doing.turn()
        await self._relayed()

    async def _relayed(self) -> None:
        while await self.relay.move(block_ms=0):
            pass
        for fact in await self.ledger.since(self.seen_seq, 10_000):
            self.seen_seq = fact["seq"]
            if fact["op"] == "queued":
                waits = [round(rule.after_s * 1000) for rule in self.config.rules]
                at = [fact["now_ms"] + after_ms for after_ms in waits if after_ms]
                for moment in (*at, fact["data"]["at_risk_ms"], fact["data"]["due_ms"]):
                    heappush(self.moments, max(moment, self.door.now_ms))

    @staticmethod
    def _ms(moment: str) -> int:
        return round(datetime.fromisoformat(moment).timestamp() * 1000)

    async def facts(self) -> list[dict[str, Any]]:
        return await self.ledger.since(0, 100_000)

    async def acts(self) -> list[Act]:
        ids = sorted({fact["mention_id"] for fact in await self.facts()})
        return [act for of in (await self.log.acts_of(ids)).values() for act in of]

    async def told(self) -> Counter[str]:
        query = sa.select(notices.c.audience)
        return Counter(await self.database.read(lambda c: c.execute(query).scalars().all()))


async def run_of(
    redis: Client, door: RedisDoor, database: Database, config: Config, said: list[Delivery]
) -> Day:
    await redis.flushall()
    await door.open()
    await door.begin("test")
    await door.configure(config.catalogue.queues.values())
    day = Day(redis, door, database, config)
    await day.run(said)
    return day


@pytest.fixture
async def days(redis: Client, door: RedisDoor, database: Database, tmp_path: Path) -> Any:
    """The live rules' day and the draft's, over the same mentions."""
    other = tmp_path / "other.db"
    shutil.copy(tmp_path / "handshake.db", other)
    second, said = Database(f"sqlite:///{other}"), deliveries(30)
    live, draft = with_rules(LIVE), with_rules(DRAFT)
    try:
        yield (
            await run_of(redis, door, database, live, said),
            await run_of(redis, door, second, draft, said),
        )
    finally:
        second.close()


async def report_of(live: Day, draft: Day) -> Report:
    test = Backtest(live=live.config, draft=draft.config, reps=(), at_risk_share=0.8)
    with ThreadPoolExecutor(1, initializer=prepare, initargs=(test,)) as pool:
        return await run_backtest(Traffic(live.database), test, pool=pool)


def by_rules(facts: list[dict[str, Any]], op: str) -> list[dict[str, Any]]:
    return [f for f in facts if f["op"] == op and f["actor"]["id"].startswith("rule:")]


async def test_what_later_rules_would_have_done_is_what_a_real_run_of_them_does(days: Any) -> None:
    """A4.10, D1: how often each fired, what it moved, whom it told, what was late: as it was."""
    made = await report_of(*days)
    for side, day in zip(("live", "draft"), days, strict=True):
        did, facts = await day.acts(), await day.facts()
        moved = by_rules(facts, "transferred")
        expected = {
            "fired": Counter(act.rule for act in did),
            "stopped": Counter(act.rule for act in did if act.state == STOPPED),
            "moved": Counter(fact["actor"]["id"].removeprefix("rule:") for fact in moved),
            "prioritised": Counter(a.rule for a in did if a.done.get(PRIORITISE) == "done"),
            "refused": Counter(a.rule for a in did if set(a.done.values()) - {"done"}),
        }
        for row in made.later:
            assert row[side] == {name: of[row["rule"]] for name, of in expected.items()}
        ways = Counter((fact["data"]["from_queue"], fact["queue"]) for fact in moved)
        told = {(m["from"], m["to"]): m[side] for m in made.moved_later["moves"] if m[side]}
        assert told == ways
        assert made.moved_later[side] == len({fact["mention_id"] for fact in moved})
        escalated = {fact["mention_id"] for fact in moved if fact["queue"] == "escalation"}
        assert made.escalations["by_later_rule"][side] == len(escalated)
        late = {fact["mention_id"] for fact in facts if fact["op"] == "breached"}
        assert made.breaches[side] == len(late)
        heard = {audience(one["to"]): one[side] for one in made.notices if one[side]}
        assert heard == await day.told()
    fired = {row["rule"]: row["draft"]["fired"] for row in made.later}
    assert all(count for rule, count in fired.items() if rule != "broken"), fired
    assert made.not_asked == ["answered"]

    failed = Counter[str]()
    for mention_id in {fact["mention_id"] for fact in await days[1].facts()}:
        for event in await days[1].log.of_mention(mention_id):
            failed.update(one["rule"] for one in event["rules"] if one["result"] == ERROR)
    [error] = made.errors
    assert (error["side"], error["rule"]) == ("draft", "broken")
    assert error["mentions"] == failed["broken"] > 0
