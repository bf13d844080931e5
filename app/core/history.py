"""The fold from facts to the contact history: what was said, by whom, and how it ended.

It asks no clock and no settings, so that folding the whole ledger again gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from app.core.community import known_as, place_of
from app.core.feedback import verdict
from app.core.history_lines import (
    BY_RULE,
    CANCELLED,
    CASE_CLOSED,
    CASE_OPENED,
    CLOSED,
    COMPLETED,
    FEEDBACK,
    HANDED_OFF,
    NOT_SENT,
    REPLIED,
    SENT,
    Entry,
    handed_over,
    line_of,
    offline_line,
    upshot_of,
)
from app.core.profile import handle_key
from app.core.sealing import UNREADABLE
from app.core.sla import RESOLUTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Where a mention stands, and how it ended.

    `rep` answered or ended it last; `reply_id` and `replied_ms` are line and time of our newest
    response. `about` is the response to which it is feedback, `feedback` what came to ours.
    """

    mention_id: str
    handle_key: str
    channel: str
    status: str
    queue: str = ""
    detected_ms: int = 0
    changed_ms: int = 0
    upshot: str = ""
    rep: str = ""
    reply_id: str = ""
    replied_ms: int = 0
    about: str = ""
    feedback: str = ""
    sentiment: str = ""
    breached_ms: int = 0  # of the response clock; 0: never
    thread: str = ""  # of a post in a community: its thread's key, opening or answer, and who its
    position: str = ""
    standing: str = ""  # author was there, as JSON
    known_as: str = ""  # ally or advocate, when it was decided
    cases: int = 0  # that rules opened at it, and nobody has closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Becomes:
    """A line that is there already, from a fact before this number, turns out to be feedback."""

    fact_id: str
    before: int
    about: str
    upshot: str


ReplyKey = tuple[str, int]  # handle key, ms
Reply = tuple[str, str]  # the line, the mention that it answers


@dataclass(slots=True)
class Folded:
    """What a stretch of facts comes to. Fill it with what was known, then fold.

    `matters` are those of before and after; `changed` names those to be written.
    """

    matters: dict[str, Matter] = field(default_factory=dict)
    replies: dict[ReplyKey, Reply] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    becomes: list[Becomes] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)

    def written(self) -> list[Matter]:
        """The matters to be written."""
        return [self.matters[id_] for id_ in sorted(self.changed)]


def mentions_of(facts: Iterable[Mapping[str, Any]]) -> set[str]:
    """The mentions whose matters must be known to fold these facts."""
    found: set[str] = set()
    for fact in facts:
        found |= {str(fact["mention_id"]), str(_feedback(fact).get("mention_id", ""))}
    return found - {""}


def replies_of(facts: Iterable[Mapping[str, Any]], known: Mapping[str, Matter]) -> set[ReplyKey]:
    """The responses that must be known, by handle and time: those that got feedback."""
    handles = {id_: matter.handle_key for id_, matter in known.items()}
    found: set[ReplyKey] = set()
    for fact in facts:
        mention_id = str(fact["mention_id"])
        if fact["op"] == "received":
            handles.setdefault(mention_id, _key(fact["data"]["mention"]))
        elif response := _feedback(fact):
            found.add((handles.get(mention_id, ""), int(response["at_ms"])))
    return found


def fold(facts: Iterable[Mapping[str, Any]], so_far: Folded) -> Folded:
    """Fold facts, in the order of the ledger, into what was known before them."""
    for fact in facts:
        if UNREADABLE not in fact:  # else of somebody who was erased
            _take(fact, so_far)
    return so_far


def _take(fact: Mapping[str, Any], so_far: Folded) -> None:
    op, mention_id = str(fact["op"]), str(fact["mention_id"])
    if op == "noted":
        _enter(so_far, offline_line(fact))
        return
    if op == "received" and mention_id not in so_far.matters:
        _put(so_far, _received(fact))
    matter = so_far.matters.get(mention_id)
    if matter is None and op in (SENT, NOT_SENT):
        return  # a warning: it goes on with no mention, and has no line yet
    whose = (matter.handle_key, matter.channel) if matter else ("", "")
    if entry := line_of(fact, *whose):
        _enter(so_far, entry)
    if matter is None:
        return
    _put(so_far, _moved(matter, fact))
    if op == REPLIED:
        key = (matter.handle_key, int(fact["now_ms"]))
        so_far.replies.setdefault(key, (str(fact["fact_id"]), mention_id))
    if response := _feedback(fact):
        _hear(so_far, fact, response)


def _put(so_far: Folded, matter: Matter) -> None:
    if so_far.matters.get(matter.mention_id) != matter:
        so_far.matters[matter.mention_id] = matter
        so_far.changed.add(matter.mention_id)


def _enter(so_far: Folded, entry: Entry) -> None:
    so_far.entries.setdefault(entry.fact_id, entry)


def _received(fact: Mapping[str, Any]) -> Matter:
    said, now_ms = fact["data"]["mention"], int(fact["now_ms"])
    thread, position, standing = place_of(said)
    return Matter(
        mention_id=str(fact["mention_id"]),
        handle_key=_key(said),
        channel=str(said["channel"]),
        status=RECEIVED,
        detected_ms=now_ms,
        changed_ms=now_ms,
        thread=thread,
        position=position,
        standing=standing,
    )


def _moved(matter: Matter, fact: Mapping[str, Any]) -> Matter:
    """Where this fact puts its mention; the same where it does not move it."""
    op, now_ms = str(fact["op"]), int(fact["now_ms"])
    matter = _known(matter, fact)
    if op in ("scored", "edited") and (score := (fact.get("data") or {}).get("score")):
        return replace(matter, sentiment=str(score["sentiment"]["label"]))
    if op in _CASES:
        return replace(matter, cases=max(0, matter.cases + _CASES[op]))
    if op == "breached" and fact["data"].get("clock") != RESOLUTION:
        return replace(matter, breached_ms=now_ms)
    if op == "decided" and not fact["data"]["decision"]["queue"]:
        return replace(matter, status=CLOSED, upshot=BY_RULE, changed_ms=now_ms)
    if op == HANDED_OFF and matter.upshot == BY_RULE and handed_over(fact):
        return replace(matter, upshot=HANDED_OFF, rep=str(fact["data"]["partner"]))
    if fact.get("task_id") and fact.get("queue"):
        matter = replace(matter, queue=str(fact["queue"]))
    status = _STATUS.get(op)
    if status is None:
        return matter
    matter = replace(matter, status=status, changed_ms=now_ms)
    if op == REPLIED:
        rep, id_ = str(fact["rep"]), str(fact["fact_id"])
        return replace(matter, rep=rep, reply_id=id_, replied_ms=now_ms)
    if op == COMPLETED:
        rep = str(fact.get("rep", "")) or matter.rep
        return replace(matter, upshot=upshot_of(fact), rep=rep)
    return replace(matter, upshot=upshot_of(fact)) if op == CANCELLED else matter


def _known(matter: Matter, fact: Mapping[str, Any]) -> Matter:
    """How its author was known when it was decided."""
    if fact["op"] != "decided":
        return matter
    return replace(matter, known_as=known_as(fact["data"].get("values") or {}))


# Facts that change where a mention stands, and the word for it.
_STATUS: Final = {
    "queued": "waiting",
    "offered": "offered",
    "rejected": "waiting",
    "timed_out": "waiting",
    "rescinded": "waiting",
    "transferred": "waiting",
    "accepted": "in work",
    "parked": "parked",
    REPLIED: "answered",
    COMPLETED: "completed",
    CANCELLED: "cancelled",
}
_CASES: Final = {CASE_OPENED: 1, CASE_CLOSED: -1}
RECEIVED: Final = "received"
STATUSES: Final = (RECEIVED, *dict.fromkeys(_STATUS.values()), CLOSED)


def _hear(so_far: Folded, fact: Mapping[str, Any], response: Mapping[str, Any]) -> None:
    """The mention is feedback: to the response of what it goes on with, else to the newest."""
    matter = so_far.matters[str(fact["mention_id"])]
    parent = so_far.matters.get(str(response.get("mention_id", "")))
    if parent and parent.reply_id and parent.handle_key == matter.handle_key:
        about, answered = parent.reply_id, parent.mention_id
    else:
        key = (matter.handle_key, int(response["at_ms"]))
        about, answered = so_far.replies.get(key, ("", ""))
    if not about:
        return
    word, fact_id = verdict(fact["data"].get("values") or {}), f"{fact['op_id']}/received"
    _put(so_far, replace(matter, about=about))
    if entry := so_far.entries.get(fact_id):
        so_far.entries[fact_id] = replace(entry, kind=FEEDBACK, about=about, upshot=word)
    else:
        becomes = Becomes(fact_id=fact_id, before=int(fact["seq"]), about=about, upshot=word)
        so_far.becomes.append(becomes)
    if parent := so_far.matters.get(answered):
        _put(so_far, replace(parent, feedback=word))


def _feedback(fact: Mapping[str, Any]) -> Mapping[str, Any]:
    """The response to which triage heard feedback; empty where it heard none."""
    found = (fact.get("data") or {}).get("feedback") if fact["op"] == "decided" else None
    return found or {}


def _key(said: Mapping[str, Any]) -> str:
    return handle_key(said["channel"], said["author"]["handle"])
