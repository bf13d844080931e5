"""The catalogue: the queues, channels and people that the configuration names."""

from __future__ import annotations

from dataclasses import dataclass

ESCALATION_QUEUE = "escalation"  # where a breached task goes: the mediator's queue
ROLES = ("agent", "supervisor", "analyst", "sre", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue. `window_s` is the SLA window in seconds; `skills` beside the language."""

    name: str
    title: str
    window_s: float
    priority: int = 50
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    name: str
    title: str
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rep:
    """A human agent, or anybody else who signs in (a supervisor has no queues)."""

    name: str
    title: str
    role: str
    skills: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    capacity: int = 3
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    queues: dict[str, Queue]
    channels: dict[str, Channel]
    reps: dict[str, Rep]

    def is_public(self, channel: str) -> bool:
        found = self.channels.get(channel)
        return found is not None and found.public
