"""What an event rule does to a task: what is possible at which event, in which order, how often.

An act is one rule that held at one event. Its id and the op ids of its actions are made of the
rule and the fact, so that doing it again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from app.core.events import (
    AT_RISK,
    BREACHED,
    COMPLETED,
    REPLIED,
    TRANSFERRED,
    Event,
    id_of,
)
from app.core.rules import WAITING, Effects, Rule

# A rule that moves a task makes an event that other rules hear of. The third link of such a chain
# is the last, as the third change of queue between people is: what goes on then goes in circles.
MOST_DEEP: Final = 3
# Of all event rules on one task. People read what they did; nobody reads more of one task. What
# only tells has its own: a rule that labels each reply must not use up what would move the task.
MOST_ACTS: Final = 20  # that move, hand off or reply
MOST_TOLD: Final = 20  # that label or notify alone

PENDING, DONE, STOPPED = "pending", "done", "stopped"
REROUTE, PRIORITISE = "reroute", "prioritise"  # commands of the door
_RULE = "rule"

_TELLING: Final = ("labels", "notices", "handoffs", "reply")
_MOVING: Final = (*_TELLING, "priority", "route")
POSSIBLE: Final[Mapping[str, tuple[str, ...]]] = {
    WAITING: _MOVING,
    AT_RISK: _MOVING,
    TRANSFERRED: _MOVING,
    REPLIED: (*_TELLING, "priority"),
    BREACHED: _TELLING,
    COMPLETED: _TELLING,
}
_NEVER: Final = {
    "close": "an open task is ended by people alone",
    "window": "a deadline moves with its policy alone",
    "skills": "a task needs what its queue and its mention's rules say",
    "draft": "the card of a task is made at the mention",
    "macro": "the card of a task is made at the mention",
    "case": "a case is opened at the mention",
}
_NOT_HERE: Final = {
    BREACHED: "a breached task is the mediator's, before everything else",
    COMPLETED: "the task has ended",
    REPLIED: "an agent has the task in hand",
}
_SETTINGS: Final = (
    "labels", "priority", "window_s", "handoffs", "notices", "draft", "macro", "case", "reply",
)  # fmt: skip
_KEYS: Final = {"labels": "label", "notices": "notify", "handoffs": "hand_off"}


def impossible(rule: Rule) -> Iterator[tuple[str, str]]:
    """The actions of an event rule that are not possible at its event, each with the reason."""
    possible = POSSIBLE[rule.on]
    for setting in _given(rule.does):
        if setting not in possible:
            why = _NEVER.get(setting) or _NOT_HERE[rule.on]
            yield _KEYS.get(setting, "queue" if setting == "route" else setting), why


def _given(does: Effects) -> Iterator[str]:
    if does.route == "":
        yield "close"
    elif does.route:
        yield "route"
    # The skill that comes with `escalate` is of its queue.
    for name in _SETTINGS:
        if getattr(does, name):
            yield name.removesuffix("_s")
    if does.skills and not does.route:
        yield "skills"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One rule that held at one event. `stopped` says why it did nothing.

    `number` is the version of the rules, `done` what came of each command of the door.
    """

    act_id: str
    event_id: str
    mention_id: str
    task_id: str
    fact_id: str
    event: str
    rule: str
    why: str
    seq: int
    at_ms: int
    depth: int
    number: int
    queue: str = ""
    priority: int = 0
    skills: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    notices: tuple[dict[str, str], ...] = ()
    handoffs: tuple[str, ...] = ()
    reply: Mapping[str, str] = field(default_factory=dict)  # text and purpose, where it says one
    state: str = DONE
    stopped: str = ""
    done: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Does it label and notify alone?"""
        return not (self.priority or self.queue or self.handoffs or self.reply)

    @property
    def commands(self) -> tuple[str, ...]:
        """What the door is asked to do, in this order."""
        wanted = ((PRIORITISE, self.priority), (REROUTE, self.queue))
        return tuple(name for name, value in wanted if value)

    def op_id(self, command: str) -> str:
        """Names one command for ever, and tells how deep in a chain of rules it stands."""
        return f"{_RULE}:{self.depth}:{self.rule}:{self.act_id}:{command}"

    @property
    def actor(self) -> dict[str, str]:
        """Who did it, as the ledger writes it."""
        return {"type": "system", "id": f"{_RULE}:{self.rule}", "role": "service"}

    @property
    def reason(self) -> str:
        return f"Rule {self.rule}: {self.why}"


def labels_of(acts: Iterable[Act]) -> list[str]:
    """What rules have labelled so far."""
    return [label for act in acts if act.state != STOPPED for label in act.labels]


def depth_of(fact: Mapping[str, Any]) -> int:
    """How many rules led to this fact, one behind the other; 0 where people or time did."""
    parts = str(fact.get("op_id", "")).split(":")
    ours = (fact.get("actor") or {}).get("type") == "system" and parts[0] == _RULE
    return int(parts[1]) if ours and len(parts) > 1 and parts[1].isdecimal() else 0


def handing_fact(act: Act, trail: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The act as the fact that hands its mention off: its rule decided it, where the task was."""
    queue, priority = "", 0
    for fact in trail:
        if fact.get("task_id") and fact["seq"] <= act.seq:
            queue, priority = str(fact["queue"]), int(fact["priority"])
    decision = {"queue": queue, "priority": priority, "rule": act.rule, "why": act.why}
    return {
        "fact_id": act.act_id,
        "op": "decided",
        "seq": act.seq,
        "mention_id": act.mention_id,
        "now_ms": act.at_ms,
        "data": {"decision": decision | {"handoffs": act.handoffs}},
    }


def acts(
    event: Event, fired: Sequence[Rule], number: int, so_far: Iterable[Act]
) -> tuple[Act, ...]:
    """What these rules do at this event, in their order.

    `so_far` is what rules did on the task; what goes beyond a budget is stopped, and kept. What
    was stopped cost nothing.
    """
    spent = Counter(act.tells for act in so_far if act.state != STOPPED)
    found: list[Act] = []
    for rule in fired:
        act = _act(event, rule, number)
        if stopped := _stopped(event, act.tells, spent[act.tells]):
            act = replace(act, state=STOPPED, stopped=stopped)
        else:
            spent[act.tells] += 1
        found.append(act)
    return tuple(found)


def _stopped(event: Event, tells: bool, so_far: int) -> str:
    if event.depth >= MOST_DEEP:
        return f"{MOST_DEEP} rules led here, one behind the other: more would go in circles"
    if tells and so_far >= MOST_TOLD:
        return f"event rules have labelled or told {MOST_TOLD} times on this task already"
    if not tells and so_far >= MOST_ACTS:
        return f"event rules have acted {MOST_ACTS} times on this task already"
    return ""


def _act(event: Event, rule: Rule, number: int) -> Act:
    does = rule.does
    moves = bool(does.priority or does.route)
    return Act(
        act_id=id_of(event.fact_id, event.name, rule.id),
        event_id=event.event_id,
        mention_id=event.mention_id,
        task_id=event.task_id,
        fact_id=event.fact_id,
        event=event.name,
        rule=rule.id,
        why=rule.why,
        seq=event.seq,
        at_ms=event.at_ms,
        depth=event.depth + 1,
        number=number,
        queue=does.route or "",
        priority=does.priority,
        skills=does.skills,
        labels=does.labels,
        notices=tuple({"to": one.to, "text": one.text} for one in does.notices),
        handoffs=does.handoffs,
        reply={"text": does.reply.text, "purpose": does.reply.purpose} if does.reply else {},
        state=PENDING if moves else DONE,
    )
