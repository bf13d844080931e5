"""The state rebuilt from the facts alone: tasks, reps, who waits, who holds what."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.audit.fact import Fact
from app.audit.lanes import Lane, Lanes, Skills, covers, skills_of
from app.audit.learning import advance, learn
from app.audit.rep import AVAILABLE, Rep
from app.audit.task import OFFERED, OWNED, QUEUED, Task

NO_TASK_CHANGE = frozenset({"halfway", "at_risk", "breached", "replied", "unroutable"})


class World:
    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.reps: dict[str, Rep] = {}
        self.free: dict[str, Rep] = {}
        self.lanes = Lanes()
        self.now_ms = 0  # the door's time; triage's own clock is not compared with it
        self.facts = 0
        self.changes = 0  # of reps
        self.of_mention: dict[str, str] = {}
        self._told: dict[str, tuple[Skills | None, int, str]] = {}
        self._steps: list[tuple[int, str]] = []  # when a waiting task asks for less, which
        self._uneven = False  # not every task weighs one: room for one is not room for every one

    def rep(self, name: str) -> Rep:
        found = self.reps.get(name)
        if found is None:
            found = self.reps[name] = Rep(name)
        return found

    def enrol(self, given: Mapping[str, Any], now_ms: int) -> None:
        """Take in what a staff file or a fact's `data.rep` says of a rep."""
        rep = self.rep(str(given["name"]))
        if "skills" in given:
            rep.skills = skills_of(given["skills"])
        if "queues" in given:
            queues = given["queues"]
            rep.queues = frozenset(queues.split(",") if isinstance(queues, str) else queues)
        if "capacity" in given:
            rep.capacity = float(given["capacity"])
            self._uneven |= not rep.capacity.is_integer()
        channels = given.get("channels")
        if isinstance(channels, dict):
            rep.channels = {str(name): int(limit) for name, limit in channels.items()}
        if given.get("state", rep.state) != rep.state:
            rep.state, rep.state_ms, rep.state_at = given["state"], now_ms, self.facts
        self.changes += 1
        rep.saved_ms = now_ms  # with other skills the work before was another
        self._refresh(rep, now_ms)

    def advance(self, now_ms: int) -> None:
        """Time goes on by itself: who waited long asks for less."""
        self.now_ms = max(self.now_ms, now_ms)
        while self._steps and self._steps[0][0] <= self.now_ms:
            task = self.tasks[heapq.heappop(self._steps)[1]]
            if task.lanes:
                self._leave(task)
                self._enter(task)

    def apply(self, fact: Fact) -> None:
        """Move on by one fact, legal or not: the ledger is what happened."""
        self.facts += 1
        if fact.task_id:
            self.now_ms = max(self.now_ms, fact.now_ms)
            self._apply_task(fact)
        elif fact.op in ("received", "decided"):
            self._tell(fact)
        elif fact.op == "degraded" and fact.data.get("back_ms"):
            self.now_ms = fact.now_ms  # the clock went back, as this fact says
        elif fact.op == "configured" and isinstance(fact.data.get("rep"), dict):
            self.now_ms = max(self.now_ms, fact.now_ms)
            self.enrol(fact.data["rep"], fact.now_ms)

    # what reps and tasks are to each other

    def lanes_for(self, rep: Rep) -> Iterator[Lane]:
        """The lanes from which this rep is surely served."""
        if rep.skills is None:
            return
        for queue in rep.queues:
            for skills, lane in self.lanes.of_queue(queue):
                if covers(rep.skills, skills):
                    yield lane

    def kept_until_ms(self, task: Task, rep: Rep) -> int:
        """Until when the task is kept from this rep, for its own one; 0 is not at all."""
        if task.for_rep in ("", rep.name):
            return 0
        own = self.reps.get(task.for_rep)
        if own is None or own.state is None or own.stayed_since(task.since_at):
            return task.for_until_ms
        return min(task.for_until_ms, max(own.state_ms, task.since_ms))

    def saves_room(self, rep: Rep, now_ms: float) -> Task | None:
        """The most pressing task for which this rep may save room: too heavy for now, its key
        has passed. All of a lane weigh the same, so its head speaks for it."""
        heads = (lane.by_order[0] for lane in self.lanes_for(rep)) if self._uneven else ()
        for order, task_id in sorted(heads):
            task = self.tasks[task_id]
            if order <= now_ms and rep.too_heavy(task) and rep.could_ever(task):
                return task
        return None

    def would_be_next(self, rep: Rep, task: Task, now_ms: float) -> bool:
        """Could the rep be offered this waiting task, had they room enough?"""
        if rep.name in task.refused or rep.name in task.spared or rep.channel_full(task):
            return False
        return rep.could_ever(task) and now_ms >= self.kept_until_ms(task, rep)

    # taking in a fact

    def _tell(self, fact: Fact) -> None:
        """Keep what triage found out until the task comes."""
        skills, detected_ms, channel = self._told.get(fact.mention_id, (None, 0, ""))
        if fact.op == "received":
            mention = fact.data.get("mention") or {}
            detected_ms = _ms(mention.get("detected_at"))
            channel = str(mention.get("channel") or "")
        else:
            skills = skills_of((fact.data.get("decision") or {}).get("skills"))
        self._told[fact.mention_id] = (skills, detected_ms, channel)

    def _apply_task(self, fact: Fact) -> None:
        task = self.tasks.get(fact.task_id)
        if task is None:
            task = self._new(fact)
        if fact.op == "unroutable":
            task.cause = fact.reason, self.changes
        elif fact.to != fact.before or fact.op in ("escalated", "transferred"):
            task.cause = "", 0  # who could take it there is another question
        requeued = fact.op not in NO_TASK_CHANGE
        if requeued and task.lanes:
            self._leave(task)
        if fact.op == "parked":
            task.parked_for, task.interrupted_by = fact.rep or task.rep, self._urgent_for(fact)
        self._release(task, fact)
        queue, state = task.queue, task.state
        advance(task, fact)
        learn(task, fact, queue)
        self._uneven |= task.weight != 1
        if task.state == QUEUED:
            if state != QUEUED or queue != task.queue:
                task.since_ms, task.since_at = fact.now_ms, self.facts
            if requeued:
                self._enter(task)
        self._hold(task, fact)

    def _new(self, fact: Fact) -> Task:
        skills, detected_ms, channel = self._told.pop(fact.mention_id, (None, 0, ""))
        task = Task(
            id=fact.task_id,
            mention_id=fact.mention_id,
            deadline_ms=fact.deadline_ms,
            born_ms=fact.now_ms,
            queue=fact.queue,
            skills=skills,
            detected_ms=detected_ms,
            channel=channel,
        )
        self.tasks[task.id] = task
        self.of_mention.setdefault(fact.mention_id, task.id)
        return task

    def _urgent_for(self, fact: Fact) -> str:
        """The task that pre-empts: the one that the rep is just taking."""
        rep = self.reps.get(fact.rep)
        offers = rep.offers if rep else ()
        urgent = (id_ for id_ in sorted(offers) if self.tasks[id_].override == "preempts")
        return next(urgent, "") if fact.reason == "pre-empted" else ""

    def _enter(self, task: Task) -> None:
        if task.skills is None or task.order is None:
            return
        skills, queues = task.asks(self.now_ms)
        task.lanes = tuple((queue, skills, task.weight) for queue in dict.fromkeys(queues))
        for key in task.lanes:
            self.lanes.enter(key, task.id, task.order, task.since_ms)
        later = [at_ms for at_ms, _, _ in task.steps or () if at_ms > self.now_ms]
        if later:
            heapq.heappush(self._steps, (later[0], task.id))

    def _leave(self, task: Task) -> None:
        assert task.order is not None  # noqa: S101 (for the type checker)
        for key in task.lanes:
            self.lanes.leave(key, task.id, task.order, task.since_ms)
        task.lanes = ()
        if not self._uneven or task.order > self.now_ms:
            return
        for rep in self.free.values():  # those who saved room for it need not any more
            if rep.too_heavy(task) and rep.could_ever(task):
                rep.saved_ms = self.now_ms

    def _release(self, task: Task, fact: Fact) -> None:
        if not task.rep or (fact.to in OWNED and fact.rep in ("", task.rep)):
            return
        rep = self.rep(task.rep)
        before = rep.load
        if self.saves_room(rep, fact.now_ms):
            rep.saved_ms = fact.now_ms
        if rep.holding.pop(task.id, None):
            rep.eased.append((fact.now_ms, before, task.channel))
        rep.offers.discard(task.id)
        self._refresh(rep, fact.now_ms)
        task.rep = ""

    def _hold(self, task: Task, fact: Fact) -> None:
        if task.state not in OWNED:
            return
        rep = self.rep(fact.rep or task.rep)
        task.rep = rep.name
        rep.holding[task.id] = task
        if task.state == OFFERED:
            rep.offers.add(task.id)
        else:
            rep.offers.discard(task.id)
        self._refresh(rep, fact.now_ms)

    def _refresh(self, rep: Rep, now_ms: int) -> None:
        """Is this rep ready for another offer, and since when?"""
        free = (
            rep.state == AVAILABLE
            and not rep.offers
            and rep.capacity is not None
            and rep.load < rep.capacity
        )
        if not free:
            self.free.pop(rep.name, None)
            rep.free_since_ms = None
        elif rep.free_since_ms is None:
            self.free[rep.name] = rep
            rep.free_since_ms = now_ms


def _ms(text: Any) -> int:
    """An RFC 3339 time in milliseconds, 0 where there is none."""
    try:
        return round(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except ValueError:
        return 0
