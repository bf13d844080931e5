"""SLA policies: which windows and which calendar apply to a mention, and what contradicts what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from app.core.calendar import ALWAYS, Calendar
from app.core.sla import NEXT_RESPONSE

STANDARD = "standard"  # the policy for everything that no other one names

# Stands for every value that no policy names: a stranger's tier, a channel of somebody else's.
_ANY_OTHER = "\x00other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy. Windows are in seconds of its calendar; 0 means none of its own.

    An empty dimension applies to all: no queues named means every queue.
    """

    name: str
    calendar: Calendar = ALWAYS
    first_response_s: float = 0.0
    next_response_s: float = 0.0
    resolution_s: float = 0.0
    queues: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @property
    def specificity(self) -> tuple[int, bool, bool, bool]:
        """How exactly it says what it is for; the greatest wins.

        First the number of dimensions it names. Among as many, a tier weighs more than a queue
        and a queue more than a channel: who speaks, then about what, then where.
        """
        named = (bool(self.tiers), bool(self.queues), bool(self.channels))
        return (sum(named), *named)

    def applies(self, queue: str, tier: str, channel: str) -> bool:
        return (
            (not self.queues or queue in self.queues)
            and (not self.tiers or tier in self.tiers)
            and (not self.channels or channel in self.channels)
        )

    def response_s(self, clock: str, rule_s: float, queue_s: float) -> float:
        """The window of this clock: the rule's, else the policy's, else the queue's."""
        own_s = self.first_response_s
        if clock == NEXT_RESPONSE:
            own_s = self.next_response_s or own_s
        return rule_s or own_s or queue_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Slas:
    """All that decides deadlines: the policies, and the windows that queues and rules give.

    `version` changes whenever any of it does: tasks made under another one are recomputed.
    """

    policies: tuple[Policy, ...] = (Policy(name=STANDARD),)
    queue_windows: Mapping[str, float] = field(default_factory=dict)
    rule_windows: Mapping[str, float] = field(default_factory=dict)
    version: str = ""

    def of(self, queue: str, tier: str, channel: str) -> Policy:
        """The most specific policy that applies. `standard` applies to everything."""
        fitting = (p for p in self.policies if p.applies(queue, tier, channel))
        return max(fitting, key=lambda policy: policy.specificity)

    def edition(self, at_risk_share: float) -> str:
        """Names everything that a deadline is made with, beside the choice of the policy."""
        return f"@{self.version}-{at_risk_share:g}"

    def stamp(self, policy: Policy, at_risk_share: float) -> str:
        """What a task keeps of the policy that its deadlines were made with."""
        return policy.name + self.edition(at_risk_share)


def conflicts(policies: Sequence[Policy]) -> Iterator[tuple[Policy, Policy, str]]:
    """Pairs of which nobody could say which one wins, with an example of what both apply to."""
    for one, other in combinations(policies, 2):
        if one.specificity != other.specificity:
            continue
        shared = [
            (word, sorted(set(mine) & set(theirs)))
            for word, mine, theirs in (
                ("tier", one.tiers, other.tiers),
                ("queue", one.queues, other.queues),
                ("channel", one.channels, other.channels),
            )
            if mine
        ]
        if all(both for _, both in shared):
            example = ", ".join(f"{word} {both[0]!r}" for word, both in shared)
            yield one, other, example or "everything"


def unreachable(policies: Sequence[Policy], queues: Sequence[str]) -> Iterator[Policy]:
    """Policies that never apply, because more specific ones take all that they name.

    `queues` are all there are; tiers and channels are open lists, so that some other value
    of them is always possible. The standard policy may well be left with nothing.
    """
    tiers = {t for policy in policies for t in policy.tiers} | {_ANY_OTHER}
    channels = {c for policy in policies for c in policy.channels} | {_ANY_OTHER}
    slas = Slas(policies=tuple(policies))
    chosen = {
        slas.of(*mention).name for mention in product(queues, sorted(tiers), sorted(channels))
    }
    for policy in policies:
        if policy.name != STANDARD and policy.name not in chosen:
            yield policy
