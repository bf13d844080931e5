"""What the ledger says of consent and of messages to be sent, and what it is told of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from app.core.consent import KINDS, MESSAGE, ConsentEvent
from app.core.event_acts import STOPPED, Act
from app.core.facts import Fact
from app.core.outbound import (
    ACKNOWLEDGEMENT,
    ANSWER,
    NO_CONNECTOR,
    SENT,
    Outbound,
    Outgoing,
    outbound_id_of,
)
from app.core.profile import handle_key
from app.core.sealing import UNREADABLE
from app.core.stop_words import StopWords

SAID: Final = ("received", "edited")
CHANGED: Final = "consent_changed"
SERVICE: Final[Mapping[str, str]] = {"type": "system", "id": "send", "role": "service"}

RULE: Final = "rule:"  # before the id of the rule that says something by itself

_NO_CONNECTOR = "this channel has no connector"
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")  # what may be a zone's name; anybody writes it


def consent_of(fact: Mapping[str, Any], words: StopWords) -> ConsentEvent | None:
    """The consent event that this fact is: a STOP or START somebody wrote, or what we recorded."""
    if fact["op"] in SAID:
        return _of_words(fact, words)
    if fact["op"] != CHANGED or fact.get("actor") == dict(SERVICE):
        return None  # our own: it is told of an event that is known
    data = fact["data"]
    if data.get("kind") not in KINDS or UNREADABLE in fact:
        return None
    named = ("handle_key", "kind", "channel", "purpose", "source", "evidence")
    return ConsentEvent(
        event_id=_event_id(fact),
        at_ms=int(fact["now_ms"]),
        by=f"rep:{fact['actor']['id']}",
        **{name: str(data.get(name) or "") for name in named},
    )


def _of_words(fact: Mapping[str, Any], words: StopWords) -> ConsentEvent | None:
    said = fact["data"]["mention"]
    kind = words.said(said["channel"], said["text"])
    if not kind:
        return None
    return ConsentEvent(
        event_id=_event_id(fact),
        handle_key=handle_key(said["channel"], said["author"]["handle"]),
        kind=kind,
        at_ms=int(fact["now_ms"]),
        channel=said["channel"],
        source=MESSAGE,
        evidence=f"mention {fact['mention_id']}",
        by=said["author"]["handle"],
        mention_id=fact["mention_id"],
    )


def _event_id(fact: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"consent|{fact['fact_id']}".encode()).hexdigest()[:32]


def consent_fact(data: Mapping[str, str], key: str, now_ms: int, actor: Mapping[str, str]) -> Fact:
    """What somebody recorded of a person's consent. `key` names it: the same again is the same."""
    op_id = f"consent:{actor['id']}:{key}"
    return Fact(op=CHANGED, op_id=op_id, now_ms=now_ms, data=dict(data), actor=actor)


def says(fact: Mapping[str, Any]) -> bool:
    """Is something said to the customer by this fact?"""
    by_rule = fact["op"] == "decided" and fact["data"]["decision"].get("reply")
    return bool(by_rule) or fact["op"] == "replied"


def message_of(fact: Mapping[str, Any], trail: Iterable[Mapping[str, Any]]) -> Outgoing | None:
    """What a fact says to the customer; None where nobody knows to whom."""
    return answer_of(fact, trail) if fact["op"] == "replied" else reply_of(fact, trail)


def answer_of(fact: Mapping[str, Any], trail: Iterable[Mapping[str, Any]]) -> Outgoing | None:
    """The message that an agent's `replied` fact is; None where nobody knows whom it answers."""
    said = _first_said(trail)
    text = str(fact["data"].get("text") or "")
    if said is None or not text.strip():
        return None
    return outgoing(fact, said, text, f"rep:{fact['rep']}")


def reply_of(fact: Mapping[str, Any], trail: Iterable[Mapping[str, Any]]) -> Outgoing | None:
    """The message that a rule says at the mention, by its `decided` fact; None where none does."""
    decision = fact["data"]["decision"]
    said, reply = _first_said(trail), decision.get("reply")
    if said is None or not reply:
        return None
    by = f"{RULE}{decision['by']['reply']}"
    return outgoing(fact, said, reply["text"], by, purpose_of_rule(reply["purpose"]))


def reply_of_act(act: Act, trail: Iterable[Mapping[str, Any]]) -> Outgoing | None:
    """The message that a rule says at a later event."""
    said = _first_said(trail)
    if said is None or not act.reply or act.state == STOPPED:
        return None
    fact = {"fact_id": act.act_id, "now_ms": act.at_ms, "mention_id": act.mention_id}
    by = f"{RULE}{act.rule}"
    purpose = purpose_of_rule(act.reply["purpose"])
    return outgoing(fact | {"seq": act.seq}, said, act.reply["text"], by, purpose)


def purpose_of_rule(purpose: str) -> str:
    """Why a rule writes. People answer, and their caps have room for a conversation; a rule that
    calls its words an answer has the caps of what rules say: on the other side may be a machine.
    """
    return ACKNOWLEDGEMENT if purpose == ANSWER else purpose


def unconnected(found: Outgoing) -> Outgoing:
    """The same on a channel without a connector. What a rule said there is told: no fact has it."""
    told = found.message.by.startswith(RULE)
    return replace(found, state=NO_CONNECTOR, problem=_NO_CONNECTOR, round=1 if told else 0)


def outgoing(
    fact: Mapping[str, Any], said: Mapping[str, Any], text: str, by: str, purpose: str = ANSWER
) -> Outgoing:
    """A message to whoever said this, made of a fact. Of one fact everybody says one thing."""
    at_ms, handle = int(fact["now_ms"]), said["author"]["handle"]
    message = Outbound(
        outbound_id=outbound_id_of(str(fact["fact_id"]), by),
        channel=said["channel"],
        handle=handle,
        handle_key=handle_key(said["channel"], handle),
        text=text,
        purpose=purpose,
        mention_id=str(fact["mention_id"]),
        source_id=str(said.get("source_id") or ""),
        by=by,
        created_ms=at_ms,
    )
    zone = str((said.get("meta") or {}).get("zone") or "")
    return Outgoing(
        message=message,
        seq=fact["seq"],
        zone=zone if _ZONE.fullmatch(zone) else "",
        next_ms=at_ms,
        changed_ms=at_ms,
    )


def fact_of(found: Outgoing) -> Fact:
    """What the ledger is told of a message that was sent, refused, given up or has to wait."""
    message, sent = found.message, found.state == SENT
    data: dict[str, Any] = {
        "outbound_id": message.outbound_id,
        "channel": message.channel,
        "purpose": message.purpose,
        "by": message.by,
        "rule": found.rule,
        "attempts": found.attempts,
    }
    if message.by.startswith(RULE):
        data["text"] = message.text  # an agent's is in its `replied` fact
    if sent:
        data["reference"] = found.reference
    else:
        data |= {"state": found.state, "code": found.code, "again_ms": found.next_ms}
    return Fact(
        op="sent" if sent else "not_sent",
        op_id=f"outbound:{message.outbound_id}:{found.round}",
        now_ms=found.changed_ms,
        mention_id=message.mention_id,
        source_id=message.source_id,
        reason=found.problem,
        data=data,
        actor=SERVICE,
    )


def fact_of_consent(event: ConsentEvent) -> Fact:
    """What the ledger is told of a STOP or START that somebody wrote."""
    named = ("handle_key", "kind", "channel", "purpose", "source", "evidence")
    return Fact(
        op=CHANGED,
        op_id=f"consent:{event.event_id}",
        now_ms=event.at_ms,
        mention_id=event.mention_id,
        data={name: getattr(event, name) for name in named},
        actor=SERVICE,
    )


def _first_said(trail: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    for fact in trail:
        if fact["op"] == "received" and UNREADABLE not in fact:
            said: Mapping[str, Any] = fact["data"]["mention"]
            return said
    return None
