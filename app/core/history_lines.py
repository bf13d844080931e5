"""The lines of the contact history: what one fact says of what was said and done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core import cases
from app.core.feedback import SATISFIED, UNSATISFIED
from app.core.handoff import HANDOFF

# What somebody outside said; the newest of a mention is how it reads now.
SAID, EDITED, FEEDBACK = "said", "edited", "feedback"
REPLIED, COMPLETED, CANCELLED, CLOSED = "replied", "completed", "cancelled", "closed"
HANDED_OFF, OFFLINE = "handed_off", "offline"
CASE_OPENED, CASE_CLOSED = cases.OPENED, cases.CLOSED
SENT, NOT_SENT = "sent", "not_sent"  # by a rule; what the permission gate or a channel held back
KINDS: Final = (
    SAID, EDITED, FEEDBACK, REPLIED, COMPLETED, CANCELLED, CLOSED, HANDED_OFF, OFFLINE, SENT,
    NOT_SENT, CASE_OPENED, CASE_CLOSED,
)  # fmt: skip
WORDS_OF_CUSTOMERS: Final = (SAID, EDITED, FEEDBACK)

# How a mention ended, beside the codes with which people complete a task.
BY_RULE, NO_ANSWER = "closed_by_rule", "no_answer"
_BY_TIMER = "wrap_up_ended"  # the reason of a completion that nobody gave a code for

# What is written into the history by hand: how it came about, and how it ended, if that is known.
OFFLINE_KINDS: Final = ("phone", "letter", "visit", "event", "card")
OFFLINE_UPSHOTS: Final = (
    "resolved", "no_answer_needed", "passed_on", NO_ANSWER, SATISFIED, UNSATISFIED,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a contact history, made by the fact with the number `seq`.

    `by` is the customer's handle, the agent's name or the partner's. `upshot` says how it ended,
    or what a customer made of the response whose line is `about`. Of a case `about` is its id.
    """

    seq: int
    fact_id: str
    mention_id: str
    handle_key: str
    kind: str
    channel: str
    at_ms: int
    by: str
    text: str
    upshot: str = ""
    about: str = ""


def line_of(fact: Mapping[str, Any], handle_key: str, channel: str) -> Entry | None:
    """The line that a fact makes, if it makes one; whose it is tells the mention's matter."""
    kind, by, text = _told(fact)
    if not kind:
        return None
    ends = kind in (COMPLETED, CANCELLED, CLOSED)
    return Entry(
        seq=int(fact["seq"]),
        fact_id=str(fact["fact_id"]),
        mention_id=str(fact["mention_id"]),
        handle_key=handle_key,
        kind=kind,
        channel=channel,
        at_ms=int(fact["now_ms"]),
        by=by,
        text=text,
        upshot=upshot_of(fact) if ends else "",
        about=str(fact["data"]["case"]) if kind in (CASE_OPENED, CASE_CLOSED) else "",
    )


def _told(fact: Mapping[str, Any]) -> tuple[str, str, str]:
    """Kind, by whom and text; no kind where the fact makes no line."""
    op, data = fact["op"], fact.get("data") or {}
    if op in ("received", "edited"):
        said = data["mention"]
        return (SAID if op == "received" else EDITED, said["author"]["handle"], said["text"])
    if op == "replied":
        return REPLIED, str(fact["rep"]), str(data["text"])
    if op == "completed":
        return COMPLETED, str(fact.get("rep", "")), str(data.get("note", ""))
    if op == "cancelled":
        return CANCELLED, _actor(fact), str(fact.get("reason", ""))
    if op == "decided" and not data["decision"]["queue"]:
        return CLOSED, str(data["decision"].get("rule", "")), str(fact.get("reason", ""))
    if op == SENT and data.get("text"):  # an agent's is the reply itself
        return SENT, str(data["by"]), str(data["text"])
    if op == NOT_SENT:
        return NOT_SENT, str(data["by"]), str(fact.get("reason", ""))
    if op in (CASE_OPENED, CASE_CLOSED):
        return _of_case(fact, data)
    if handed_over(fact):
        return HANDED_OFF, str(data["partner"]), str(fact.get("reason", ""))
    return "", "", ""


def _of_case(fact: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, str, str]:
    if fact["op"] == CASE_OPENED:
        return CASE_OPENED, str(data["rule"]), str(data["title"])
    return CASE_CLOSED, _actor(fact), str(fact.get("reason", ""))


def offline_line(fact: Mapping[str, Any]) -> Entry:
    """What a person wrote into the history by hand: a call, a letter, a visit."""
    data = fact["data"]
    return Entry(
        seq=int(fact["seq"]),
        fact_id=str(fact["fact_id"]),
        mention_id="",
        handle_key=str(data["handle_key"]),
        kind=OFFLINE,
        channel=str(data["kind"]),
        at_ms=int(data["at_ms"]),
        by=str(fact["actor"]["id"]),
        text=str(data["text"]),
        upshot=str(data["upshot"]),
    )


def upshot_of(fact: Mapping[str, Any]) -> str:
    """How it ended: the code of who completed it, else what stands in its place."""
    op, reason = fact["op"], str(fact.get("reason", ""))
    if op == "completed":
        silent = reason == _BY_TIMER and not fact["data"].get("answered")
        return NO_ANSWER if silent else reason
    return CANCELLED if op == "cancelled" else BY_RULE


def _actor(fact: Mapping[str, Any]) -> str:
    return str((fact.get("actor") or {}).get("id", ""))


def handed_over(fact: Mapping[str, Any]) -> bool:
    """Did a partner take the mention? (Partners are told of stages by the same op.)"""
    data = fact.get("data") or {}
    return fact["op"] == HANDED_OFF and data.get("kind") == HANDOFF
