"""What comes into a forecast, the tasks on their way, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core.catalogue import ESCALATION_QUEUE, Catalogue, Rep
from app.core.event_acts import Act
from app.core.forecast_events import Course, Known
from app.core.handling import Handling


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A task as it enters its queue. `at_ms` is when: never before it was detected.

    `known` is what event rules may ask of its mention, the newest last; empty where none asks.
    """

    mention_id: str
    queue: str
    skills: tuple[str, ...]
    channel: str
    at_ms: int
    detected_ms: int
    due_ms: int
    order_ms: float
    at_risk_ms: int = 0
    priority: int = 0
    known: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What became of a task. `begun_ms` is 0 where nobody could ever take it.

    `acts` are what event rules did, `moves` from which queue to which; `failed` are rules that
    could not be asked, with the reason.
    """

    queue: str
    at_ms: int
    begun_ms: int
    breached: bool
    escalated: bool  # it fell due while it waited
    acts: tuple[Act, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The queues, the people who take tasks, and how long they take in each queue."""

    catalogue: Catalogue
    reps: tuple[Rep, ...]
    handling: Mapping[str, Handling]


@dataclass(slots=True)
class Task:
    """A task on its way. `stay` counts its lanes: entries of earlier ones are void."""

    arrival: Arrival
    queue: str
    skills: tuple[str, ...]
    order_ms: float
    entered_ms: int
    stay: int = 0
    begun_ms: int = 0
    answered_ms: int = 0
    breached: bool = False
    escalated: bool = False
    course: Course | None = None  # where event rules are asked

    @property
    def mediated(self) -> bool:
        """Is it the mediator's, before everything else?"""
        return self.escalated and self.queue == ESCALATION_QUEUE

    def unanswered(self, now_ms: int) -> bool:
        return not self.begun_ms or self.answered_ms >= now_ms


def served(task: Task) -> Served:
    return Served(
        queue=task.arrival.queue,
        at_ms=task.arrival.at_ms,
        begun_ms=task.begun_ms,
        breached=task.breached,
        escalated=task.escalated,
        acts=tuple(task.course.acts) if task.course else (),
        moves=tuple(task.course.moves) if task.course else (),
        failed=tuple(task.course.failed) if task.course else (),
    )


def waits_ms(served: Iterable[Served]) -> Sequence[int]:
    """How long the tasks waited that somebody took, the shortest first."""
    return sorted(one.begun_ms - one.at_ms for one in served if one.begun_ms)
