"""The demo world: an endless, seeded stream of mentions about three invented companies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from app.demo.people import PUBLIC, DemoProfile, Person, customers, profiles, statements, strangers
from app.demo.texts import Saying, addition, compose, dress

__all__ = ["DemoProfile", "mentions", "profiles", "run_of", "statements"]

# Per cent of the fresh mentions. Threats (lawyers, press, leaving) count as complaints.
KINDS: Final = {
    "question": 17, "complaint": 18, "praise": 28, "request": 8, "emergency": 2,
    "threat": 2, "followup": 2, "noise": 23,
}  # fmt: skip
CUSTOMER_SHARE: Final = 0.45  # of mentions that come from somebody with a profile
DUPLICATE_SHARE: Final = 0.05  # delivered again, same id and text
EDIT_SHARE: Final = 0.03  # same id, other text
THREAD_SHARE: Final = 0.08  # public answers to somebody else's post
MEMORY: Final = 200  # how many mentions back a duplicate, an edit or an answer may reach
# Seconds between the customer's words and the moment that we hear of them.
LAG_MEAN_S: Final = 6.0
LAG_MAX_S: Final = 90.0
COMMUNITY: Final = "community"
# A few write most of what is in a community, and some of that helps others.
POSTS_EXPONENT: Final = 0.8
POSTS_SCALE, POSTS_MOST, REGULAR_POSTS = 4, 20_000, 200
ACCEPTED_MOST: Final = 0.2  # of somebody's posts
# Channels whose sources name the language.
TELLS_LANG: Final = ("mastodon", "survey", "phone")
STARS: Final = {"praise": 5, "complaint": 1, "threat": 1, "emergency": 1, "followup": 2}
DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def mentions(seed: int, start: datetime, step_s: float = 1.0) -> Iterator[dict[str, Any]]:
    """Mention wire objects without end, one every `step_s` seconds after `start`.

    The same seed and start give the same stream. Another start gives other ids and texts,
    else every restart of the demo would consist of duplicates.
    """
    stream = _Stream(Random(f"{seed}/{run_of(start)}"), run_of(start))
    moment = start
    while True:
        yield stream.next(moment)
        moment += timedelta(seconds=step_s)


def run_of(start: datetime) -> str:
    """The part of the ids that tells one run from another: the start in milliseconds."""
    number, text = int(start.timestamp() * 1000), ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text or "0"


@dataclass(slots=True)
class _Said:
    wire: dict[str, Any]
    saying: Saying
    person: Person


@dataclass(slots=True)
class _Stream:
    rng: Random
    run: str
    number: int = 0
    recent: deque[_Said] = field(default_factory=lambda: deque(maxlen=MEMORY))

    def next(self, moment: datetime) -> dict[str, Any]:
        roll = self.rng.random()
        if self.recent and roll < DUPLICATE_SHARE:
            return dict(self.rng.choice(self.recent).wire)
        if self.recent and roll < DUPLICATE_SHARE + EDIT_SHARE:
            return self._edit()
        said = self._fresh(moment)
        self.recent.append(said)
        return dict(said.wire)

    def _edit(self) -> dict[str, Any]:
        said = self.rng.choice(self.recent)
        text = f"{said.wire['text']} {addition(self.rng, said.saying)}"
        said.wire = {**said.wire, "text": text}
        return dict(said.wire)

    def _fresh(self, moment: datetime) -> _Said:
        rng = self.rng
        kind = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
        earlier = self._earlier_of_a_known_author() if kind == "followup" else None
        if kind == "followup" and earlier is None:
            kind = "question"
        person = earlier.person if earlier else self._somebody(kind)
        channel, handle = self._key(person, kind, earlier)
        company = earlier.saying.company if earlier else rng.choice(person.companies)
        saying = Saying(lang=person.lang, company=company, kind=kind)
        thread = earlier or self._thread(channel)
        wire = self._wire(moment, saying, person, (channel, handle))
        if thread is not None:
            wire["in_reply_to"] = thread.wire["id"]
        if channel == COMMUNITY:
            wire["community"] = _place(wire, thread)
        return _Said(wire, saying, person)

    def _somebody(self, kind: str) -> Person:
        rng = self.rng
        people = customers() if rng.random() < CUSTOMER_SHARE else strangers()
        if kind == "noise":  # nobody calls a hotline to tell what the cat did
            people = [person for person in people if _public(person)]
        return rng.choice(people)

    def _key(self, person: Person, kind: str, earlier: _Said | None) -> tuple[str, str]:
        if earlier is not None:
            return earlier.wire["channel"], earlier.wire["author"]["handle"]
        return self.rng.choice(_public(person) if kind == "noise" else person.keys)

    def _earlier_of_a_known_author(self) -> _Said | None:
        asked = [s for s in self.recent if s.saying.kind in ("question", "request", "complaint")]
        return self.rng.choice(asked) if asked else None

    def _thread(self, channel: str) -> _Said | None:
        if channel not in PUBLIC or self.rng.random() >= THREAD_SHARE:
            return None
        return next((s for s in reversed(self.recent) if s.wire["channel"] == channel), None)

    def _wire(
        self, moment: datetime, saying: Saying, person: Person, key: tuple[str, str]
    ) -> dict[str, Any]:
        rng, (channel, handle) = self.rng, key
        self.number += 1
        lag_s = min(LAG_MAX_S, rng.expovariate(1 / LAG_MEAN_S))
        text = dress(rng, saying, channel, compose(rng, saying), person.name)
        wire: dict[str, Any] = {
            "id": f"demo-{self.run}-{self.number}",
            "channel": channel,
            "author": {"handle": handle, "name": person.name, "followers": 0},
            "text": text,
            "posted_at": (moment - timedelta(seconds=lag_s)).isoformat(timespec="milliseconds"),
            "meta": _meta(saying, channel),
        }
        if channel in PUBLIC:
            wire["author"]["followers"] = person.followers
            wire["url"] = f"https://{channel}.example/posts/{self.run}-{self.number}"
        if channel in TELLS_LANG:
            wire["lang"] = saying.lang
        return wire


def _place(wire: dict[str, Any], thread: _Said | None) -> dict[str, Any]:
    """Where a post stands, and who its author is there: the same whenever they speak."""
    rng = Random(wire["author"]["handle"])
    posts = min(POSTS_MOST, round(rng.paretovariate(POSTS_EXPONENT) * POSTS_SCALE))
    accepted = round(posts * rng.random() * ACCEPTED_MOST)
    role = "regular" if posts >= REGULAR_POSTS else "member"
    opening = thread.wire["community"]["thread"] if thread else wire["id"]
    return {
        "thread": opening,
        "position": "answer" if thread else "opening",
        "standing": {"role": role, "posts": posts, "accepted": accepted},
    }


def _public(person: Person) -> list[tuple[str, str]]:
    return [key for key in person.keys if key[0] in PUBLIC]


def _meta(saying: Saying, channel: str) -> dict[str, Any]:
    """What the demo meant: for tests and measurements; no rule can see it."""
    kind = "complaint" if saying.kind in ("threat", "followup") else saying.kind
    meta: dict[str, Any] = {
        "demo": True, "kind": kind, "company": saying.company, "lang": saying.lang,
    }  # fmt: skip
    if channel in ("reviews", "survey"):
        meta["stars"] = STARS.get(saying.kind, 3)
    return meta
