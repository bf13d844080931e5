"""The desks of a forecast: who may take which waiting tasks, and who has room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from app.core.catalogue import Rep
from app.core.skills import covers

_CRUMB: Final = 0.0005  # sums of weights such as 0.1 are a little off, and that little is no load


@dataclass(frozen=True, slots=True)
class Lane:
    """Tasks that the same people may take; `overflow` lets another queue's people in."""

    queue: str
    skills: tuple[str, ...]
    channel: str
    overflow: str = ""


Entry = tuple[float, str, int]  # order, mention, and which stay of it this is


@dataclass(slots=True, eq=False)
class Waiting:
    """The tasks of one lane, the most pressing first, and who may take them."""

    channel: str
    weight: float
    takers: list[Desk]
    heap: list[Entry] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Desk:
    """One rep at work."""

    rep: Rep
    number: int
    limits: dict[str, int]
    lanes: list[Waiting] = field(default_factory=list)
    load: float = 0.0
    on: dict[str, int] = field(default_factory=dict)  # tasks in hand by channel
    idle_since_ms: int = 0

    def fits(self, lane: Lane) -> bool:
        queues = self.rep.queues
        return (lane.queue in queues or lane.overflow in queues) and covers(
            self.rep.skills, lane.skills
        )

    def has_room(self, weight: float, channel: str) -> bool:
        limit = self.limits.get(channel)
        return self.load + weight <= self.rep.capacity + _CRUMB and (
            limit is None or self.on.get(channel, 0) < limit
        )
