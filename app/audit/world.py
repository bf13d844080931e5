"""The state rebuilt from the facts alone: tasks, reps, who waits, who holds what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.audit.fact import Fact
from app.audit.lanes import LaneKey, Lanes, Skills, covers, skills_of

QUEUED, OFFERED, ACCEPTED, WRAPPING, PARKED = "queued", "offered", "accepted", "wrapping", "parked"
FINAL = frozenset({"completed", "cancelled"})
OWNED = frozenset({OFFERED, ACCEPTED, WRAPPING})
HELD = frozenset({OFFERED, ACCEPTED})  # what counts against capacity
NO_TASK_CHANGE = frozenset({"at_risk", "breached", "replied"})
REFUSALS = frozenset({"rejected", "timed_out", "transferred"})
_HIGHEST_PRIORITY = 100


@dataclass(slots=True)
class Task:
    """A task after the last fact of it; `skills` and `order` are None where nobody told."""

    id: str
    mention_id: str
    deadline_ms: int
    born_ms: int
    state: str = ""
    version: int = 0
    last_seq: int = 0
    queue: str = ""
    priority: int = 0
    rep: str = ""
    reservation: str = ""
    attempt: int = 0
    expires_ms: int = 0
    timer_ms: int = 0  # when wrap-up or parking ends
    since_ms: int = 0  # waiting in its queue since then
    detected_ms: int = 0
    skills: Skills | None = None
    order: float | None = None
    weight: float = 1.0
    channel: str = ""
    for_rep: str = ""
    for_until_ms: int = 0
    refused: set[str] = field(default_factory=set)
    hops: int = 0
    level: int = 0
    answered: bool = False
    at_risk: bool = False
    breached: bool = False
    lane: LaneKey | None = None

    @property
    def open(self) -> bool:
        return self.state not in FINAL

    @property
    def clock_runs(self) -> bool:
        return self.open and not self.answered


@dataclass(slots=True)
class Rep:
    """A rep; `capacity`, `skills` and `state` are None where nobody told."""

    name: str
    skills: Skills | None = None
    queues: frozenset[str] = frozenset()
    capacity: float | None = None
    channels: dict[str, int] = field(default_factory=dict)
    state: str | None = None
    holding: dict[str, Task] = field(default_factory=dict)
    offers: set[str] = field(default_factory=set)
    free_since_ms: int | None = None
    eased_ms: int = 0  # when they last had less to carry

    @property
    def load(self) -> float:
        return sum(task.weight for task in self.holding.values())

    def serves(self, queue: str, skills: Skills) -> bool:
        return self.skills is not None and queue in self.queues and covers(self.skills, skills)

    def over(self, task: Task) -> str:
        """Why taking this task is too much for the rep, or nothing."""
        if self.capacity is not None and self.load + task.weight > self.capacity:
            return f"{self.load + task.weight:g} of capacity {self.capacity:g}"
        limit = self.channels.get(task.channel)
        if limit is not None:
            on_channel = sum(t.channel == task.channel for t in self.holding.values())
            if on_channel + 1 > limit:
                return f"{on_channel + 1} of {limit} on {task.channel}"
        return ""


class World:
    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.reps: dict[str, Rep] = {}
        self.free: dict[str, Rep] = {}
        self.lanes = Lanes()
        self.now_ms = 0  # the door's time; triage's own clock is not compared with it
        self.facts = 0
        self.of_mention: dict[str, str] = {}
        self._told: dict[str, tuple[Skills | None, int, str]] = {}

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
        rep.channels = dict(given.get("channels") or rep.channels)
        rep.state = given.get("state", rep.state)
        self._refresh(rep, now_ms)

    def apply(self, fact: Fact) -> None:
        """Move on by one fact, legal or not: the ledger is what happened."""
        self.facts += 1
        if fact.task_id:
            self.now_ms = max(self.now_ms, fact.now_ms)
            self._apply_task(fact)
        elif fact.op in ("received", "decided"):
            self._tell(fact)
        elif fact.op == "configured" and isinstance(fact.data.get("rep"), dict):
            self.now_ms = max(self.now_ms, fact.now_ms)
            self.enrol(fact.data["rep"], fact.now_ms)

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
        requeued = fact.op not in NO_TASK_CHANGE
        if requeued and task.lane:
            self._leave(task)
        self._release(task, fact)
        queue, state = task.queue, task.state
        self._advance(task, fact)
        self._learn(task, fact, queue)
        if task.state == QUEUED:
            if state != QUEUED or queue != task.queue:
                task.since_ms = fact.now_ms
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

    def _advance(self, task: Task, fact: Fact) -> None:
        task.state, task.version, task.last_seq = fact.to, fact.version, fact.seq
        task.queue, task.priority = fact.queue, fact.priority
        op, data = fact.op, fact.data
        if op in REFUSALS:
            task.refused.add(fact.rep)
            task.hops += op == "transferred"
        elif op == "offered":
            task.attempt = int(data.get("attempt") or task.attempt + 1)
            task.reservation, task.expires_ms = fact.reservation, int(data.get("expires_ms") or 0)
        elif op == "replied":
            task.answered = True
        elif op in ("wrapping", "parked"):
            task.timer_ms = int(data.get("ends_ms") or data.get("until_ms") or 0)
        elif op == "escalated":
            task.level = int(data.get("level") or task.level + 1)
        task.at_risk |= op == "at_risk"
        task.breached |= op == "breached"

    def _learn(self, task: Task, fact: Fact, old_queue: str) -> None:
        """Skills and order key: told by the fact, or computed, or unknown from here on."""
        data = fact.data
        task.detected_ms = int(data.get("detected_ms") or task.detected_ms)
        if fact.op == "offered":
            return  # its skills are those of this offer, perhaps relaxed; the task keeps its own
        task.weight = float(data.get("weight") or task.weight)
        task.channel = str(data.get("channel") or task.channel)
        if "for_rep" in data:
            task.for_rep, task.for_until_ms = data["for_rep"], int(data.get("for_until_ms") or 0)
        moved = task.queue != old_queue
        if "skills" in data:
            task.skills = skills_of(data["skills"])
        elif moved:
            task.skills = None
        if data.get("order_ms") is not None:
            task.order = float(data["order_ms"])
        elif moved and fact.op == "escalated":
            task.order = None
        elif fact.op == "prioritised" or (fact.op == "queued" and task.order is None):
            task.order = order_of(task)

    def _enter(self, task: Task) -> None:
        if task.skills is None or task.order is None:
            return
        task.lane = (task.queue, task.skills)
        self.lanes.enter(task.lane, task.id, task.order, task.since_ms)

    def _leave(self, task: Task) -> None:
        assert task.lane is not None  # noqa: S101 (for the type checker)
        assert task.order is not None  # noqa: S101
        self.lanes.leave(task.lane, task.id, task.order, task.since_ms)
        task.lane = None

    def _release(self, task: Task, fact: Fact) -> None:
        if not task.rep or (fact.to in OWNED and fact.rep in ("", task.rep)):
            return
        self._drop(self.rep(task.rep), task, fact.now_ms)
        task.rep = ""

    def _hold(self, task: Task, fact: Fact) -> None:
        if task.state not in OWNED:
            return
        rep = self.rep(fact.rep or task.rep)
        task.rep = rep.name
        if task.state in HELD:
            rep.holding[task.id] = task
        elif rep.holding.pop(task.id, None):
            rep.eased_ms = fact.now_ms
        if task.state == OFFERED:
            rep.offers.add(task.id)
        else:
            rep.offers.discard(task.id)
        self._refresh(rep, fact.now_ms)

    def _drop(self, rep: Rep, task: Task, now_ms: int) -> None:
        if rep.holding.pop(task.id, None):
            rep.eased_ms = now_ms
        rep.offers.discard(task.id)
        self._refresh(rep, now_ms)

    def _refresh(self, rep: Rep, now_ms: int) -> None:
        """Is this rep ready for another offer, and since when?"""
        free = (
            rep.state == "available"
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


def order_of(task: Task) -> float | None:
    """The key by which a task waits: from detection (priority 100) to the due time (0)."""
    if not task.detected_ms:
        return None
    share = min(max(task.priority, 0), _HIGHEST_PRIORITY) / _HIGHEST_PRIORITY
    return task.deadline_ms - (task.deadline_ms - task.detected_ms) * share


def _ms(text: Any) -> int:
    """An RFC 3339 time in milliseconds, 0 where there is none."""
    try:
        return round(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except ValueError:
        return 0
