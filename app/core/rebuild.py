"""The fold from facts to the state that the door holds: what a wiped Redis is rebuilt from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.decision import advice

OPEN = frozenset({"queued", "offered", "accepted", "wrapping", "parked"})
_FINAL = frozenset({"completed", "cancelled"})
_HELD = frozenset({"offered", "accepted", "wrapping"})
# After these the rep of the fact is not offered the task again while another can take it.
_REFUSALS = frozenset({"rejected", "timed_out", "transferred"})


@dataclass(slots=True)
class Task:
    """One task as its facts tell it, in the form of the door's keys."""

    id: str
    fields: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    ops: dict[str, str] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)  # when each rep last accepted it
    version: int = 0
    newest_ms: int = 0
    gaps: int = 0  # versions that are missing or came twice: the ledger itself is damaged

    @property
    def open(self) -> bool:
        return self.fields.get("state") in OPEN

    @property
    def closed_ms(self) -> int:
        """When it ended; 0 while it is open."""
        return 0 if self.open else self.newest_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredRep:
    """One rep as the newest fact of them says, in the form of the door's keys."""

    name: str
    fields: dict[str, str]
    desk: bool = False  # their desk was open: who works without one is never missed
    left: bool = False  # no longer on the staff: only the number of their changes is put back


def fold(facts: Sequence[Mapping[str, Any]]) -> Task | None:
    """The task that these facts of one mention tell of, in order; None where they tell of none."""
    task: Task | None = None
    for fact in facts:
        if fact.get("task_id"):
            task = task or Task(id=fact["task_id"])
            _apply(task, fact)
    return task


def _apply(task: Task, fact: Mapping[str, Any]) -> None:
    version = int(fact["version"])
    task.gaps += version != task.version + 1
    task.version = version
    task.newest_ms = max(task.newest_ms, int(fact["now_ms"]))
    task.fields |= fact["fields"] if "fields" in fact else _told(task, fact)
    task.fields["version"] = str(version)
    if task.fields["state"] not in _HELD:
        # Only the fact that ended it still names it.
        task.fields["reservation"] = ""
    if fact["op"] == "accepted":
        task.accepted[fact["rep"]] = int(fact["now_ms"])
    _note_refusal(task, fact)
    _note_operation(task, fact)


def _told(task: Task, fact: Mapping[str, Any]) -> dict[str, str]:
    """What a fact of version 0.1 says, which did not list the fields that it changed."""
    data, due_ms = fact.get("data", {}), int(fact["deadline_ms"])
    told = {
        "state": fact["to"],
        "queue": fact["queue"],
        "priority": str(fact["priority"]),
        "rep": fact["rep"] if fact["to"] in _HELD else "",
        "reservation": fact["reservation_id"],
        "due_ms": str(due_ms),
    }
    if not task.fields:
        detected_ms = int(data["detected_ms"])
        warned_ms = detected_ms + (due_ms - detected_ms) * 4 // 5  # the share of that version
        told |= _UNTOLD | {
            "mention_id": fact["mention_id"],
            "source_id": fact["source_id"],
            "at_risk_ms": str(warned_ms),
            "created_ms": str(fact["now_ms"]),
            "entered_ms": str(fact["now_ms"]),
        }
    told |= {n: str(round(data[n])) for n in ("detected_ms", "order_ms", "expires_ms") if n in data}
    told |= {n: str(data[n]) for n in ("skills", "attempt", "level", "sla") if n in data}
    if fact["op"] in ("at_risk", "breached"):
        told["sla"] = fact["op"]
    if fact["op"] == "replied":
        told["reply"] = json.dumps({"text": data["text"], "at_ms": fact["now_ms"]})
    return told


# What a task of version 0.1 had no word for.
_UNTOLD = {
    **dict.fromkeys(
        "halfway unroutable reply missed handed_on assigned for_rep waits_for pushed_by policy"
        " skills channel".split(),
        "",
    ),
    **dict.fromkeys(
        "level attempt hops expires_ms for_until_ms first_reply_ms wrap_ends_ms until_ms left_ms"
        " half_ms resolution_ms".split(),
        "0",
    ),
    "sla": "ok",
    "weight": "1",
    "clock": "first_response",
}


def _note_refusal(task: Task, fact: Mapping[str, Any]) -> None:
    refused = fact["op"] in _REFUSALS or fact.get("data", {}).get("refused")
    if refused and fact["rep"]:  # a task that another engine moved on was nobody's
        task.refused[fact["rep"]] = int(fact["now_ms"])
    elif fact["op"] == "unroutable":
        task.fields["unroutable"] = fact["reason"]


def _note_operation(task: Task, fact: Mapping[str, Any]) -> None:
    """A command that is repeated after the rebuild gets the answer that it got before."""
    if fact["actor"]["type"] == "system":
        return
    # By hand, because there are many and all of them are plain words, but for the digest.
    digest = json.dumps(fact.get("digest", ""))
    result = f'{{"task_id":"{task.id}","state":"{fact["to"]}","version":{task.version}}}'
    task.ops[fact["op_id"]] = f'{{"d":{digest},"r":{result}}}'


def fold_rep(fact: Mapping[str, Any]) -> RestoredRep:
    """The rep as their newest `configured` fact says."""
    said, since_ms = fact["data"]["rep"], int(fact["now_ms"])
    channels = said.get("channels")
    return RestoredRep(
        name=fact["rep"],
        fields={
            "title": said.get("title", fact["rep"]),
            "skills": said["skills"],
            "queues": said["queues"],
            "capacity": _number(said["capacity"]),
            "channels": json.dumps(channels, separators=(",", ":")) if channels else "",
            "demo": "1" if said.get("demo") else "0",
            "state": said["state"],
            "reason": said.get("reason", ""),
            "since_ms": str(since_ms),
            "offer": "",
            "changes": fact["op_id"].rpartition(":")[2],
        },
        desk=bool(said.get("desk")),
        left=bool(said.get("left")),
    )


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def card(facts: Sequence[Mapping[str, Any]], profile: object) -> dict[str, Any]:
    """What an agent is shown of the task, from the facts of its mention and today's profile."""
    said: dict[str, Any] = {}
    for fact in facts:
        if fact["op"] in _FINAL:
            break  # a card shows what was known when the task ended
        said[fact["op"]] = fact["data"]
    newest = said.get("edited", {})
    decision = newest.get("decision") or said["decided"]["decision"]
    return {
        "mention": (newest or said["received"])["mention"],
        "score": newest.get("score") or said.get("scored", {}).get("score"),
        "profile": profile,
        "reason": decision["why"],
        "rule": decision["rule"],
        "advice": advice(decision),
    }


def handle_of(facts: Sequence[Mapping[str, Any]]) -> str:
    """The key under which the author's profile is kept; empty where nobody looked."""
    identified = (f["data"]["handle_key"] for f in facts if f["op"] == "identified")
    return next(identified, "")
