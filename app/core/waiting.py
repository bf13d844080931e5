"""Who waits, and since when: folded from the facts, so that rules can be asked in time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.events import Event, begins_wait, id_of, waits
from app.core.rules import WAITING, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One wait of one task, named by the fact with which it began."""

    task_id: str
    mention_id: str
    fact_id: str
    since_ms: int


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    at_ms: int
    fact_id: str
    number: int  # rules are asked in their order
    rule: str


class Waits:
    """The waits of all open tasks, and the rules that come due in each.

    Facts may be told again: a version of a task that is known already changes nothing. What ended
    waits leave behind in the order of what is due is thrown away once it is more than the rest.
    """

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._after: dict[str, tuple[int, int]] = {}  # by rule: its place, and its wait in ms
        self._waits: dict[str, Wait] = {}  # by the fact that began it
        self._of_task: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._due: list[_Due] = []
        self._open: dict[str, int] = {}  # by wait: how often it stands in `_due`
        self._ended = 0  # how many of `_due` are of waits that have ended
        self.adopt(rules)

    def __len__(self) -> int:
        return len(self._waits)

    @property
    def planned(self) -> int:
        """How much is kept of what is to come due: at most twice what open waits need."""
        return len(self._due)

    def adopt(self, rules: Iterable[Rule]) -> None:
        """These rules count from now on; all waits are looked at again."""
        waiting = [rule for rule in rules if rule.on == WAITING]
        self._after = {
            rule.id: (number, round(rule.after_s * 1000)) for number, rule in enumerate(waiting)
        }
        self._due, self._open, self._ended = [], {}, 0
        for wait in self._waits.values():
            self._plan(wait)

    def follow(self, fact: Mapping[str, Any]) -> None:
        """The next fact of the ledger."""
        task_id = str(fact.get("task_id") or "")
        if not task_id or int(fact["version"]) <= self._versions.get(task_id, 0):
            return
        self._versions[task_id] = int(fact["version"])
        if begins_wait(fact) or not waits(fact):
            self._end(self._of_task.pop(task_id, ""))
        if begins_wait(fact):
            self._begin(task_id, fact)
        if fact.get("to") in ("completed", "cancelled"):
            del self._versions[task_id]

    def _begin(self, task_id: str, fact: Mapping[str, Any]) -> None:
        wait = Wait(
            task_id=task_id,
            mention_id=str(fact["mention_id"]),
            fact_id=str(fact["fact_id"]),
            since_ms=int(fact["now_ms"]),
        )
        self._waits[wait.fact_id] = wait
        self._of_task[task_id] = wait.fact_id
        self._plan(wait)

    def _end(self, fact_id: str) -> None:
        self._waits.pop(fact_id, None)
        self._ended += self._open.pop(fact_id, 0)
        self._tidy()

    def _tidy(self) -> None:
        if self._ended * 2 > len(self._due):  # half of it goes: each costs its share once
            self._due = [one for one in self._due if one.fact_id in self._waits]
            heapq.heapify(self._due)
            self._ended = 0

    def _plan(self, wait: Wait) -> None:
        for rule in self._after:
            self._push(wait, rule)

    def _push(self, wait: Wait, rule: str) -> None:
        number, after_ms = self._after[rule]
        self._open[wait.fact_id] = self._open.get(wait.fact_id, 0) + 1
        heapq.heappush(self._due, _Due(wait.since_ms + after_ms, wait.fact_id, number, rule))

    def due(self, now_ms: int, limit: int) -> list[tuple[Wait, str]]:
        """The waits that are long enough for a rule, with its id: the longest due first.

        Each is told once; what could not be asked about is `put_back`.
        """
        found: list[tuple[Wait, str]] = []
        while self._due and self._due[0].at_ms <= now_ms and len(found) < limit:
            one = heapq.heappop(self._due)
            if wait := self._waits.get(one.fact_id):
                self._open[one.fact_id] -= 1
                found.append((wait, one.rule))
            else:
                self._ended -= 1
        self._tidy()
        return found

    def put_back(self, pairs: Iterable[tuple[Wait, str]]) -> None:
        """These are still to be asked about."""
        for wait, rule in pairs:
            if rule in self._after and wait.fact_id in self._waits:
                self._push(wait, rule)


def waiting_event(wait: Wait, rule: str, at_ms: int, seq: int) -> Event:
    """The event that this wait is for this rule: one, however long it goes on.

    `seq` is the task's newest fact by then.
    """
    return Event(
        event_id=id_of(wait.fact_id, WAITING, rule),
        name=WAITING,
        fact_id=wait.fact_id,
        mention_id=wait.mention_id,
        task_id=wait.task_id,
        seq=seq,
        at_ms=at_ms,
    )
