"""Facts for the contact history in any order, sensible or not: late ones, edits, duplicates."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.builders import NOON_MS
from tests.history_house import mention_json

_HANDLES = ("@kim", "@Lee", "@eve")
_MOVES = (
    "queued", "offered", "accepted", "parked", "replied", "replied", "completed", "cancelled",
    "transferred", "escalated", "handed_off", "duplicate", "at_risk", "sent", "not_sent",
    "case_opened", "case_closed",
)  # fmt: skip


def any_facts(seed: int, count: int = 120) -> list[dict[str, Any]]:
    """So many facts of half a dozen mentions, the same for the same seed."""
    dice = Random(seed)
    facts: list[dict[str, Any]] = []
    while len(facts) < count:
        facts += _some(dice, len(facts))
    return facts[:count]


def _some(dice: Random, number: int) -> list[dict[str, Any]]:
    mention_id, now_ms = f"m{dice.randrange(6)}", NOON_MS + dice.randrange(8)
    kind = dice.choice(("admitted", "admitted", "edited", "noted", "dead", "move", "move", "move"))
    base = {"mention_id": mention_id, "now_ms": now_ms, "op_id": f"o{number}", "reason": ""}
    if kind == "admitted":
        return _admitted(dice, base)
    if kind == "edited":
        data = {"mention": mention_json(text=_text(dice)), "content_hash": "h"}
        return [_fact("edited", base, data)]
    if kind == "noted":
        data = {"handle_key": "x:kim", "kind": "phone", "at_ms": now_ms - dice.randrange(9)}
        return [_fact("noted", base | {"mention_id": ""}, data | {"text": "t", "upshot": ""})]
    if kind == "dead":
        return [_fact("dead", base | {"mention_id": ""}, {})]
    return [_move(dice, base)]


def _admitted(dice: Random, base: dict[str, Any]) -> list[dict[str, Any]]:
    said = mention_json(author={"handle": dice.choice(_HANDLES)}, text=_text(dice))
    mood = dice.choice(("positive", "negative", "neutral"))
    decided: dict[str, Any] = {
        "decision": {"queue": dice.choice(("", "service")), "rule": "r"},
        "values": {"score.sentiment": mood, "score.intent": "other"},
    }
    if dice.random() < 0.7:
        parent = dice.choice(("", "m0", "m1", "m2"))
        at_ms = NOON_MS + dice.randrange(8)
        decided["feedback"] = {"rep": "ann", "at_ms": at_ms, "mention_id": parent}
    made = [
        _fact("received", base, {"mention": said, "content_hash": "h"}),
        _fact("decided", base, decided),
    ]
    return made[:: dice.choice((1, 1, 1, -1))]


def _move(dice: Random, base: dict[str, Any]) -> dict[str, Any]:
    data = {"text": _text(dice), "note": "n", "answered": dice.random() < 0.5}
    data |= {"kind": dice.choice(("handoff", "status")), "partner": "crm", "by": "rule:r"}
    data |= {"case": "c1", "title": "Late bag", "rule": "late"}
    reason = dice.choice(("resolved", "wrap_up_ended", "passed_on"))
    task = {"task_id": "t", "queue": "service", "rep": dice.choice(("ann", "bob"))}
    return _fact(dice.choice(_MOVES), base | task | {"reason": reason}, data)


def _fact(op: str, base: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    actor = {"type": "user", "id": "ann", "role": "agent"}
    return base | {"op": op, "fact_id": f"{base['op_id']}/{op}", "data": data, "actor": actor}


def _text(dice: Random) -> str:
    return " ".join(dice.choice(("refund", "東京", "café", "now", "")) for _ in range(4))
