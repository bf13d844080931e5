"""Who waits where: the waiting tasks of a queue that need the same skills and room."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Skills: TypeAlias = frozenset[tuple[str, int]]
LaneKey: TypeAlias = tuple[str, Skills, float]  # queue, skills, weight


def skills_of(given: Any) -> Skills:
    """Read skills in any form a ledger or a staff file has: names, `name:level`, or a mapping."""
    if isinstance(given, str):
        given = [name for name in given.split(",") if name]
    if isinstance(given, Mapping):
        return frozenset((str(name), int(level)) for name, level in given.items())
    return frozenset(_skill(str(name)) for name in given or ())


def _skill(text: str) -> tuple[str, int]:
    name, _, level = text.partition(":")
    return name, int(level) if level.isdigit() else 1


def covers(has: Skills, wanted: Skills) -> bool:
    """Does somebody with these skills have every wanted one at its level or above?"""
    if wanted <= has:
        return True
    levels = dict(has)
    return all(levels.get(name, 0) >= level for name, level in wanted)


@dataclass(slots=True)
class Lane:
    """Sorted lists: looking and leaving cost a bisection, whatever the length."""

    by_order: list[tuple[float, str]] = field(default_factory=list)
    by_since: list[tuple[int, str]] = field(default_factory=list)


class Lanes:
    def __init__(self) -> None:
        self._lanes: dict[LaneKey, Lane] = {}
        self._of_queue: dict[str, set[LaneKey]] = {}

    def enter(self, key: LaneKey, task_id: str, order: float, since_ms: int) -> None:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
            self._of_queue.setdefault(key[0], set()).add(key)
        insort(lane.by_order, (order, task_id))
        insort(lane.by_since, (since_ms, task_id))

    def leave(self, key: LaneKey, task_id: str, order: float, since_ms: int) -> None:
        lane = self._lanes[key]
        del lane.by_order[bisect_left(lane.by_order, (order, task_id))]
        del lane.by_since[bisect_left(lane.by_since, (since_ms, task_id))]
        if not lane.by_order:
            del self._lanes[key]
            self._of_queue[key[0]].discard(key)

    def of_queue(self, queue: str) -> Iterator[tuple[Skills, Lane]]:
        for key in self._of_queue.get(queue, ()):
            yield key[1], self._lanes[key]
