"""Told before they ask: a signal that hurts people makes a warning to each, by a person's leave.

A warning is a fact, one for each person and signal; what becomes of it is the permission gate's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.facts import Fact
from app.core.outbound import Outgoing
from app.core.outbound_facts import outgoing
from app.core.signal import CUSTOMER, HANDLE, Signal, readable, subject

WARNED: Final = "warned"
PURPOSE: Final = "proactive"
MOST_WARNED: Final = 1_000  # by one approval; the rest by the next, or nobody could look over it
LONGEST_TEXT: Final = 2_000  # characters

_LONGEST_HANDLE = 200  # what a channel's connector takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to be told, at one of their handles. `key` names them, whatever the handle."""

    key: str
    name: str
    channel: str
    handle: str

    @property
    def handle_key(self) -> str:
        return f"{self.channel}:{self.handle}"


def person_of(
    handle_keys: Iterable[str], customer_id: str = "", name: str = "", preferred: str = ""
) -> Person | None:
    """Where this customer, or the stranger behind a handle, is reached; None where nowhere.

    On the channel that they prefer, if they have a handle there.
    """
    known = [tuple(key.split(":", 1)) for key in sorted(handle_keys) if ":" in key]
    usable = [(c, handle) for c, handle in known if 0 < len(handle) <= _LONGEST_HANDLE]
    if not usable:
        return None
    channel, handle = next((one for one in usable if one[0] == preferred), usable[0])
    key = subject(CUSTOMER, customer_id) if customer_id else subject(HANDLE, f"{channel}:{handle}")
    return Person(key=key, name=name, channel=channel, handle=handle)


def proposed(signal: Signal) -> str:
    """The text that its kind proposes."""
    return signal.kind.draft.replace("{subject}", signal.subject)


def warning(
    signal: Signal, person: Person, text: str, now_ms: int, actor: Mapping[str, str]
) -> Fact:
    """The fact that this person is to be told, by whose leave; the same again is the same fact."""
    op_id = f"warn:{signal.event}:{person.key}"
    return Fact(
        op="warned",
        op_id=op_id,
        now_ms=now_ms,
        # A name of its own: what becomes of its message is sealed with the same key.
        mention_id=hashlib.sha256(op_id.encode()).hexdigest(),
        reason=signal.kind.title,
        data={
            "signal": signal.event,
            "person": person.key,
            "handle_key": person.handle_key,
            "channel": person.channel,
            "handle": person.handle,
            "text": text,
        },
        actor=actor,
    )


def warning_message(fact: Mapping[str, Any]) -> Outgoing | None:
    """The message that a warning is: it answers nothing, and has a purpose of its own.

    None where its person was erased meanwhile.
    """
    if not readable(fact):
        return None
    data = fact["data"]
    said = {"channel": data["channel"], "author": {"handle": data["handle"]}}
    return outgoing(fact, said, data["text"], f"rep:{fact['actor']['id']}", PURPOSE)
