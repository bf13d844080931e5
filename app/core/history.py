"""The fold from facts to the contact history: what was said, by whom, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a contact history. `by` is the customer's handle or the agent's name."""

    fact_id: str
    mention_id: str
    handle_key: str
    kind: str
    channel: str
    at_ms: int
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a mention stands. `handle_key` is only there when the mention is new."""

    mention_id: str
    status: str
    changed_ms: int
    handle_key: str = ""
    channel: str = ""
    queue: str = ""
    detected_ms: int = 0


# Facts that change where a mention stands, and the word for it.
_STATUS = {
    "queued": "waiting",
    "offered": "offered",
    "rejected": "waiting",
    "timed_out": "waiting",
    "rescinded": "waiting",
    "transferred": "waiting",
    "accepted": "in work",
    "replied": "answered",
    "completed": "completed",
    "cancelled": "cancelled",
}


def entry_of(fact: Mapping[str, Any], who: Mapping[str, tuple[str, str]]) -> Entry | None:
    """The history line of a fact, if it makes one.

    `who` gives the handle key and channel of mentions that the fact does not tell itself.
    """
    kind, by, text = _line(fact)
    if not kind:
        return None
    mention_id = str(fact["mention_id"])
    handle_key, channel = who.get(mention_id, ("", ""))
    return Entry(
        fact_id=str(fact["fact_id"]),
        mention_id=mention_id,
        handle_key=handle_key,
        kind=kind,
        channel=channel,
        at_ms=int(fact["now_ms"]),
        by=by,
        text=text,
    )


def standing_of(fact: Mapping[str, Any], who: Mapping[str, tuple[str, str]]) -> Standing | None:
    """Where this fact puts its mention, if it moves it."""
    mention_id, op = str(fact["mention_id"]), str(fact["op"])
    if op == "received":
        handle_key, channel = who[mention_id]
        return Standing(
            mention_id=mention_id,
            status="received",
            changed_ms=int(fact["now_ms"]),
            handle_key=handle_key,
            channel=channel,
            detected_ms=int(fact["now_ms"]),
        )
    closed = op == "decided" and not fact["data"]["decision"]["queue"]
    status = "closed" if closed else _STATUS.get(op)
    if status is None:
        return None
    return Standing(
        mention_id=mention_id,
        status=status,
        changed_ms=int(fact["now_ms"]),
        queue=str(fact.get("queue", "")),
    )


def _line(fact: Mapping[str, Any]) -> tuple[str, str, str]:
    op, data = fact["op"], fact["data"]
    if op in ("received", "edited"):
        said = data["mention"]
        return ("said" if op == "received" else "edited", said["author"]["handle"], said["text"])
    if op == "replied":
        return "replied", str(fact["rep"]), str(data["text"])
    if op in ("sent", "not_sent"):
        return op, str(data["by"]), str(fact["reason"])
    if op == "completed":
        return "completed", str(fact["rep"]), f"{fact['reason']} {data.get('note', '')}".strip()
    return "", "", ""
