"""What clients were told against what the ledger says: idempotence, durability, honesty."""

from __future__ import annotations

from collections.abc import Iterator

from app.audit.fact import Fact
from app.audit.inputs import FAIL, INFO, OK, Told
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.task import Task
from app.audit.world import World

# The facts that a command that succeeded may leave under its op id.
_FACTS_OF = {
    "accept": ("accepted",),
    "reject": ("rejected",),
    "reply": ("replied",),
    "complete": ("completed", "wrapping"),
    "transfer": ("transferred",),
    "park": ("parked",),
    "unpark": ("queued",),
    "cancel": ("cancelled",),
    "prioritise": ("prioritised",),
    "assign": ("offered",),
    "pull_back": ("rescinded", "transferred"),
}
_NEEDS = "what clients were told: --client-log"


class WithClients(Invariant):
    """Keeps the facts of the commands in the client log, by op id."""

    client: list[Told] | None = None

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._wanted: set[str] | None = None
        self.facts_of: dict[str, list[Fact]] = {}

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        if self._wanted is None:
            self._wanted = {told.op_id for told in self.client or ()}
        if fact.task_id and fact.op_id in self._wanted:
            self.facts_of.setdefault(fact.op_id, []).append(fact)
        return iter(())

    def told(self) -> dict[str, list[Told]]:
        """Per op id, the answers in the order in which they came."""
        answers: dict[str, list[Told]] = {}
        for told in self.client or ():
            if told.kind in (OK, FAIL, INFO):
                answers.setdefault(told.op_id, []).append(told)
        return answers

    def against(self, told: Told, detail: str, *facts: Fact) -> Violation:
        where = f"client log line {told.line}: {told.op_id}: {detail}"
        return Violation(self.id, where, tuple(f.seq for f in facts), told.task_id)

    def missing(self) -> str:
        return "" if self.client is not None else _NEEDS


class ToldOneOwner(WithClients):
    """The clients' half of I6: the ledger's half is in `holding`."""

    id = "I6"
    sentence = "At no time do two reps hold a task, in the ledger or by what they were told."

    def end(self) -> Iterator[Violation]:
        owners: dict[str, list[Told]] = {}
        for told in self.client or ():
            if told.kind == OK and told.command == "accept":
                owners.setdefault(told.task_id, []).append(told)
        for told_yes in owners.values():
            known = [t for t in told_yes if self._accepted(t)]
            for told in told_yes:
                if not self._accepted(told) and any(k.rep != told.rep for k in known):
                    yes = ", ".join(sorted({t.rep for t in told_yes}))
                    yield self.against(told, f"{yes} were all told that the task is theirs")

    def _accepted(self, told: Told) -> bool:
        facts = self.facts_of.get(told.op_id, ())
        return any(f.op == "accepted" and f.rep == told.rep for f in facts)


class Idempotence(WithClients):
    id = "I14"
    sentence = "The same op id is done once, and gets the same answer however often it comes."

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._seen: dict[str, tuple[int, str]] = {}  # fact id -> seq, task

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        yield from super().see(fact, task)
        known = self._seen.get(fact.fact_id)
        if known:
            yield self.broken(fact, f"{fact.fact_id} is in the ledger twice", known[0])
        self._seen[fact.fact_id] = (fact.seq, fact.task_id)

    def end(self) -> Iterator[Violation]:
        for answers in self.told().values():
            done = [t for t in answers if t.kind == OK]
            if not done:
                continue
            first = done[0]
            for later in answers[answers.index(first) + 1 :]:
                if later.task_id != first.task_id:
                    continue  # the same key on another task is another command
                if later.kind == FAIL:
                    yield self.against(later, f"refused, but line {first.line} says it was done")
                elif later.kind == OK and later.result != first.result:
                    yield self.against(later, f"another result than in line {first.line}")


class Durable(WithClients):
    id = "I15"
    sentence = "What a client was told is done is in the ledger, as it was told."

    def blind(self) -> bool:
        return self.client is None

    def end(self) -> Iterator[Violation]:
        for told in self.client or ():
            if told.kind != OK:
                continue
            facts = [f for f in self.facts_of.get(told.op_id, ()) if f.task_id == told.task_id]
            if not facts:
                yield self.against(told, "told as done, but the ledger has no such fact")
                continue
            wanted = _FACTS_OF.get(told.command)
            if wanted and not any(f.op in wanted for f in facts):
                yield self.against(
                    told, f"told as {told.command}, the ledger has {facts[0].op}", *facts
                )
            elif told.rep and all(told.rep not in (f.rep, f.actor_id) for f in facts):
                yield self.against(
                    told, f"told to {told.rep}, the ledger has {facts[0].rep}", *facts
                )


class HonestRefusal(WithClients):
    id = "I16"
    sentence = "What was definitely refused has left no fact."

    def blind(self) -> bool:
        return self.client is None

    def end(self) -> Iterator[Violation]:
        for op_id, answers in self.told().items():
            last = answers[-1]
            # A refusal before an unknown end says nothing, one beside a success is I14's.
            if last.kind != FAIL or any(t.kind == OK for t in answers):
                continue
            facts = [f for f in self.facts_of.get(op_id, ()) if f.task_id == last.task_id]
            if facts:
                yield self.against(last, f"refused with {last.status}, but it happened", *facts)


CHECKS = (ToldOneOwner, Idempotence, Durable, HonestRefusal)
