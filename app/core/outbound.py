"""The outbound message: one thing that we are about to say to one person, on one channel."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

# How far a message has come. The last four are ends, but for `no_connector` where one is added.
QUEUED: Final = "queued"  # to be asked about, and to be tried (again)
PERMITTED: Final = "permitted"  # with its connector: whoever is killed here sends it again
WAITING: Final = "waiting"  # refused for now: quiet hours or a cap
SENT, REFUSED, FAILED, NO_CONNECTOR = "sent", "refused", "failed", "no_connector"

OPEN: Final = (QUEUED, PERMITTED, WAITING)
STATES: Final = (*OPEN, SENT, REFUSED, FAILED, NO_CONNECTOR)

ANSWER: Final = "answer"  # the purpose of what answers what somebody just said
ACKNOWLEDGEMENT: Final = "acknowledgement"  # what a rule says by itself when somebody writes

_ID_CHARS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One message to one handle. Receivers know it by `outbound_id`: sent twice, it is the same.

    `source_id` is the mention that it answers, as the channel names it; `by` who says it:
    `rep:ann`, `rule:welcome`. `created_ms` is when it was said here.
    """

    outbound_id: str
    channel: str
    handle: str
    handle_key: str
    text: str
    purpose: str
    mention_id: str = ""
    source_id: str = ""
    by: str = ""
    created_ms: int = 0

    @property
    def digest(self) -> str:
        """Sums up what is sent to whom and why: a permit is for this and nothing else."""
        parts = (
            self.outbound_id, self.channel, self.handle, self.handle_key, self.text,
            self.purpose, self.mention_id, self.source_id,
        )  # fmt: skip
        sized = "".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.sha256(sized.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message and how far it has come. `seq` is of the fact that it comes from.

    `zone` is where its receiver is, as their own message told; `round` counts the states that are
    worth a fact; `permitted_ms` is when it last had a permit, 0 where it never went out.
    """

    message: Outbound
    seq: int
    zone: str = ""
    state: str = QUEUED
    code: str = ""
    rule: str = ""
    problem: str = ""
    reference: str = ""
    attempts: int = 0
    next_ms: int = 0
    permitted_ms: int = 0
    changed_ms: int = 0
    round: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How a channel's messages get out: which connector, and where it sends them to.

    `inner`: the receiver stands in our own network, by the operator's word.
    """

    name: str
    kind: str
    url: str = ""
    inner: bool = False
    timeout_s: float = 5.0
    retries: int = 8


def outbound_id_of(fact_id: str, by: str) -> str:
    """The same fact makes the same message, whoever asks and however often."""
    return hashlib.sha256(f"outbound|{fact_id}|{by}".encode()).hexdigest()[:_ID_CHARS]
