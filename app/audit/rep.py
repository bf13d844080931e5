"""A rep as the facts tell them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from app.audit.lanes import Skills
from app.audit.task import Task

AVAILABLE = "available"
_EASED = 64  # how many of the last times a rep had less to carry are remembered


@dataclass(slots=True)
class Rep:
    """A rep; `capacity`, `skills` and `state` are None where nobody told."""

    name: str
    skills: Skills | None = None
    queues: frozenset[str] = frozenset()
    capacity: float | None = None
    channels: dict[str, int] = field(default_factory=dict)
    state: str | None = None
    state_ms: int = 0
    state_at: int = 0  # the same as a place in the ledger: within a millisecond only that tells
    holding: dict[str, Task] = field(default_factory=dict)
    offers: set[str] = field(default_factory=set)
    free_since_ms: int | None = None
    saved_ms: int = 0  # room was kept for a heavier task until then
    # When they had less to carry, how much it was before, and on which channel it was.
    eased: deque[tuple[int, float, str]] = field(default_factory=lambda: deque(maxlen=_EASED))

    def stayed_since(self, place: int) -> bool:
        """Available ever since this place? Who left and is back is not asked first."""
        return self.state == AVAILABLE and self.state_at <= place

    @property
    def load(self) -> float:
        return sum(task.weight for task in self.holding.values())

    def can_take_ms(self, task: Task) -> int | None:
        """From when on this task is one for this rep: 0 is always, None never."""
        return None if self.skills is None else task.opens_ms(self.skills, self.queues)

    def over(self, task: Task) -> str:
        """Why taking this task is too much for the rep, or nothing."""
        if self.too_heavy(task):
            return f"{self.load + task.weight:g} of capacity {self.capacity:g}"
        if self.channel_full(task):
            limit = self.channels[task.channel]
            return f"{limit + 1} of {limit} on {task.channel}"
        return ""

    def too_heavy(self, task: Task) -> bool:
        return self.capacity is not None and self.load + task.weight > self.capacity

    def channel_full(self, task: Task) -> bool:
        limit = self.channels.get(task.channel)
        if limit is None:
            return False
        return sum(held.channel == task.channel for held in self.holding.values()) >= limit

    def could_ever(self, task: Task) -> bool:
        """Would there be room, held the rep nothing?"""
        return self.capacity is None or task.weight <= self.capacity

    def room_since_ms(self, task: Task) -> int:
        """Since when the rep has had room for this task without a break."""
        since_ms = self.saved_ms
        for at_ms, before, channel in self.eased:
            tight = self.capacity is not None and before + task.weight > self.capacity
            if tight or (channel == task.channel and channel in self.channels):
                since_ms = max(since_ms, at_ms)
        return since_ms
