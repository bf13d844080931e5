"""Event rules in a forecast: the shipped rules and acts, asked about the facts of a made-up course.

Asked are the rules whose events the model knows: waiting, at_risk and breached. Replies, hand-overs
by people and endings are people's; what rules do about them no model tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from app.core.calendar import Calendar
from app.core.condition import parse
from app.core.condition_parts import names
from app.core.decision import ERROR, Trace
from app.core.event_acts import DONE, PENDING, Act, acts, labels_of
from app.core.events import (
    AT_RISK,
    BREACHED,
    EVERY_VARIABLE,
    TASK_VARIABLES,
    Event,
    fact_event,
    seen,
)
from app.core.queue_state import QUEUE_VARIABLES
from app.core.recorded import Recorded
from app.core.rules import VARIABLES, WAITING, Rule
from app.core.waiting import Wait, waiting_event

PLAYED: Final = (WAITING, AT_RISK, BREACHED)

Fared = tuple[Sequence[Rule], Sequence[Trace]]  # those that hold, and how all fared
Ask = Callable[[Sequence[Rule], Mapping[str, object]], Fared]

_SYSTEM: Final = {"type": "system", "id": "forecast", "role": "service"}
_WHOM: Final = ("profile.last_rep", "profile.tier", "profile.customer_id", "mention.handle")
_BLANK: Final[Mapping[str, object]] = {name: type_() for name, type_ in EVERY_VARIABLE.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was decided of a mention at this moment; `values` are those that rules ask for."""

    at_ms: int
    values: Mapping[str, object]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Later:
    """The event rules of one side, in their order, and how they are asked."""

    rules: tuple[Rule, ...]
    ask: Ask
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def on(self, event: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.on == event)

    @cached_property
    def waiting(self) -> tuple[tuple[Rule, int], ...]:
        """Each rule about a wait, with how long it must have gone on in ms."""
        return tuple((rule, round(rule.after_s * 1000)) for rule in self.on(WAITING))


def played(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules that a forecast can ask: at events that it knows, and not how queues stand then."""
    return tuple(rule for rule in rules if rule.on in PLAYED and not _of_queues(rule))


def _of_queues(rule: Rule) -> bool:
    return any(name in QUEUE_VARIABLES for _, name in names(parse(rule.when), EVERY_VARIABLE))


def asked_for(rules: Iterable[Rule]) -> frozenset[str]:
    """The recorded values that these rules ask for: nothing else has to be carried along."""
    found: set[str] = set()
    for rule in rules:
        found.update(name for _, name in names(parse(rule.when), EVERY_VARIABLE))
        found.update(_WHOM if rule.whom.rank else ())
    return frozenset((found & VARIABLES.keys()) - TASK_VARIABLES.keys())


class Course:
    """What happens to one task, as the facts that the shipped code reads, and what rules did."""

    __slots__ = ("_due_ms", "_id", "_known", "acts", "facts", "failed", "moves", "priority")

    def __init__(self, mention_id: str, due_ms: int, priority: int, known: Sequence[Known]) -> None:
        self._id, self._due_ms, self._known = mention_id, due_ms, known
        self.priority = priority
        self.facts: list[dict[str, Any]] = []
        self.acts: list[Act] = []
        self.moves: list[tuple[str, str]] = []
        self.failed: list[tuple[str, str]] = []

    def note(self, op: str, now_ms: int, queue: str, to: str, **given: Any) -> None:
        """The next fact of the task, as the door would tell it."""
        number = len(self.facts) + 1
        self.facts.append(
            {
                "fact_id": f"{self._id}:{number}", "op": op, "seq": number, "now_ms": now_ms,
                "mention_id": self._id, "task_id": self._id, "queue": queue, "to": to,
                "from": self.facts[-1]["to"] if self.facts else "", "priority": self.priority,
                "deadline_ms": self._due_ms, "actor": _SYSTEM, "data": {},
            }
            | given
        )  # fmt: skip

    def now(self) -> Event:
        """The event that the newest fact is."""
        return fact_event(self.facts[-1], depth=0)

    def wait(self, rule: Rule, now_ms: int) -> Event:
        """The event that its first wait is for this rule; in a forecast there is no other."""
        begun = self.facts[0]
        wait = Wait(
            task_id=self._id,
            mention_id=self._id,
            fact_id=begun["fact_id"],
            since_ms=begun["now_ms"],
        )
        return waiting_event(wait, rule.id, now_ms, len(self.facts))

    def ask(self, later: Later, rules: Sequence[Rule], event: Event) -> list[int]:
        """Ask these rules; returns the numbers of the acts that the door is to be asked for."""
        labels = labels_of(self.acts)
        values = seen(self._newest(event.at_ms), self.facts, event, later.calendars, labels)
        fired, trace = later.ask(rules, values)
        self.failed += [(one.rule, one.detail) for one in trace if one.result == ERROR]
        first = len(self.acts)
        self.acts += acts(event, fired, 0, self.acts)
        return [n for n, act in enumerate(self.acts[first:], first) if act.state == PENDING]

    def settle(self, number: int, done: Mapping[str, str]) -> None:
        """This came of the act's commands."""
        self.acts[number] = replace(self.acts[number], state=DONE, done=dict(done))

    def _newest(self, at_ms: int) -> Recorded:
        """The newest decision by then; the first one where clocks have run out before it."""
        known = next((one for one in reversed(self._known) if one.at_ms <= at_ms), self._known[0])
        return Recorded(
            mention_id=self._id,
            content_hash="",
            at_ms=known.at_ms,
            edit=False,
            mention={},
            decision={"labels": known.labels},
            values={**_BLANK, **known.values},
        )
