"""Posts of a community: the thread in which they stand, and who their author is there.

What `ally` and `advocate` mean is said in docs/communities.md. They are read off what the community
tells of an author and what sources state of a customer, never off a mood.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from app.core.mention import Mention
from app.core.profile import Profile

OPENING, ANSWER = "opening", "answer"
ALLY, ADVOCATE, NEITHER = "ally", "advocate", "none"
ADVOCACY: Final = (ALLY, ADVOCATE, NEITHER)  # what a source may state of a customer

ALLY_ACCEPTED: Final = 10  # answers that askers accepted: so often it is no chance
STAFF: Final = "staff"  # the role of our own people, who help because they work here

# What a condition may ask of a post and its author.
COMMUNITY_VARIABLES: Final[dict[str, type]] = {
    "community.thread": str,
    "community.title": str,
    "community.position": str,
    "community.role": str,
    "community.posts": int,
    "community.accepted": int,
    "community.kudos": int,
    "community.trust": int,
    "community.ally": bool,
    "community.advocate": bool,
}
# What that is of words that stand in no community; facts leave it out.
NO_COMMUNITY_VALUES: Final[dict[str, object]] = {
    name: type_() for name, type_ in COMMUNITY_VARIABLES.items()
}


def community_values(mention: Mention, profile: Profile) -> dict[str, object]:
    """The values of `COMMUNITY_VARIABLES`. What a source states goes before the standing."""
    post, said = mention.community, profile.advocacy
    found: dict[str, object] = dict(NO_COMMUNITY_VALUES)
    standing = asdict(post.standing) if post else {}
    if post:
        found |= {f"community.{name}": value for name, value in standing.items()}
        found["community.thread"] = post.thread
        found["community.title"] = post.title
        found["community.position"] = post.position
    by_standing = said != NEITHER and is_ally(standing)
    found["community.ally"] = said in (ALLY, ADVOCATE) or by_standing
    found["community.advocate"] = said == ADVOCATE
    return found


def is_ally(standing: Mapping[str, Any]) -> bool:
    """Does their standing alone, as facts have it, make somebody an ally?"""
    accepted = standing.get("accepted")
    enough = isinstance(accepted, int) and accepted >= ALLY_ACCEPTED
    return enough and standing.get("role") != STAFF


def thread_key(channel: str, thread: str) -> str:
    """The one name of a thread: ids are those of its channel."""
    return f"{channel}:{thread}" if thread else ""


def place_of(said: Mapping[str, Any]) -> tuple[str, str, str]:
    """Thread key, position and standing as JSON of a mention as facts have it; empty: no post."""
    post = said.get("community")
    if not isinstance(post, Mapping) or not post:
        return "", "", ""
    key = thread_key(str(said["channel"]), str(post["thread"]))
    standing = json.dumps(post["standing"], sort_keys=True, separators=(",", ":"))
    return key, str(post["position"]), standing


def known_as(values: Mapping[str, Any]) -> str:
    """Ally or advocate, by the values that a decision was made of; else empty."""
    if values.get("community.advocate") is True:
        return ADVOCATE
    return ALLY if values.get("community.ally") is True else ""


def stated(profile: Profile) -> dict[str, Any]:
    """That a source calls a customer an ally or an advocate, which, and since when; else empty."""
    if profile.advocacy not in (ALLY, ADVOCATE):
        return {}
    return {
        "word": profile.advocacy,
        "source": profile.advocacy_source,
        "at_ms": profile.advocacy_ms,
    }
