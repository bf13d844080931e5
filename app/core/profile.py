"""The profile: what is known of the customer behind a handle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known about one customer. `known` is False for a stranger.

    It is what rules and the card need, and no more: the cache holds one for each handle. Where
    each fact comes from, and what else was said, is in the statements (`app.core.known`).
    """

    customer_id: str = ""
    name: str = ""
    tier: str = ""
    value: float = 0.0
    lang: str = ""
    preferred_channel: str = ""
    open_cases: int = 0
    products: tuple[str, ...] = ()
    known: bool = True
    zone: str = ""  # where they are, by the IANA name of its time zone
    last_rep: str = ""  # whoever answered this handle last, known customer or not
    last_reply_ms: int = 0
    credit: float = 0.0
    rewards: float = 0.0  # points
    household: str = ""  # the people of one home have the same
    influence: int = 0  # 0 to 100, see `app.core.known`
    adoption: int = 0  # 0 to 100
    social: tuple[str, ...] = ()  # the public channels where they are
    advocacy: str = ""  # `ally`, `advocate` or `none`, as a source states it
    advocacy_source: str = ""
    advocacy_ms: int = 0  # since when
    missing: bool = False  # the cache could not tell: they may be known all the same


STRANGER = Profile(known=False)
MISSING = Profile(known=False, missing=True)


def handle_key(channel: str, handle: str) -> str:
    """The exact key under which a handle is looked up: handles ignore case and a leading @."""
    return f"{channel}:{handle.strip().removeprefix('@').casefold()}"
