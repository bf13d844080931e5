"""What of a fact is a person's own: it is sealed in the ledger, so that losing the key erases it.

A sealed fact keeps its shape: where something personal stood, an empty value of its type stands,
and `sealed.of` names the places. The chain sums up the fact in this form; see docs/privacy.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.core.profile import handle_key

Path = tuple[str, ...]
Fact = dict[str, Any]
Secret = tuple[Path, Any]  # a place in a fact, and what stood there

# Added by who reads a fact that cannot be opened, with the reason; no part of the fact.
UNREADABLE: Final = "unreadable"
ERASED, ALTERED = "erased", "altered"

# Figures that only one member of a community has lead to them as well as a name does. So does
# what only one customer has, and a time to the millisecond ties together what one person said.
_STANDING: Final = ("role", "posts", "accepted", "kudos", "trust")
_MENTION: Final[tuple[Path, ...]] = tuple(
    ("data", "mention", *rest)
    for rest in (
        ("text",),
        ("author", "handle"),
        ("author", "name"),
        ("author", "followers"),
        ("url",),
        ("in_reply_to",),
        ("meta",),
        ("community", "thread"),
        ("community", "title"),
        ("community", "url"),
        *(("community", "standing", name) for name in _STANDING),
        ("source_id",),
    )
)
_VALUES: Final[tuple[Path, ...]] = tuple(
    ("data", "values", name)
    for name in (
        "mention.handle",
        "mention.followers",
        "mention.url",
        "mention.in_reply_to",
        "community.thread",
        "community.title",
        *(f"community.{name}" for name in _STANDING),
        "profile.name",
        "profile.customer_id",
        "profile.household",
        "profile.credit",
        "profile.rewards",
        "profile.value",
        "profile.products",
        "profile.influence",
        "profile.adoption",
        "profile.social",
        "history.days_since_reply",
        "history.days_since_mention",
    )
)
_SIGNAL: Final[tuple[Path, ...]] = tuple(
    ("data", "signal", name) for name in ("subject", "detail", "customer", "handles", "place")
)
# The source's own id, which leads to what was said there: in every fact, and in a task's first one.
SOURCES: Final[tuple[Path, ...]] = (("source_id",), ("fields", "source_id"))

# Whatever is added to a fact that tells of a person or repeats their words belongs here.
PERSONAL: Final[Mapping[str, tuple[Path, ...]]] = {
    "received": _MENTION,
    "edited": _MENTION + _VALUES,
    "decided": _VALUES,
    "identified": (
        ("data", "handle_key"),
        ("data", "customer_id"),
        ("data", "advocacy", "source"),
        ("data", "advocacy", "at_ms"),
    ),
    "replied": (("data", "text"), ("fields", "reply")),
    "completed": (("data", "note"),),
    "sent": (("data", "text"), ("data", "reference")),
    "not_sent": (("data", "text"),),
    "consent_changed": (("data", "handle_key"), ("data", "evidence")),
    "case_opened": (("data", "handle_key"), ("data", "customer_id")),
    "noted": (("data", "handle_key"), ("data", "text")),
    "signalled": (("data", "handle_key"), *_SIGNAL),
    "dead": (("data", "detail"),),
    "handoff_status": (("reason",),),  # a partner's words
    "warned": tuple(("data", name) for name in ("handle_key", "handle", "person", "text")),
}


# What people write as the reason of a command; of the system it is a code, which stays.
_REASONS: Final[tuple[Path, ...]] = (("reason",), ("fields", "handed_on"), ("data", "reason"))
_REASONED: Final = (
    "transferred", "parked", "rejected", "cancelled", "prioritised", "offered", "rescinded",
    "case_closed", "corrected",
)  # fmt: skip


def owner_of(fact: Fact) -> str:
    """The handle key of whose words these are, where the fact itself tells it; else empty.

    Whatever else is odd about a fact, the ledger must take it: nothing here raises.
    """
    ours = fact["op"] == "consent_changed" and not fact.get("mention_id")
    if ours or fact["op"] in ("noted", "signalled", "warned"):
        return str(_at(fact, ("data", "handle_key")) or "")
    if fact["op"] == "dead":
        return letter_owner(str(fact["op_id"]))
    if fact["op"] != "received":
        return ""
    channel = _at(fact, ("data", "mention", "channel"))
    handle = _at(fact, ("data", "mention", "author", "handle"))
    return handle_key(str(channel), str(handle)) if channel and handle else ""


def letter_owner(src: str) -> str:
    """A dead letter names nobody that can be trusted: it has a key of its own."""
    return f"dead:{src}"


def matter_of(fact: Fact) -> str:
    """What is sealed with one key: a mention with all its facts, or a fact without a mention."""
    return str(fact.get("mention_id") or (fact["fact_id"] if owner_of(fact) else ""))


def personal(fact: Fact) -> list[Secret]:
    """The places of a fact that hold something personal, with what they hold."""
    paths = (*PERSONAL.get(fact["op"], ()), *_reasons_in(fact), *SOURCES)
    return [(path, held) for path in paths if (held := _at(fact, path))]


def _reasons_in(fact: Fact) -> tuple[Path, ...]:
    by_people = fact["op"] in _REASONED and _at(fact, ("actor", "type")) == "user"
    return _REASONS if by_people and fact.get("reason") != ERASED else ()


def emptied(fact: Fact, paths: Sequence[Path]) -> Fact:
    """A copy of the fact with an empty value of the same type at each of these places."""
    return _changed(fact, ((path, _empty(_at(fact, path))) for path in paths))


def filled(fact: Fact, secrets: Sequence[Secret]) -> Fact:
    """A copy of the fact with these values at these places."""
    return _changed(fact, iter(secrets))


def _changed(fact: Fact, changes: Iterator[Secret]) -> Fact:
    """Objects on the way to a change are copied, all others shared."""
    made, own = dict(fact), set[tuple[str, ...]]()
    for path, value in changes:
        place = made
        for depth, name in enumerate(path[:-1], 1):
            way = tuple(path[:depth])
            if way not in own:
                own.add(way)
                place[name] = dict(place[name])
            place = place[name]
        place[path[-1]] = value
    return made


def _at(fact: Fact, path: Path) -> Any:
    """What is at this place; None where there is no such place."""
    place: Any = fact
    for name in path:
        if not isinstance(place, dict) or name not in place:
            return None
        place = place[name]
    return place


def _empty(value: Any) -> Any:
    return None if value is None else type(value)()
