"""The catalogue: the queues, channels and people that the configuration names."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.core.calendar import Calendar
from app.core.policy import Slas

ESCALATION_QUEUE = "escalation"  # where a breached task goes: the mediator's queue
ROLES = ("agent", "supervisor", "analyst", "sre", "admin")
READING = ("agent", "supervisor", "analyst", "admin")  # may read what customers said and did


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """After so long in the queue these skills are no longer asked for."""

    after_s: float
    drop: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """After so long the reps of another queue may take the task too; it stays in its queue."""

    after_s: float
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue. `window_s` is the SLA window in seconds; `skills` beside the language.

    `first_reply_s`: who accepts and stays silent so long loses the task (0: never).
    `preempts`: its waiting tasks may push accepted tasks of `interruptible` queues aside.
    """

    name: str
    title: str
    window_s: float
    priority: int = 50
    skills: tuple[str, ...] = ()
    relax: tuple[Relaxation, ...] = ()
    overflow: Overflow | None = None
    first_reply_s: float = 0.0
    wrap_up_s: float = 60.0
    preempts: bool = False
    interruptible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel. `weight`: how much of an agent's capacity one of its tasks takes."""

    name: str
    title: str
    public: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rep:
    """A human agent, or anybody else who signs in (a supervisor has no queues).

    A skill may have a level: `billing:2` is level 2, `billing` alone is level 1.
    `capacity` is in units of channel weight; `channels` limits the tasks of a channel.
    """

    name: str
    title: str
    role: str
    skills: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    capacity: float = 3
    channels: tuple[tuple[str, int], ...] = ()
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    queues: dict[str, Queue]
    channels: dict[str, Channel]
    reps: dict[str, Rep]
    slas: Slas = field(default_factory=Slas)
    calendars: dict[str, Calendar] = field(default_factory=dict)

    def is_public(self, channel: str) -> bool:
        found = self.channels.get(channel)
        return found is not None and found.public

    def weight(self, channel: str) -> float:
        found = self.channels.get(channel)
        return found.weight if found else 1.0
