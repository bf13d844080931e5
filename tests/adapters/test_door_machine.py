"""The door against its model: any order of commands keeps every promise of a task.

HYPOTHESIS_PROFILE=thorough runs ten times as many, and longer ones.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from datetime import timedelta
from typing import Any

import orjson
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis as SyncRedis

from app.adapters.redis_client import connect
from app.adapters.redis_door import RedisDoor
from app.core.errors import Conflict
from app.ports import Admission
from tests.adapters.door_model import CAPACITY, REPS, Model, Task, check_chain
from tests.builders import CATALOGUE, NOON, NOON_MS, OFFER_MS, actor_of, admission, do, ready

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
# A quick run tells the steps as they were found: shortening them takes minutes.
SETTINGS = settings(
    max_examples=1000 if THOROUGH else 100,
    stateful_step_count=100 if THOROUGH else 30,
    derandomize=not THOROUGH,
    phases=Phase if THOROUGH else [Phase.explicit, Phase.reuse, Phase.generate],
)
ids = st.integers(0, 9).map(str)
reps = st.sampled_from(REPS)
picks = st.integers(0, 100)
steps_ms = st.sampled_from([1, 100, OFFER_MS - 1, OFFER_MS, OFFER_MS, 400_000, 1_800_000])
COMMANDS = ("accept", "reject", "reply", "complete", "transfer")


class DoorMachine(RuleBasedStateMachine):
    """Every rule does the same to the door and to the model, and compares the answers."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.redis = SyncRedis.from_url(self.url)
        self.redis.flushall()
        self.client = connect(self.url)
        self.door = RedisDoor(self.client, now_ms=NOON_MS)
        self.model = Model(now_ms=NOON_MS)
        self.facts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.fact_ids: set[str] = set()
        self.read_to = "-"
        self.op = 0
        self.done: list[tuple[str, str, str, str, dict[str, Any]]] = []
        self.run(ready(self.door, *REPS, capacity=CAPACITY))
        self.model.available, self.model.now_ms = set(REPS), self.door.now_ms

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.client.aclose())
        self.redis.close()
        self.loop.close()

    @initialize(count=st.integers(0, 6), priority=st.integers(0, 90))
    def some_wait_already(self, count: int, priority: int) -> None:
        for i in range(count):
            queue = ("service", "billing")[i % 2]
            self._admit(admission(str(i), queue=queue, skills=("en",), priority=priority + i))
        self.make_offers()

    @rule(
        id_=ids,
        queue=st.sampled_from(["service", "billing", "escalation"]),
        skill=st.sampled_from(["", "en", "billing"]),
        priority=st.integers(0, 100),
        window_s=st.sampled_from([60.0, 1800.0]),
        age_s=st.sampled_from([0, 30, 5_000]),
    )
    def admit(
        self, id_: str, queue: str, skill: str, priority: int, window_s: float, age_s: int
    ) -> None:
        given = admission(
            id_,
            queue=queue,
            skills=tuple(sorted({*CATALOGUE.queues[queue].skills, skill} - {""})),
            priority=priority,
            window_s=window_s,
            detected_at=NOON - timedelta(seconds=age_s),
        )
        self._admit(given)

    def _admit(self, given: Admission) -> None:
        known = given.task_id in self.model.tasks
        assert self.run(self.door.admit([given])) == ["replayed" if known else "task"]
        if not known:
            self.model.admit(given)

    @rule()
    def everybody_takes_what_there_is(self) -> None:
        """Get on quickly to where people are busy."""
        for _ in range(CAPACITY):
            self.make_offers()
            for task in [task for task in self.model.tasks.values() if task.state == "offered"]:
                self._command("accept", task.id, task.rep, "")

    @rule(by_ms=steps_ms)
    def time_passes(self, by_ms: int) -> None:
        self.door.now_ms += by_ms
        self.model.now_ms = self.door.now_ms

    @rule()
    def make_offers(self) -> None:
        made = self.run(self.door.offer(OFFER_MS))
        facts = [fact for fact in self.new_facts() if fact["op"] == "offered"]
        assert [fact["task_id"] for fact in facts] == made
        for fact in facts:
            self.model.offered(fact["task_id"], fact["rep"])
        for rep in REPS:
            assert not (self.model.has_room(rep) and self.model.fresh_for(rep)), "left waiting"

    @rule()
    def offers_run_out(self) -> None:
        assert set(self.run(self.door.expire())) == self.model.expire()

    @rule()
    def thresholds_are_swept(self) -> None:
        crossed = self.run(self.door.thresholds())
        assert (set(crossed["at_risk"]), set(crossed["breached"])) == self.model.cross_thresholds()

    @rule(rep=reps, state=st.sampled_from(["available", "paused", "offline"]))
    def a_rep_comes_or_goes(self, rep: str, state: str) -> None:
        self.run(self.door.set_state(rep, state, "", actor_of(rep)))
        if state == "available":
            self.model.available.add(rep)
        else:
            self.model.leave(rep)

    @precondition(lambda self: self.in_state("offered"))
    @rule(accepts=st.booleans(), pick=picks)
    def an_offer_is_answered(self, accepts: bool, pick: int) -> None:
        task = self.in_state("offered")[pick % len(self.in_state("offered"))]
        self._command("accept" if accepts else "reject", task.id, task.rep, "")

    @precondition(lambda self: self.in_state("accepted"))
    @rule(
        name=st.sampled_from(["reply", "complete", "transfer"]),
        pick=picks,
        queue=st.sampled_from(["service", "billing"]),
    )
    def an_owner_works(self, name: str, pick: int, queue: str) -> None:
        task = self.in_state("accepted")[pick % len(self.in_state("accepted"))]
        self._command(name, task.id, task.rep, queue)

    @rule(name=st.sampled_from(COMMANDS), pick=picks, rep=reps)
    def anybody_tries_anything(self, name: str, pick: int, rep: str) -> None:
        ids = [*self.model.tasks, "no-such-task"]
        self._command(name, ids[pick % len(ids)], rep, "service")

    def in_state(self, state: str) -> list[Task]:
        return [task for task in self.model.tasks.values() if task.state == state]

    def _command(self, name: str, task: str, rep: str, queue: str) -> None:
        self.op += 1
        moved = {"queue": queue, "skills": ",".join(CATALOGUE.queues[queue or "service"].skills)}
        given = moved if name == "transfer" else {}
        expected = self.model.command(name, task, rep, queue)
        found = self.answer(name, task, rep, f"op-{self.op}", given)
        assert found.get("state", found.get("code")) == expected
        if "state" in found:
            self.done.append((name, task, rep, f"op-{self.op}", given))

    @precondition(lambda self: self.done)
    @rule(pick=picks)
    def a_command_comes_again(self, pick: int) -> None:
        before = self.redis.xlen("hs:outbox")
        assert "state" in self.answer(*self.done[pick % len(self.done)])
        assert self.redis.xlen("hs:outbox") == before

    def answer(
        self, name: str, task: str, rep: str, op_id: str, given: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            return dict(self.run(do(self.door, name, task, rep, op_id=op_id, **given)))
        except Conflict as refused:
            return {"code": refused.code}

    def new_facts(self) -> list[dict[str, Any]]:
        """Read on in the outbox, checking that no fact comes twice."""
        entries = self.redis.xrange("hs:outbox", min=self.read_to)
        found = [orjson.loads(fields[b"fact"]) for _, fields in entries]
        if entries:
            self.read_to = f"({entries[-1][0].decode()}"
        for fact in found:
            assert fact["fact_id"] not in self.fact_ids
            self.fact_ids.add(fact["fact_id"])
            if fact.get("task_id"):
                self.facts[fact["task_id"]].append(fact)
        return found

    @invariant()
    def every_task_is_as_the_model_says_and_in_one_place(self) -> None:
        self.new_facts()
        lanes, held, hashes = self.read()
        for task in self.model.tasks.values():
            found = hashes[task.id]
            assert (found["state"], found["rep"], found["queue"], found["sla"]) == (
                task.state,
                task.rep,
                task.queue,
                task.sla,
            )
            assert int(found["due_ms"]) == task.due_ms
            assert int(found["version"]) == len(self.facts[task.id])
            places = [lane for lane, members in lanes.items() if task.id in members]
            places += [rep for rep, members in held.items() if task.id in members]
            waiting = [f"hs:lane:{task.queue}|{','.join(task.skills)}"]
            ended = [] if task.state == "completed" else [task.rep]
            assert places == (waiting if task.state == "queued" else ended)
        assert all(len(members) <= CAPACITY for members in held.values())

    @invariant()
    def every_history_is_a_chain(self) -> None:
        for facts in self.facts.values():
            check_chain(facts)

    @invariant()
    def the_indexes_agree_with_the_tasks(self) -> None:
        """Conservation: what the floor counts is what there is."""
        tasks = self.model.tasks.values()
        expected = {
            "hs:offers": {task.id for task in tasks if task.state == "offered"},
            "hs:available": self.model.available,
        }
        for queue in CATALOGUE.queues:
            mine = [task for task in tasks if task.queue == queue and task.state != "completed"]
            expected[f"hs:open:{queue}"] = {task.id for task in mine}
            waiting = {task.id for task in mine if task.state == "queued"}
            expected[f"hs:wait:{queue}"] = waiting
            for state in ("at_risk", "breached"):
                late = {task.id for task in mine if task.sla == state}
                expected[f"hs:sla:{queue}:{state}"] = late
        with self.redis.pipeline(transaction=False) as pipe:
            for key in expected:
                is_set = key.startswith(("hs:open:", "hs:sla:"))
                pipe.smembers(key) if is_set else pipe.zrange(key, 0, -1)
            found = dict(zip(expected, map(_texts, pipe.execute()), strict=True))
        assert found == expected

    def read(self) -> tuple[dict[str, set[str]], dict[str, set[str]], dict[str, dict[str, str]]]:
        names = sorted(_texts(self.redis.keys("hs:lane:*")))
        with self.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.zrange(name, 0, -1)
            for rep in REPS:
                pipe.smembers(f"hs:rep:{rep}:tasks")
            for task in self.model.tasks:
                pipe.hgetall(f"hs:task:{task}")
            found = pipe.execute()
        lanes = dict(zip(names, map(_texts, found), strict=False))
        held = dict(zip(REPS, map(_texts, found[len(names) :]), strict=False))
        hashes = {
            task: {name.decode(): value.decode() for name, value in fields.items()}
            for task, fields in zip(self.model.tasks, found[len(names) + len(REPS) :], strict=True)
        }
        return lanes, held, hashes


def _texts(members: Any) -> set[str]:
    return {member.decode() for member in members}


def test_any_order_of_commands_keeps_every_promise(redis_url: str) -> None:
    """A5.1, A5.4: one owner, one deadline, no gap, nothing lost, whatever happens when."""
    client = connect(redis_url)
    asyncio.run(_open(client))
    machine = type("Machine", (DoorMachine,), {"url": redis_url})
    run_state_machine_as_test(machine, settings=SETTINGS)


async def _open(client: Any) -> None:
    await RedisDoor(client).open()
    await client.aclose()
