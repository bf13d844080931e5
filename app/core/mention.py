"""The mention: one thing somebody said, on any channel."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

# A source's clock may run a little ahead of ours; beyond this we trust our own.
FUTURE_TOLERANCE = timedelta(minutes=5)
# What is older was read off no clock: it is a zero, or the day at which some library counts from.
# Believed, it would be the most pressing task there is.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

IN_FUTURE, BEFORE_2000 = "in_future", "before_2000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who said it, as the channel names them."""

    handle: str
    name: str = ""
    followers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who an author is in a community, as the community tells it; empty and 0: not told."""

    role: str = ""
    posts: int = 0
    accepted: int = 0  # answers that were accepted as the solution
    kudos: int = 0
    trust: int = 0  # a level, by the community's own ladder


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """Where a post stands. `thread` is the community's own id; `position`: opening or answer."""

    thread: str
    position: str
    title: str = ""
    url: str = ""
    standing: Standing = field(default_factory=Standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One thing somebody said. All times are aware and in UTC."""

    mention_id: str
    source_id: str
    channel: str
    text: str
    author: Author
    detected_at: datetime
    posted_at: datetime | None = None
    url: str = ""
    in_reply_to: str = ""
    lang: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    community: Community | None = None  # of a post in one

    @property
    def content_hash(self) -> str:
        """What makes two deliveries of one id the same thing said, or an edit of it."""
        return _digest(self.author.handle, self.text, self.in_reply_to)

    @property
    def lost_before_us_s(self) -> float:
        """Seconds between the customer's words and our detection of them."""
        if self.posted_at is None:
            return 0.0
        return max(0.0, (self.detected_at - self.posted_at).total_seconds())


def mention_id_of(channel: str, source_id: str) -> str:
    """The identity of a mention: sha256 of `channel|id`, in hexadecimal."""
    return hashlib.sha256(f"{channel}|{source_id}".encode()).hexdigest()


def parent_of(mention: Mention) -> str:
    """The identity of what this one goes on with, if it names one."""
    if mention.in_reply_to in ("", mention.source_id):
        return ""
    return mention_id_of(mention.channel, mention.in_reply_to)


def clamp(moment: datetime, now: datetime) -> tuple[datetime, str]:
    """Return the moment and nothing, or `now` and why the moment cannot be believed."""
    if moment - now > FUTURE_TOLERANCE:
        return now, IN_FUTURE
    if moment < EARLIEST:
        return now, BEFORE_2000
    return moment, ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
