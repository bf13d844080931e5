"""Hand-offs: a mention passed on to another engine, and what that engine is told of it later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

# Both ways: what we send, another Handshake understands, and the other way round.
HANDOFF_TYPE: Final = "handshake.handoff"
STATUS_TYPE: Final = "handshake.status"
SOURCE: Final = "/handshake"

# A mention that has been handed on this often goes in a circle between engines.
MOST_HOPS: Final = 5

# The stages that are reported, by the fact that tells of each. `closed`: no task was needed.
STAGES: Final = ("queued", "accepted", "replied", "completed", "cancelled", "breached", "closed")

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
HANDOFF, STATUS = "handoff", "status"  # kinds of what a partner is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Another engine. `within_s`: a hand-off that it has not taken by then goes to `on_failure`.

    `call_out`: its answer may say where the task goes, within `routes` and `highest_priority`.
    `inner`: it stands in our own network, by the operator's word. `keep_s`: so long the delivery
    log keeps what has come to its end.
    """

    name: str
    title: str
    url: str
    timeout_s: float = 5.0
    within_s: float = 60.0
    retries: int = 8
    stages: tuple[str, ...] = ()
    on_failure: str = ""
    call_out: bool = False
    routes: tuple[str, ...] = ()
    highest_priority: int = 100
    hands_in: bool = False
    signals: bool = False
    inner: bool = False
    keep_s: float = 7_776_000.0  # 90 days


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """One line of the delivery log: an event for one partner, and how far it has come.

    `round` counts replays by hand; `route` is what the partner answered, as far as allowed.
    """

    event_id: str
    partner: str
    mention_id: str
    kind: str
    stage: str
    seq: int
    body: bytes
    created_ms: int
    deadline_ms: int = 0
    state: str = PENDING
    attempts: int = 0
    status: int = 0
    problem: str = ""
    next_ms: int = 0
    changed_ms: int = 0
    round: int = 0
    route: str = ""

    @property
    def op_id(self) -> str:
        """Names what comes of it, so that doing it again changes nothing."""
        return f"handoff:{self.event_id}:{self.round}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A partner who has to do with a mention: it was handed it, or handed it in.

    `handoff` is the id of the event with which that was done.
    """

    partner: str
    handoff: str
    handed_in: bool = False
    hops: int = 0


def event_id_of(fact_id: str, partner: str) -> str:
    """The same fact makes the same event, whoever asks and however often."""
    return hashlib.sha256(f"{fact_id}|{partner}".encode()).hexdigest()[:32]


def wanted_partners(fact: Mapping[str, Any]) -> list[str]:
    """The partners to whom the rules hand this mention off, each once."""
    if fact["op"] != "decided":
        return []
    return list(dict.fromkeys(fact["data"]["decision"].get("handoffs") or ()))


def stage_of(fact: Mapping[str, Any]) -> str:
    """The stage that this fact tells of, if it tells of one."""
    op = str(fact["op"])
    if op == "decided":
        return "" if fact["data"]["decision"]["queue"] else "closed"
    first = op != "queued" or not fact.get("from")  # coming back from a park is no new stage
    return op if op in STAGES and first else ""


def handoff_event(
    fact: Mapping[str, Any], trail: Iterable[Mapping[str, Any]], partner: Partner, hops: int
) -> dict[str, Any]:
    """The CloudEvent that hands the mention of a `decided` fact to a partner."""
    told = {one["op"]: one for one in trail}
    said = _last_said(trail)
    decision = fact["data"]["decision"]
    data: dict[str, Any] = {
        "mention": _wire(said),
        "decision": {name: decision[name] for name in ("queue", "priority", "rule", "why")},
        "answer_by": moment(int(fact["now_ms"]) + round(partner.within_s * 1000)),
    }
    if "scored" in told:
        score = told["scored"]["data"]["score"]
        data["score"] = {name: score[name] for name in _SCORE if name in score}
    return _event(HANDOFF_TYPE, fact, partner.name) | {"hops": hops, "data": data}


def status_event(fact: Mapping[str, Any], party: Party) -> dict[str, Any]:
    """The CloudEvent that tells a partner which stage its mention has reached. Names no agent."""
    data: dict[str, Any] = {
        "handoff": party.handoff,
        "stage": stage_of(fact),
        "queue": str(fact.get("queue") or ""),
        "reason": str(fact.get("reason") or ""),
        "source_id": str(fact.get("source_id") or ""),
    }
    if fact["op"] == "replied":
        data["text"] = str(fact["data"]["text"])
    named = {"id": event_id_of(f"{fact['fact_id']}|{data['stage']}", party.partner)}
    return _event(STATUS_TYPE, fact, party.partner) | named | {"data": data}


def moment(at_ms: int) -> str:
    """RFC 3339 in UTC."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _event(kind: str, fact: Mapping[str, Any], partner: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id_of(str(fact["fact_id"]), partner),
        "source": SOURCE,
        "type": kind,
        "subject": str(fact["mention_id"]),
        "time": moment(int(fact["now_ms"])),
        "datacontenttype": "application/json",
        "sequence": str(fact["seq"]),
    }


def _last_said(trail: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    said: Mapping[str, Any] = {}
    for fact in trail:
        if fact["op"] in ("received", "edited"):
            said = fact["data"]["mention"]
    return said


_WIRE: Final = (
    "channel", "text", "author", "posted_at", "detected_at", "url", "in_reply_to", "lang",
    "community",
)  # fmt: skip
# Of the score, what partners are told. A closed list: a new head of a model goes to nobody unasked.
_SCORE: Final = (
    "sentiment", "lang", "intent", "urgency", "urgency_why", "pillar", "pillar_why", "model",
)  # fmt: skip


def _wire(said: Mapping[str, Any]) -> dict[str, Any]:
    """A mention as it travels: the form that intake takes."""
    wire = {name: said[name] for name in _WIRE if said.get(name)}
    return {"id": said.get("source_id", ""), **wire}
