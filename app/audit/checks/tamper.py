"""The chain over the ledger: nothing was altered, put in or taken out afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.task import Task
from app.audit.world import World


class TamperEvident(Invariant):
    id = "I24"
    sentence = "Each fact is chained to the one before: none was altered, removed or put in."
    head: tuple[int, str] | None = None

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._last: str | None = None  # None: this ledger is not read from its first fact
        self._seq = 0
        self._unchained = 0
        self._head_seen = False

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        if not fact.chain:
            if self._last is None:
                self._unchained += 1
            else:
                yield self.broken(fact, "a fact outside the chain", self._seq)
            return
        first = self._last is None and not self._unchained and fact.seq == 1
        previous = "" if first else self._last
        if previous is not None:
            right = hashlib.sha256(previous.encode() + fact.canonical).hexdigest()
            if right != fact.chain:
                yield self.broken(fact, "the fact does not fit the chain", self._seq)
        # From here on by what is told, so that one alteration is one violation.
        self._last, self._seq, fact.canonical = fact.chain, fact.seq, b""
        if self.head and fact.seq == self.head[0]:
            self._head_seen = True
            if fact.chain != self.head[1]:
                yield self.broken(fact, f"the head kept elsewhere is {self.head[1]}")

    def end(self) -> Iterator[Violation]:
        if self.head and self._last is not None and not self._head_seen:
            detail = f"the ledger ends at {self._seq}, the head kept elsewhere is {self.head[0]}"
            yield Violation(self.id, detail, (self._seq,))

    def missing(self) -> str:
        if self._last is None:
            return "a hash chain in the facts: `chain`, as /api/v1/facts serves it"
        if self._unchained:
            return f"the {self._unchained} facts before the chain began"
        if self.head is None:
            return "that nothing was cut off or written anew: --head SEQ:CHAIN, kept elsewhere"
        return ""

    def blind(self) -> bool:
        return self._last is None


CHECKS = (TamperEvident,)
