"""The live state against the ledger: a rebuild equals the original, the figures add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.audit.beside import Sample, Snapshot
from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.task import FINAL, Task
from app.audit.world import World

# What a snapshot tells of a task, under the names that it may have there.
_FIELDS: dict[str, tuple[str, ...]] = {
    "state": ("state",),
    "rep": ("rep",),
    "queue": ("queue",),
    "priority": ("priority",),
    "deadline_ms": ("deadline_ms", "due_ms"),
    "version": ("version",),
}


class RebuildEquals(Invariant):
    id = "I17"
    sentence = "The live tasks are those that the ledger gives, each as the ledger gives it."
    snapshot: Snapshot | None = None

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._done = False

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        """Compare before the first fact that is newer than the snapshot."""
        if self.snapshot and self.snapshot.seq and fact.seq > self.snapshot.seq:
            yield from self._compare()

    def end(self) -> Iterator[Violation]:
        yield from self._compare()

    def _compare(self) -> Iterator[Violation]:
        if self.snapshot is None or self._done:
            return
        self._done = True
        live = {k: row for k, row in self.snapshot.tasks.items() if row["state"] not in FINAL}
        for task in self.world.tasks.values():
            row = live.pop(task.id, None)
            if row is None:
                if task.open:
                    yield self.broken_task(task, f"{task.state} by the ledger, but not live")
            elif not task.open:
                yield self.broken_task(task, f"{row['state']} live, but {task.state} by the ledger")
            elif detail := "; ".join(_differences(task, row)):
                yield self.broken_task(task, detail)
        for id_, row in live.items():
            detail = f"{row['state']} live, but the ledger has no such task"
            yield Violation(self.id, detail, (), id_)

    def missing(self) -> str:
        return "" if self.snapshot is not None else "the live tasks as exported: --snapshot"

    def blind(self) -> bool:
        return self.snapshot is None


def _differences(task: Task, row: dict[str, Any]) -> Iterator[str]:
    for name, names in _FIELDS.items():
        told = [row[key] for key in names if key in row]
        if told and (told[0] or "") != (getattr(task, name) or ""):
            yield f"{name} is {told[0]!r} live, {getattr(task, name)!r} by the ledger"


class Conserved(Invariant):
    id = "I21"
    sentence = "Of the live figures none is lost: created is the sum, and the ledger agrees."
    samples: list[Sample] | None = None

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._done = False

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        if self.samples and fact.task_id and fact.now_ms > self.samples[-1].at_ms:
            yield from self._compare()

    def end(self) -> Iterator[Violation]:
        yield from self._compare()
        earlier: Sample | None = None
        for sample in self.samples or ():
            total = sum(sample.by_state.values())
            if total != sample.created:
                yield self._of(sample, f"{sample.created} created, but {total} by state")
            if earlier:
                yield from self._since(earlier, sample)
            earlier = sample

    def _since(self, earlier: Sample, sample: Sample) -> Iterator[Violation]:
        """What was created or has ended stays so."""
        before = {"created": earlier.created, **earlier.by_state}
        after = {"created": sample.created, **sample.by_state}
        for name in ("created", *sorted(FINAL)):
            if after[name] < before[name]:
                yield self._of(sample, f"{name} fell from {before[name]} to {after[name]}")

    def _compare(self) -> Iterator[Violation]:
        if not self.samples or self._done:
            return
        self._done = True
        last = self.samples[-1]
        right = Counter(task.state for task in self.world.tasks.values())
        for state, told in last.by_state.items():
            if told != right[state]:
                yield self._of(last, f"{told} {state}, but {right[state]} by the ledger")

    def _of(self, sample: Sample, detail: str) -> Violation:
        return Violation(self.id, f"samples line {sample.line}: {detail}")

    def missing(self) -> str:
        return "" if self.samples else "live figures over time: --samples"

    def blind(self) -> bool:
        return not self.samples


CHECKS = (RebuildEquals, Conserved)
