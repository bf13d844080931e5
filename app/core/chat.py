"""The web chat: who a visitor is to us, and where their conversation stands."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

CHANNEL = "webchat"
CUSTOMER, AGENT, AUTOMATIC = "customer", "agent", "automatic"  # the last: by no person

# Where a conversation stands, as the page says it.
EMPTY, WAITING, READ, ANSWERED = "empty", "waiting", "read", "answered"
CLOSED, STOPPED = "closed", "stopped"

_HANDLE_BYTES = 10  # 80 bits: no two visitors share one, and nobody finds a token for one
_MINUTE_MS, _DAY_MS = 60_000, 86_400_000
_IN_WORK = frozenset({"in work", "parked"})
_ENDED = frozenset({"completed", "cancelled", "closed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a conversation. `message_id` names it: kept once, however often it comes.

    Of what the visitor says it is the mention's id at the source, of ours the outbound message's.
    `side` is who said it: CUSTOMER, AGENT or AUTOMATIC.
    """

    chat: str
    message_id: str
    mention_id: str
    side: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What the page shows: both sides in order, and where it stands."""

    lines: tuple[Line, ...]
    standing: str


def chat_of(token: str) -> str:
    """The visitor's handle: follows from the secret in their cookie, and does not tell it."""
    digest = hashlib.sha256(f"webchat:{token}".encode()).digest()
    return "chat-" + base64.b32encode(digest[:_HANDLE_BYTES]).decode().lower()


def source_id_of(chat: str, key: str) -> str:
    """The id of what a visitor says; `key` names one press of Send, repeated or not."""
    return f"{chat}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def network_of(address: str) -> str:
    """Whose limits count for an address: one of IPv6 is one of billions that its owner has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else address


def day_of(at_ms: int) -> int:
    """The day since 1970, in UTC."""
    return at_ms // _DAY_MS


class Pace:
    """Counts messages within each minute, by whoever sends them."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[str, int] = {}

    def count(self, who: str, now_ms: int) -> int:
        """One more of this sender; how many that makes within this minute."""
        minute = now_ms // _MINUTE_MS
        if minute != self._minute:  # nobody's count is kept for longer
            self._minute, self._counts = minute, {}
        self._counts[who] = self._counts.get(who, 0) + 1
        return self._counts[who]


def standing_of(statuses: frozenset[str], answered: bool, stopped: bool = False) -> str:
    """Where a conversation stands.

    `statuses` are those of the visitor's mentions, as the history has them ("" while it has not
    heard of one); `answered` says whether a person ever sent them something, `stopped` whether they
    have forbidden it.
    """
    if stopped:
        return STOPPED
    if not statuses:
        return ANSWERED if answered else EMPTY
    if statuses & _IN_WORK:
        return READ
    if statuses - _ENDED - {"answered"}:
        return WAITING
    if "answered" in statuses:  # said at the desk; it may still be on its way
        return ANSWERED if answered else READ
    return CLOSED
