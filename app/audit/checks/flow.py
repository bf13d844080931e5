"""From delivery to outcome: nothing lost, every score signed, every dead letter kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from app.audit.fact import Fact
from app.audit.inputs import Accepted, Letter
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.task import Task
from app.audit.world import World

OUTCOMES = frozenset({"decided", "duplicate", "edited", "dead"})


class NoLoss(Invariant):
    id = "I1"
    sentence = "Each accepted delivery has exactly one outcome, and a decision for a queue a task."
    mentions: list[Accepted] | None = None

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._outcome: dict[str, tuple[str, int]] = {}  # src -> outcome, seq
        self._count: Counter[str] = Counter()  # mention -> outcomes
        self._undecided: dict[str, Fact] = {}  # src -> received
        self._to_queue: dict[str, Fact] = {}  # mention -> decided for a queue, no task yet

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if fact.op in OUTCOMES:
            known = self._outcome.get(fact.op_id)
            if known:
                detail = f"{fact.op_id} is {fact.op}, and was {known[0]} already"
                yield self.broken(fact, detail, known[1])
            self._outcome[fact.op_id] = (fact.op, fact.seq)
            self._count[fact.mention_id] += 1
        if fact.op == "received":
            self._undecided[fact.op_id] = fact
        elif fact.op == "decided":
            if self._undecided.pop(fact.op_id, None) is None:
                yield self.broken(fact, "decided, but never received")
            if (fact.data.get("decision") or {}).get("queue"):
                self._to_queue[fact.mention_id] = fact
        elif (
            fact.task_id
            and task is None
            and self._to_queue.pop(fact.mention_id, None) is None
            and fact.version == 1
            and fact.mention_id not in self.world.of_mention
        ):
            yield self.broken(fact, "a task that no decision asked for")

    def end(self) -> Iterator[Violation]:
        for fact in self._undecided.values():
            yield self.broken(fact, f"{fact.op_id} was received, but has no outcome")
        for fact in self._to_queue.values():
            yield self.broken(fact, "decided for a queue, but there is no task")
        for accepted in self.mentions or ():
            if accepted.src and accepted.src not in self._outcome:
                detail = f"{accepted.src} was accepted, but has no outcome"
                yield Violation(self.id, detail, mention_id=accepted.mention_id)
        yield from self._by_mention()

    def _by_mention(self) -> Iterator[Violation]:
        """Where only the mention is known, count: as many outcomes as deliveries, at least."""
        wanted = Counter(a.mention_id for a in self.mentions or () if not a.src)
        for mention_id, deliveries in wanted.items():
            if self._count[mention_id] < deliveries:
                detail = f"{deliveries} deliveries, {self._count[mention_id]} outcomes"
                yield Violation(self.id, detail, mention_id=mention_id)

    def missing(self) -> str:
        return "" if self.mentions is not None else "what was accepted: --mentions"


class SignedScores(Invariant):
    id = "I22"
    sentence = "Each decision rests on a score that names its model, or says that none made it."

    # A model is told as name@sha; `lexicon` says that none did it, but lists of words.
    _MODEL: ClassVar = re.compile(r"[^@\s]+@[0-9a-f]{6,64}|lexicon")

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._scored: dict[str, Fact] = {}  # src -> scored, until its decision

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        if fact.op == "scored":
            self._scored[fact.op_id] = fact
        elif fact.op == "decided":
            scored = self._scored.pop(fact.op_id, None)
            if scored is None or scored.mention_id != fact.mention_id:
                yield self.broken(fact, "decided without a score")
                return
            model = str((scored.data.get("score") or {}).get("model") or "")
            if not self._MODEL.fullmatch(model):
                yield self.broken(fact, f"the score names no model: {model!r}", scored.seq)


class DeadComplete(Invariant):
    id = "I23"
    sentence = "Each dead fact has its letter, each letter its fact, and the bytes are the same."
    dead: list[Letter] | None = None

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._facts: dict[str, Fact] = {}
        self._unsigned = 0

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        if fact.op == "dead":
            self._facts[fact.op_id] = fact
            self._unsigned += "sha256" not in fact.data
        return iter(())

    def end(self) -> Iterator[Violation]:
        if self.dead is None:
            return
        letters = Counter(letter.src for letter in self.dead)
        for src, fact in self._facts.items():
            if not letters[src]:
                yield self.broken(fact, f"{src} is told as dead, but there is no letter")
        for src, count in letters.items():
            if count > 1:
                yield Violation(self.id, f"{src} has {count} letters")
        for letter in self.dead:
            yield from self._compare(letter)

    def _compare(self, letter: Letter) -> Iterator[Violation]:
        fact = self._facts.get(letter.src)
        if fact is None:
            yield Violation(self.id, f"the letter {letter.src} has no fact")
            return
        told, size = fact.data.get("sha256"), fact.data.get("bytes")
        if told is not None and told != letter.sha256:
            yield self.broken(fact, f"the letter's sha256 is {letter.sha256}, told was {told}")
        elif letter.size >= 0 and size is not None and size != letter.size:
            yield self.broken(fact, f"the letter has {letter.size} bytes, told were {size}")

    def missing(self) -> str:
        if self.dead is None:
            return "the dead letters: --dead"
        if self._unsigned:
            return f"the sha256 of {self._unsigned} letters: data.sha256 in the dead fact"
        return ""

    def blind(self) -> bool:
        return self.dead is None


CHECKS = (NoLoss, SignedScores, DeadComplete)
