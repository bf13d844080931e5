"""A batch on its way through triage: what each step finds out is added to its items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.core.catalogue import Catalogue
from app.core.decision import Decision
from app.core.errors import Invalid
from app.core.feedback import Response
from app.core.mention import Mention
from app.core.past import NO_PAST, Past
from app.core.profile import Profile
from app.core.queue_state import NO_QUEUES, QueueValues
from app.core.score import Score
from app.core.sla import FIRST_RESPONSE, NEXT_RESPONSE
from app.core.sticky import Sticky
from app.ports import DeadLetters, Delivery, Door, Profiles, Rules, Scorer, Seen, SeenMentions


@dataclass(slots=True, kw_only=True)
class Item:
    """One delivery in work. `problem` or a known first delivery ends its way early."""

    delivery: Delivery
    received_ms: int
    mention: Mention | None = None
    source_id: str = ""
    problem: Invalid | None = None
    known: Seen | None = None
    follows_up: bool = False  # the same customer goes on with something that is known
    score: Score | None = None
    handle_key: str = ""
    profile: Profile | None = None
    response: Response | None = None  # ours, to which this is feedback
    past: Past = NO_PAST
    queues: QueueValues = field(default_factory=lambda: NO_QUEUES)
    values: Mapping[str, object] = field(default_factory=dict)  # what the conditions saw
    decision: Decision | None = None
    degraded: list[str] = field(default_factory=list)
    outcome: str = ""

    @property
    def clock(self) -> str:
        """Which clock runs for it: the first one is started by what is new alone."""
        return NEXT_RESPONSE if self.follows_up or self.response else FIRST_RESPONSE

    @property
    def needs_thought(self) -> bool:
        """Is there something new to score and decide?"""
        if self.mention is None:
            return False
        return self.known is None or (
            self.known.content_hash != self.mention.content_hash
            and self.delivery.src not in (self.known.src, self.known.last_src)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything that triage needs of the outside world."""

    seen: SeenMentions
    scorer: Scorer
    profiles: Profiles
    rules: Rules
    door: Door
    dead_letters: DeadLetters
    catalogue: Catalogue
    at_risk_share: float
    now_ms: Callable[[], int]
    sticky: Sticky = field(default_factory=Sticky)


Batch = list[Item]


def thoughtful(batch: Batch) -> list[tuple[Item, Mention]]:
    """The items that the thinking steps work on, with their mentions."""
    return [(item, item.mention) for item in batch if item.mention and item.needs_thought]
