"""A model of the door in plain Python: the tasks, the people, and what each may be offered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from app.core.catalogue import Overflow, Queue, Relaxation, Rep
from app.core.skills import covers, level_of
from app.ports import NewTask
from tests.builders import OFFER_MS

ESCALATION = "escalation"
ROUTE_AFTER_MS, ROUTE_AGAIN_MS = 2_000, 30_000
PUSHED_ASIDE_MS, BACK_KEPT_MS = 1_800_000, 60_000
MOST_HOPS = 3

QUEUES = {
    queue.name: queue
    for queue in (
        Queue(
            name="service",
            title="Service",
            window_s=1800,
            relax=(Relaxation(after_s=60, drop=("billing",)),),
            interruptible=True,
        ),
        Queue(
            name="billing",
            title="Billing",
            window_s=1800,
            skills=("billing:2",),
            overflow=Overflow(after_s=120, to="service"),
            first_reply_s=300,
        ),
        Queue(name="urgent", title="Urgent", window_s=60, preempts=True, wrap_up_s=30),
        Queue(name=ESCALATION, title="Escalation", window_s=1800, skills=("mediator",)),
    )
}
CHANNELS = {"chat": 0.5, "x": 1.0, "phone": 2.0}


def _rep(name: str, skills: str, queues: str, capacity: float, **channels: int) -> Rep:
    return Rep(
        name=name,
        title=name.title(),
        role="agent",
        skills=tuple(skills.split()),
        queues=tuple(queues.split()),
        capacity=capacity,
        channels=tuple(channels.items()),
    )


REPS = {
    rep.name: rep
    for rep in (
        _rep("ann", "en billing:2", "service billing urgent", 2),
        _rep("bob", "en billing", "service urgent", 3, phone=1, x=2),
        _rep("mia", "en mediator", "escalation service", 1.5),
    )
}


def skills_of(csv: str) -> list[str]:
    return [skill for skill in csv.split(",") if skill]


def can_take(rep: Rep, queue: str, skills: str) -> bool:
    return queue in rep.queues and covers(rep.skills, skills_of(skills))


@dataclass(frozen=True)
class Lane:
    queue: str
    skills: str
    channel: str
    weight: float
    overflow: str
    kept_for: str

    @property
    def name(self) -> str:
        parts = (self.queue, self.skills, self.channel, f"{self.weight:g}")
        return "|".join((*parts, self.overflow, self.kept_for))

    @property
    def sets(self) -> set[str]:
        """Under which names its reps find it."""
        if self.kept_for:
            return {f"@{self.kept_for}"}
        return {self.queue, self.overflow} - {""}

    def fits(self, rep: Rep) -> bool:
        return (
            self.kept_for in ("", rep.name)
            and bool({self.queue, self.overflow} & set(rep.queues))
            and covers(rep.skills, skills_of(self.skills))
        )

    def could_be_held_by(self, rep: Rep) -> bool:
        return self.weight <= rep.capacity and dict(rep.channels).get(self.channel, 1) >= 1


@dataclass
class Task:
    """What the model knows of one task; times are in milliseconds."""

    id: str
    queue: str
    skills: str
    channel: str
    weight: float
    priority: int
    order: int
    detected: int
    half: int
    at_risk: int
    due: int
    resolution: int
    state: str = "queued"
    rep: str = ""
    reservation: str = ""
    override: str = ""
    attempt: int = 0
    expires: int = 0
    version: int = 0
    sla: str = "ok"
    halfway: bool = False
    resolution_told: bool = False
    level: int = 0
    hops: int = 0
    replied: bool = False
    missed: str = ""
    for_rep: str = ""
    for_until: int = 0
    first_reply: int = 0
    wrap_ends: int = 0
    until: int = 0
    waits_for: str = ""
    left: int = 0
    pushed_by: str = ""
    entered: int = 0
    unroutable: str = ""
    lane: Lane | None = None
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return self.state not in ("completed", "cancelled")

    @property
    def in_hand(self) -> bool:
        return self.state in ("accepted", "wrapping")

    @property
    def held(self) -> bool:
        return self.state == "offered" or self.in_hand

    @property
    def key(self) -> tuple[int, str]:
        return self.order, self.id


@dataclass
class Floor:
    """Who waits, who is there, who holds what; and the facts that this should leave."""

    now: int
    tasks: dict[str, Task] = field(default_factory=dict)
    # Of everybody who is enrolled.
    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(REPS, "offline"))
    available: dict[str, int] = field(default_factory=dict)  # since when
    present: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    swept: int = 0
    timers: dict[tuple[str, str], int] = field(default_factory=dict)
    sla_next: dict[str, int] = field(default_factory=dict)
    pushed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    facts: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def emit(self, task: Task, op: str, before: str = "", rep: str | None = None) -> None:
        task.version += 1
        who = task.rep if rep is None else rep
        self.facts.append((task.id, op, before or task.state, task.state, who))

    def admit(self, given: NewTask) -> None:
        task = Task(
            id=given.task_id,
            queue=given.queue,
            skills=",".join(given.skills),
            channel=given.channel,
            weight=given.weight,
            priority=given.priority,
            order=round(given.order_ms),
            detected=given.detected_ms,
            half=given.half_ms,
            at_risk=given.at_risk_ms,
            due=given.due_ms,
            resolution=given.resolution_due_ms,
        )
        self.tasks[task.id] = task
        self.enter_queue(task, task.queue)
        self.keep_for(task, given.for_rep, self.now + given.sticky_ms)
        self.sla_next[task.id] = task.half or task.at_risk
        if task.resolution:
            self.timers["resolve", task.id] = task.resolution
        task.version = 1
        self.facts.append((task.id, "queued", "", "queued", ""))
        self.wait(task)

    def enter_queue(self, task: Task, queue: str) -> None:
        task.queue, task.entered, task.unroutable = queue, self.now, ""

    def keep_for(self, task: Task, rep: str, until: int) -> None:
        here = rep in self.available and can_take(REPS[rep], task.queue, task.skills)
        task.for_rep, task.for_until = (rep, until) if here else ("", 0)

    def drop_timers(self, task: Task, *kinds: str) -> None:
        for kind in kinds:
            self.timers.pop((kind, task.id), None)

    def leave_lane(self, task: Task) -> None:
        if task.lane:
            task.lane = None
            self.drop_timers(task, "ease", "kept", "route")

    def wait(self, task: Task) -> None:
        """Let the task wait where the policy of its queue has it by now."""
        self.leave_lane(task)
        queue, skills, overflow = QUEUES[task.queue], skills_of(task.skills), ""
        later = []
        for step in queue.relax:
            if (at := task.entered + step.after_s * 1000) <= self.now:
                skills = [skill for skill in skills if level_of(skill)[0] not in step.drop]
            else:
                later.append(at)
        if queue.overflow:
            if (at := task.entered + queue.overflow.after_s * 1000) <= self.now:
                overflow = queue.overflow.to
            else:
                later.append(at)
        csv = ",".join(skills)
        task.lane = Lane(task.queue, csv, task.channel, task.weight, overflow, task.for_rep)
        if later:
            self.timers["ease", task.id] = int(min(later))
        if task.for_rep:
            self.timers["kept", task.id] = task.for_until
        self.timers["route", task.id] = self.now + ROUTE_AFTER_MS

    def held(self, rep: str) -> list[Task]:
        return [task for task in self.tasks.values() if task.held and task.rep == rep]

    def soft(self, rep: str) -> list[Task]:
        """What urgent work may push aside."""
        held = self.held(rep)
        return [t for t in held if t.state == "accepted" and QUEUES[t.queue].interruptible]

    def load(self, rep: str) -> float:
        return sum(task.weight for task in self.held(rep))

    def offer_of(self, rep: str) -> Task | None:
        return next((task for task in self.held(rep) if task.state == "offered"), None)

    def is_ready(self, rep: str) -> bool:
        free = rep in self.available and not self.offer_of(rep)
        return free and self.load(rep) < REPS[rep].capacity

    def by_idleness(self) -> list[str]:
        return sorted(self.available, key=lambda rep: (self.available[rep], rep))

    def waiting(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.state == "queued"]

    def has_slot(self, rep: str, channel: str) -> bool:
        limit = dict(REPS[rep].channels).get(channel)
        taken = sum(task.channel == channel for task in self.held(rep))
        return limit is None or taken < limit

    def has_room(self, rep: str, lane: Lane, spare: float = 0) -> bool:
        fits_in = self.load(rep) - spare + lane.weight <= REPS[rep].capacity
        return fits_in and self.has_slot(rep, lane.channel)

    def saves_for(self, rep: str, lane: Lane) -> bool:
        return lane.weight <= REPS[rep].capacity and self.has_slot(rep, lane.channel)

    def may_be_offered(self, task: Task, rep: str) -> bool:
        """Not refused, or handed to them since, or long ago and there is nobody else to ask."""
        assert task.lane
        if rep not in task.refused or task.lane.kept_for == rep:
            return True
        if self.now < task.refused[rep] + OFFER_MS:
            return False
        others = [r for r in REPS if r != rep and r not in task.refused and self.is_ready(r)]
        return not any(task.lane.fits(REPS[r]) and self.has_room(r, task.lane) for r in others)
