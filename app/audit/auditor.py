"""The auditor: one pass over the facts through every invariant, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from app.audit.checks import (
    chain,
    clients,
    flow,
    holding,
    order,
    outside,
    people,
    resolution,
    sla,
    snapshot,
    tamper,
    waiting,
)
from app.audit.fact import Fact
from app.audit.inputs import Inputs
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.world import World

_KEPT = 1_000  # violations of one invariant that are told in full; all are counted

CHECKS: tuple[type[Invariant], ...] = (
    *flow.CHECKS,
    *chain.CHECKS,
    *holding.CHECKS,
    *order.CHECKS,
    *waiting.CHECKS,
    *sla.CHECKS,
    *resolution.CHECKS,
    *clients.CHECKS,
    *snapshot.CHECKS,
    *people.CHECKS,
    *tamper.CHECKS,
    *outside.CHECKS,
)

# What each check is given of the files beside the ledger, by the name that it has there.
_GIVEN = (
    "mentions",
    "dead",
    "client",
    "pushes",
    "users",
    "samples",
    "snapshot",
    "canaries",
    "resources",
    "head",
)

PROVEN, PARTLY, NOT_CHECKED, BROKEN = "proven", "partly", "not checked", "broken"


@dataclass(slots=True)
class Verdict:
    """How one invariant fared; `needs` says what would prove more."""

    id: str
    sentence: str
    status: str
    needs: str = ""
    violations: int = 0


@dataclass(slots=True)
class Auditor:
    inputs: Inputs = field(default_factory=Inputs)
    bounds: Bounds = field(default_factory=Bounds)
    world: World = field(default_factory=World)
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    head: tuple[int, str] | None = None  # of the chain: the last fact and its sum
    _checks: list[Invariant] = field(default_factory=list)
    _seeing: list[Invariant] = field(default_factory=list)
    _ticking: list[Invariant] = field(default_factory=list)

    def __post_init__(self) -> None:
        for rep in self.inputs.staff:
            self.world.enrol(rep, 0)
        for check in CHECKS:
            made = check(self.world, self.bounds)
            for name in _GIVEN:
                if hasattr(made, name):
                    setattr(made, name, getattr(self.inputs, name))
            self._checks.append(made)
            if check.see is not Invariant.see:
                self._seeing.append(made)
            # Waiting beside a free rep is looked at when it ends; the rest is cheap at every fact.
            if check.tick is not Invariant.tick and check is not waiting.NoStarvation:
                self._ticking.append(made)

    def see(self, fact: Fact) -> list[Violation]:
        """Take in the next fact; returns what it breaks."""
        task = self.world.tasks.get(fact.task_id) if fact.task_id else None
        if fact.task_id:
            self.world.advance(fact.now_ms)
        found = [v for check in self._seeing for v in check.see(fact, task)]
        self.world.apply(fact)
        if fact.chain:
            self.head = fact.seq, fact.chain
        found += self._tick(self.world.now_ms)
        return self._keep(found)

    def idle(self, now_ms: int) -> list[Violation]:
        """Nothing has come; what should have by now?"""
        self.world.advance(now_ms)
        return self._keep(self._tick(self.world.now_ms, everything=True))

    def end(self) -> list[Violation]:
        found = self._tick(self.world.now_ms, everything=True)
        found += [v for check in self._checks for v in check.end()]
        return self._keep(found)

    @property
    def empty(self) -> bool:
        """Has there been no fact at all? Then whatever holds for each of them proves nothing."""
        return not self.world.facts

    def verdicts(self) -> list[Verdict]:
        """One for each invariant I1 to I26, in order."""
        found: dict[str, Verdict] = {}
        for check in self._checks:
            unseen = self.empty and check.of_facts
            needs = "any fact at all: the ledger is empty" if unseen else check.missing()
            verdict = found.setdefault(check.id, Verdict(check.id, check.sentence, PROVEN))
            verdict.needs = "; ".join(filter(None, (verdict.needs, needs)))
            verdict.status = PARTLY if verdict.needs else PROVEN
            if unseen or check.blind():
                verdict.status = NOT_CHECKED
            verdict.violations = self.counts[check.id]
            if verdict.violations:
                verdict.status = BROKEN
        return sorted(found.values(), key=lambda verdict: int(verdict.id[1:]))

    def _tick(self, now_ms: int, everything: bool = False) -> list[Violation]:
        checks = self._checks if everything else self._ticking
        return [violation for check in checks for violation in check.tick(now_ms)]

    def _keep(self, found: list[Violation]) -> list[Violation]:
        for violation in found:
            self.counts[violation.invariant] += 1
            if self.counts[violation.invariant] <= _KEPT:
                self.violations.append(violation)
        return found
