"""One line of the ledger, as the auditor reads it: missing fields are empty, never an error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_OF_THE_READER = ("seq", "chain", "unreadable")


class Unreadable(Exception):
    """The source cannot be read as facts; the message is a sentence for the user."""


@dataclass(slots=True)
class Fact:
    seq: int
    op: str
    op_id: str
    fact_id: str
    now_ms: int
    epoch: str
    mention_id: str
    task_id: str
    version: int
    before: str  # `from` in the ledger, a reserved word here
    to: str
    actor_type: str
    actor_id: str
    role: str
    rep: str
    queue: str
    reservation: str
    priority: int
    deadline_ms: int
    reason: str
    data: dict[str, Any]
    chain: str = ""
    canonical: bytes = b""  # what the chain sums up; empty where there is none

    @property
    def forced(self) -> bool:
        """Did a person override the order? Such offers are outside order and capacity."""
        return self.role in SUPERVISORS or bool(self.data.get("override"))


SUPERVISORS = frozenset({"supervisor", "admin"})


def fact_of(line: str | bytes, number: int) -> Fact:
    """Parse one line; where the ledger gave no `seq` the line's number stands in."""
    try:
        value = json.loads(line)
        if not isinstance(value, dict) or not isinstance(value.get("op"), str):
            raise Unreadable(f"line {number}: expected a fact, an object with an `op`")
        return _fact(value, number)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Unreadable(f"line {number}: expected a fact as JSON: {error}") from None


def _fact(value: Mapping[str, Any], number: int) -> Fact:
    get = value.get
    actor = get("actor") or {}
    data = get("data") or {}
    op, op_id = str(value["op"]), str(get("op_id") or "")
    return Fact(
        seq=int(get("seq") or number),
        op=op,
        op_id=op_id,
        fact_id=str(get("fact_id") or f"{op_id}/{op}"),
        now_ms=int(get("now_ms") or 0),
        epoch=str(get("epoch") or ""),
        mention_id=str(get("mention_id") or ""),
        task_id=str(get("task_id") or ""),
        version=int(get("version") or 0),
        before=str(get("from") or ""),
        to=str(get("to") or ""),
        actor_type=str(actor.get("type") or ""),
        actor_id=str(actor.get("id") or ""),
        role=str(actor.get("role") or ""),
        rep=str(get("rep") or ""),
        queue=str(get("queue") or ""),
        reservation=str(get("reservation_id") or ""),
        priority=int(get("priority") or 0),
        deadline_ms=int(get("deadline_ms") or 0),
        reason=str(get("reason") or ""),
        # An empty Lua table is encoded as a list or an object, whichever the encoder likes.
        data=data if isinstance(data, dict) else {},
        chain=str(get("chain") or ""),
        canonical=_canonical(value) if get("chain") else b"",
    )


def _canonical(value: Mapping[str, Any]) -> bytes:
    """The one form of a fact that everybody can write again: all but what the reader added.

    What was sealed is summed up as it is stored: empty in its place, and as the sealed text.
    """
    body = {name: part for name, part in value.items() if name not in _OF_THE_READER}
    for path in (body.get("sealed") or {}).get("of") or ():
        body = _without(body, path)
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _without(body: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    name, *rest = path
    part = body[name]
    return {**body, name: _without(part, rest) if rest else type(part)()}
