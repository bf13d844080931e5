"""Ports: what the steps need of the outside world. Adapters fill them, tests pass doubles."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.decision import Decision, Explanation
from app.core.delivery import Answer
from app.core.facts import Fact
from app.core.mention import Mention
from app.core.outbound import Outbound
from app.core.past import NO_PAST, Past
from app.core.permission import Permit
from app.core.profile import MISSING, Profile
from app.core.queue_state import NO_QUEUES, QueueValues
from app.core.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message as it came. `src` names this delivery for ever, however often it is repeated."""

    src: str
    raw: bytes | None
    topic: str = ""
    partition: int = -1
    offset: int = -1
    accepted_ms: int = 0  # when the journal accepted it; 0 where it came straight to the topic
    sent_ms: int = 0  # when it came to the topic, by the message; 0 where nobody says


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The first delivery of a mention, the hash of its newest wording and who brought that.

    `handle_key` is whose mention it is; empty where an older memory does not tell.
    """

    src: str
    content_hash: str
    last_src: str
    handle_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task to be queued; times are in milliseconds since the epoch."""

    task_id: str
    queue: str
    skills: tuple[str, ...]
    priority: int
    order_ms: float
    detected_ms: int
    due_ms: int
    at_risk_ms: int
    reason: str
    channel: str = ""
    weight: float = 1.0  # units of an agent's capacity
    half_ms: int = 0
    clock: str = "first_response"
    resolution_due_ms: int = 0  # 0: no resolution clock
    policy: str = ""
    for_rep: str = ""  # the customer's own agent, who is asked first
    sticky_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Everything that the atomic door needs to settle one delivery of a mention.

    `task` is None where the rules closed the mention; `known` is what the store remembers.
    """

    src: str
    mention: Mention
    facts: tuple[Fact, ...]
    task: NewTask | None
    task_id: str
    card: bytes
    known: Seen | None
    duplicate_fact: Fact
    edited_fact: Fact


class Scorer(Protocol):
    @property
    def model(self) -> str: ...

    async def score(self, mentions: Sequence[Mention]) -> list[Score]:
        """Score each mention, in order. Never raises: what cannot be scored says so."""
        ...


class Rules(Protocol):
    @property
    def version(self) -> str: ...

    def decide(self, values: Mapping[str, object]) -> Decision: ...

    def explain(self, values: Mapping[str, object]) -> tuple[Explanation, ...]:
        """Why each rule acted or did not. Not for the hot path."""
        ...


PROFILE, HISTORY, QUEUES = "profile", "history", "queues"  # what may be missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known around some mentions. `profiles` and `pasts` are in the order of their keys.

    `missing` names what could not be told: it is empty here, or may lack something.
    """

    profiles: Sequence[Profile]
    pasts: Sequence[Past]
    queues: QueueValues
    missing: tuple[str, ...] = ()


def nothing_known(count: int) -> Known:
    """Where nobody can be asked."""
    return Known(
        profiles=[MISSING] * count,
        pasts=[NO_PAST] * count,
        queues=NO_QUEUES,
        missing=(PROFILE, HISTORY, QUEUES),
    )


class Profiles(Protocol):
    async def of(self, keys: Sequence[str]) -> Known:
        """Profile and past of each of these handle keys, strangers for unknown ones; the queues.

        Raises Unavailable.
        """
        ...


class SeenMentions(Protocol):
    async def seen(self, mention_ids: Sequence[str]) -> dict[str, Seen]:
        """What the store remembers of these mentions. Raises Unavailable."""
        ...


class Door(Protocol):
    async def admit(self, admissions: Sequence[Admission]) -> list[str]:
        """Settle each: task, closed, duplicate, edited or replayed. Raises Unavailable."""
        ...

    async def note(self, facts: Sequence[Fact]) -> None:
        """Put facts that change no task on their way to the ledger. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Input that can never be processed, with its original bytes and the reason."""

    src: str
    raw: bytes | None
    code: str
    detail: str
    at_ms: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw or b"").hexdigest()


class DeadLetters(Protocol):
    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep the letters, durably, before anything is acknowledged. Raises Unavailable."""
        ...


class Connector(Protocol):
    """A way out of a channel. It asks `permit.check(message, now_ms)` before anything else."""

    async def send(self, message: Outbound, permit: Permit) -> Answer:
        """Send one message; the receiver must know a repeat by `message.outbound_id`.

        Raises NotPermitted; what goes wrong on the way is in the answer.
        """
        ...
