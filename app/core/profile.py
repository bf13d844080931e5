"""The profile: what is known of the customer behind a handle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known about one customer. `known` is False for a stranger."""

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


STRANGER = Profile(known=False)


def handle_key(channel: str, handle: str) -> str:
    """The exact key under which a handle is looked up: handles ignore case and a leading @."""
    return f"{channel}:{handle.strip().removeprefix('@').casefold()}"
