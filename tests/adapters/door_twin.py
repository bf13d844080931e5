"""The door and its model side by side: whatever is done to one is done to the other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import orjson
import pytest

from app.audit.auditor import Auditor
from app.audit.fact import fact_of
from app.audit.invariant import Bounds
from app.core.errors import Conflict
from tests.adapters.door_expected import Chains, check_indexes, check_reps, check_tasks
from tests.adapters.door_model import CHANNELS, QUEUES, REPS, Task
from tests.adapters.door_model_commands import Model
from tests.adapters.door_server import Behind, now
from tests.builders import NOON_MS, OFFER_MS, STICKY_MS, actor_of, admission, task_id

CRM = {"type": "system", "id": "crm", "role": "service"}
SUE = {"type": "user", "id": "sue", "role": "supervisor"}
SCORE = {"score": {"model": "lexicon"}}
# Nothing here runs on time, on purpose: how late a sweep may be is not this test's question.
LATE = Bounds(expiry_ms=10**12, offer_ms=10**12, sla_ms=10**12)


class Twin:
    def __init__(self, path: str) -> None:
        self.behind = Behind(path, NOON_MS)
        self.behind.begin()
        self.door, self.model = self.behind.door, Model(now=NOON_MS)
        self.chains, self.all_facts = Chains(), []
        self.unread: list[dict[str, Any]] = []
        self.keys: dict[str, Any] = {}
        self.op = 0
        # Every command that had its answer, and the code where that was a refusal.
        self.done: list[tuple[str, str, str, dict[str, Any], str | None]] = []
        now(self.door.configure(QUEUES.values()))
        now(self.door.enrol(list(REPS.values())))
        for rep in REPS:
            self.set_state(rep, "available")
            self.move_on(1)

    def audit(self) -> None:
        """What the ledger tells of all this is what the auditor holds to be right."""
        auditor = Auditor(bounds=LATE)
        for seq, fact in enumerate(self.all_facts, 1):
            if fact["op"] == "decided":  # the scorer is not part of this
                scored = fact | {"op": "scored", "fact_id": f"scored-{seq}", "data": SCORE}
                auditor.see(fact_of(orjson.dumps(scored), seq))
            auditor.see(fact_of(orjson.dumps(fact), seq))
        auditor.end()
        assert not auditor.violations, auditor.violations[0]

    def check(self) -> None:
        """Facts, tasks, people and every index, as the model has them."""
        self._look()
        self._check_facts()
        check_tasks(self.model, self.keys)
        check_reps(self.model, self.keys)
        check_indexes(self.model, self.keys)

    def new_task(self, id_: str, channel: str = "x", **given: Any) -> None:
        resolution_s, for_rep = given.pop("resolution_s", 0), given.pop("for_rep", "")
        due_ms = self.model.now + resolution_s * 1000 if resolution_s else 0
        made = admission(
            id_,
            new={
                "channel": channel,
                "weight": CHANNELS[channel],
                "resolution_due_ms": due_ms,
                "for_rep": for_rep,
                "sticky_ms": STICKY_MS,
            },
            **given,
        )
        assert made.task
        half_ms = (made.task.detected_ms + made.task.due_ms) // 2
        made = replace(made, task=replace(made.task, half_ms=half_ms))
        known = task_id(id_) in self.model.tasks
        assert now(self.door.admit([made])) == ["replayed" if known else "task"]
        if not known:
            self.model.admit(made.task)

    def move_on(self, by_ms: int) -> None:
        self.door.now_ms += by_ms
        self.model.now = self.door.now_ms

    def offers_made(self, made: list[str]) -> list[dict[str, Any]]:
        facts = self.behind.facts()
        self.unread += facts
        offered = [fact for fact in facts if fact["op"] == "offered"]
        assert [fact["task_id"] for fact in offered] == made
        return offered

    def set_state(self, rep: str, state: str) -> None:
        if rep not in self.model.states:
            with pytest.raises(Conflict, match="Nobody here takes tasks"):
                now(self.door.set_state(rep, state, "", actor_of(rep)))
            return
        now(self.door.set_state(rep, state, "", actor_of(rep)))
        self.model.set_state(rep, state)

    def staff(self, reps: list[str]) -> None:
        left = now(self.door.staff([REPS[rep] for rep in reps]))
        assert left == self.model.staff(reps)

    def any_task(self, pick: int) -> str:
        """The open ones are tried more often; rarely one that is not there."""
        tasks = self.model.tasks
        some = [task.id for task in tasks.values() if task.open]
        every = [*some, *some, *some, *tasks]
        return every[pick % len(every)] if every and pick < 98 else "no-such-task"

    def try_it(self, name: str, task: str, rep: str, extra: dict[str, Any]) -> None:
        actor = {"sue": SUE, "crm": CRM}.get(rep) or actor_of(rep)
        given: dict[str, Any] = {"rep": rep, "actor": actor, "reason": "because"}
        given |= self._fields(name, task, extra)
        if extra["stale"]:
            given["version"] = 999
        self.command(name, task, given)

    def _fields(self, name: str, task: str, extra: dict[str, Any]) -> dict[str, Any]:
        moved = {"queue": extra["queue"], "skills": ",".join(QUEUES[extra["queue"]].skills)}
        if name == "transfer" and extra["to_rep"]:
            return {"to_rep": extra["to_rep"], "kept_ms": STICKY_MS}
        if name in ("transfer", "pull_back", "reroute"):
            return moved
        if name == "assign":
            return {"to_rep": extra["to_rep"] or "ann", "expires_ms": OFFER_MS}
        if name == "park":
            until = self.model.now + extra["minutes"] * 60_000
            return {"until_ms": until, "waits_for": extra["waits_for"]}
        if name == "reclock":
            return self._reclock(task, extra["window_s"] * 1000)
        fields: dict[str, dict[str, Any]] = {
            "resume": {"kept_ms": STICKY_MS},
            "reply": {"text": "We are on it."},
            "complete": {"code": "resolved", "note": ""},
            "prioritise": {"priority": extra["priority"]},
        }
        return fields.get(name, {})

    def _reclock(self, id_: str, window_ms: int) -> dict[str, Any]:
        task = self.model.tasks.get(id_)
        if task is None:
            return {}
        due = task.resolution and task.detected + 2 * window_ms
        left = 0
        if task.left:  # what was left when the clock stopped, by the new policy
            parked_at = task.resolution - task.left
            due = max(due, parked_at + 1)
            left = due - parked_at
        return {
            "half_ms": task.detected + window_ms // 2,
            "at_risk_ms": task.detected + window_ms * 4 // 5,
            "due_ms": task.detected + window_ms,
            "resolution_due_ms": due,
            "resolution_left_ms": left,
            "policy": "other",
        }

    def command(self, name: str, task: str, given: dict[str, Any]) -> None:
        self.op += 1
        given = given | {"digest": f"digest-{self.op}"}
        expected = self.model.command(name, task, given)
        found = self.answer(name, task, f"op-{self.op}", given)
        assert found.get("state", found.get("code")) == expected
        if "state" in found:
            assert found["version"] == self.model.tasks[task].version
        if expected != "unknown_task":
            self.done.append((name, task, f"op-{self.op}", given, found.get("code")))

    def answer(self, name: str, task: str, op_id: str, given: dict[str, Any]) -> dict[str, Any]:
        try:
            return dict(now(self.door.command(name, task, op_id, **given)))
        except Conflict as refused:
            return {"code": refused.code}

    def in_state(self, *states: str) -> list[Task]:
        return [task for task in self.model.tasks.values() if task.state in states]

    def pick_one(self, pick: int, *states: str) -> Task:
        found = self.in_state(*states)
        return found[pick % len(found)]

    def _look(self) -> None:
        self.keys, facts = self.behind.look()
        self.unread += facts

    def _check_facts(self) -> None:
        """Each task has exactly the facts that the model expects, in their order."""
        self.all_facts += self.unread
        self.chains.check(self.unread)
        found: dict[str, list[Any]] = defaultdict(list)
        expected: dict[str, list[Any]] = defaultdict(list)
        for fact in self.unread:
            if fact.get("task_id"):
                said = tuple(fact[n] for n in ("op", "from", "to", "rep"))
                found[fact["task_id"]].append(said)
        for id_, *said in self.model.facts:
            expected[id_].append(tuple(said))
        assert found == expected
        self.unread, self.model.facts = [], []
