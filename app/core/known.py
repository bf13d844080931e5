"""What is known of a customer: statements of sources, side by side, and their fold.

A statement is what one source said of one customer at one moment. Nothing takes one back: a later
statement stands beside it. The fold does not depend on the order in which statements came, and
the same statement twice is the same as once.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.core.profile import STRANGER, Profile

Value = str | int | float | tuple[str, ...]

HANDLE: Final = "handle"  # contact points: each is a fact of its own, `channel:handle`
FOLLOWERS, POSTS = "followers.", "posts."  # with the channel behind the dot

ADVOCACY: Final = "advocacy"

# Channels where nobody reads along, unless the configuration says otherwise.
PRIVATE: Final = frozenset({"email", "phone", "sms", "webchat", "survey"})

MOST: Final = 100  # influence and adoption
# A million followers are 90 points of influence, a hundred posts are 10.
_FOLLOWERS_WEIGHT, _SPEAKS_WEIGHT = 15.0, 5.0
# Three channels and a hundred posts are the highest adoption.
_CHANNEL_WEIGHT, _POSTS_WEIGHT = 20.0, 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a source says of a customer: `at_ms` is since when, `seen_ms` when it last said so."""

    customer_id: str
    source: str
    at_ms: int
    seen_ms: int
    says: Mapping[str, Value]
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One known fact: a field of one customer as one source has it, first and last at."""

    customer_id: str
    field: str
    value: Value
    source: str
    at_ms: int
    seen_ms: int
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which of several statements is shown: the most trusted source, then the newest.

    Sources that `trusted` does not name come last. `private` are channels that are no social ones.
    """

    trusted: tuple[str, ...] = ()
    private: frozenset[str] = PRIVATE

    @property
    def digest(self) -> str:
        """The same for the same order."""
        said = repr((self.trusted, sorted(self.private)))
        return hashlib.sha256(said.encode()).hexdigest()

    def key(self, fact: Known) -> tuple[int, int, float, str, str]:
        """The least is shown; source and value settle what time and trust leave open."""
        known = fact.source in self.trusted
        rank = self.trusted.index(fact.source) if known else len(self.trusted)
        return rank, -fact.seen_ms, -fact.confidence, fact.source, repr(fact.value)


DEFAULT_ORDER: Final = Order()


def facts_of(statement: Statement) -> list[Known]:
    """Each field of a statement as a fact; contact points one by one."""
    found = []
    for field, value in statement.says.items():
        values = value if field == HANDLE and isinstance(value, tuple) else (value,)
        found += [
            Known(
                customer_id=statement.customer_id,
                field=field,
                value=one,
                source=statement.source,
                at_ms=statement.at_ms,
                seen_ms=statement.seen_ms,
                confidence=statement.confidence,
            )
            for one in values
        ]
    return found


def side_by_side(facts: Iterable[Known], order: Order = DEFAULT_ORDER) -> dict[str, list[Known]]:
    """All facts by field, what is shown first; the same said twice is one with both its times."""
    merged: dict[tuple[str, str, Value], Known] = {}
    for fact in facts:
        key = (fact.field, fact.source, fact.value)
        known = merged.get(key)
        merged[key] = _both(known, fact) if known else fact
    found: dict[str, list[Known]] = {}
    for fact in sorted(merged.values(), key=lambda one: (one.field, order.key(one))):
        found.setdefault(fact.field, []).append(fact)
    return found


def _both(one: Known, other: Known) -> Known:
    return replace(
        one,
        customer_id=min(one.customer_id, other.customer_id),
        at_ms=min(one.at_ms, other.at_ms),
        seen_ms=max(one.seen_ms, other.seen_ms),
        confidence=max(one.confidence, other.confidence),
    )


def differ(facts: Sequence[Known]) -> bool:
    """Do sources say different things now? (Not of contact points: people have many.)"""
    newest: dict[str, Known] = {}
    for fact in facts:
        known = newest.get(fact.source)
        if known is None or (fact.seen_ms, repr(fact.value)) > (known.seen_ms, repr(known.value)):
            newest[fact.source] = fact
    return len({fact.value for fact in newest.values()}) > 1


def fold(facts: Iterable[Known], order: Order = DEFAULT_ORDER, customer_id: str = "") -> Profile:
    """The profile that these facts make, a stranger of none.

    `customer_id` names it; without one, the first id that a fact has (people who were joined
    have several).
    """
    fields = side_by_side(facts, order)
    if not fields:
        return STRANGER
    ids = {fact.customer_id for group in fields.values() for fact in group}
    shown: dict[str, Value] = {field: group[0].value for field, group in fields.items()}
    handles = [str(fact.value) for fact in fields.get(HANDLE, ())]
    followers, posts = _by_channel(shown, FOLLOWERS), _by_channel(shown, POSTS)
    social = social_channels([*handles, *followers, *posts], order.private)
    return Profile(
        customer_id=customer_id or min(ids),
        name=_text(shown, "name"),
        tier=_text(shown, "tier"),
        value=_number(shown, "value"),
        lang=_text(shown, "lang"),
        preferred_channel=_text(shown, "preferred_channel"),
        open_cases=int(_number(shown, "open_cases")),
        products=_texts(shown, "products"),
        credit=_number(shown, "credit"),
        rewards=_number(shown, "rewards"),
        household=_text(shown, "household"),
        zone=_text(shown, "zone"),
        influence=influence(sum(followers.values()), sum(posts.values())),
        adoption=adoption(len(social), sum(posts.values())),
        social=social,
        **_advocacy(fields),
    )


def _advocacy(fields: Mapping[str, Sequence[Known]]) -> dict[str, Any]:
    """What is shown of it, with whose word it is: it is not ours."""
    if ADVOCACY not in fields:
        return {}
    said = fields[ADVOCACY][0]
    return {
        "advocacy": str(said.value),
        "advocacy_source": said.source,
        "advocacy_ms": said.at_ms,
    }


def handles_of(facts: Iterable[Known]) -> dict[str, int]:
    """The handle keys that these facts claim, and since when."""
    since: dict[str, int] = {}
    for fact in facts:
        if fact.field == HANDLE:
            key = str(fact.value)
            since[key] = min(fact.at_ms, since.get(key, fact.at_ms))
    return since


def social_channels(keys: Iterable[str], private: Collection[str] = PRIVATE) -> tuple[str, ...]:
    """The public channels of handle keys or channel names, in order."""
    return tuple(sorted({key.partition(":")[0] for key in keys} - set(private)))


def influence(followers: int, posts: int) -> int:
    """How far their word carries, 0 to 100: by tens of followers, and whether they speak at all."""
    heard = _FOLLOWERS_WEIGHT * math.log10(1 + followers)
    return min(MOST, round(heard + _SPEAKS_WEIGHT * math.log10(1 + posts)))


def adoption(channels: int, posts: int) -> int:
    """How much of their life with us is in public, 0 to 100: on how many channels, how often."""
    return min(MOST, round(_CHANNEL_WEIGHT * channels + _POSTS_WEIGHT * math.log10(1 + posts)))


def _by_channel(shown: Mapping[str, Value], prefix: str) -> dict[str, int]:
    return {
        field.removeprefix(prefix): int(_number(shown, field))
        for field in shown
        if field.startswith(prefix)
    }


def _text(shown: Mapping[str, Value], field: str) -> str:
    return str(shown.get(field, ""))


def _number(shown: Mapping[str, Value], field: str) -> float:
    value = shown.get(field, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _texts(shown: Mapping[str, Value], field: str) -> tuple[str, ...]:
    value = shown.get(field, ())
    return value if isinstance(value, tuple) else ()
