"""People: what their browsers received, and who they were when they did what they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from app.audit.beside import Push, Stay
from app.audit.fact import Fact
from app.audit.invariant import Bounds, Invariant, Violation
from app.audit.task import OFFERED, Task
from app.audit.world import World

_ANSWERS = frozenset({"accepted", "rejected"})


class Pushed(Invariant):
    id = "I19"
    sentence = "Each browser gets every push once and in order, every offer, and no other's task."
    pushes: list[Push] | None = None

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._answered: dict[tuple[str, str], list[Fact]] = {}  # offers that their rep answered
        self._queues: dict[str, set[str]] = {}  # where each task has waited
        self._serves: dict[str, set[str]] = {}  # the queues that each rep has ever served
        self._offered: set[tuple[str, str]] = set()

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:
        if self.pushes is None:
            return iter(())
        if fact.op == "configured" and isinstance(fact.data.get("rep"), dict):
            name = str(fact.data["rep"].get("name") or "")
            self._serves.setdefault(name, set()).update(self.world.rep(name).queues)
        if fact.task_id:
            self._queues.setdefault(fact.task_id, set()).add(fact.queue)
        if fact.op == "offered":
            self._offered.add((fact.rep, fact.task_id))
        elif task and task.state == OFFERED and fact.op in _ANSWERS:
            self._answered.setdefault((task.rep, task.id), []).append(fact)
        return iter(())

    def end(self) -> Iterator[Violation]:
        if self.pushes is None:
            return
        yield from self._gaps(self.pushes)
        seen = Counter((p.rep, p.task_id) for p in self.pushes if p.event == "offer")
        watched = {push.rep for push in self.pushes}
        for (rep, task_id), answers in self._answered.items():
            if rep in watched and seen[rep, task_id] < len(answers):
                detail = (
                    f"{rep} answered {len(answers)} offers, but was pushed {seen[rep, task_id]}"
                )
                yield self.broken(answers[-1], detail)
        for push in self.pushes:
            yield from self._strange(push)

    def _gaps(self, pushes: list[Push]) -> Iterator[Violation]:
        last: dict[tuple[str, str], int] = {}
        for push in pushes:
            known = last.get((push.rep, push.conn))
            if known is not None and push.seq != known + 1:
                what = "a gap" if push.seq > known else "a repetition"
                yield self._of(push, f"{what}: {push.seq} follows {known}")
            last[push.rep, push.conn] = push.seq

    def _strange(self, push: Push) -> Iterator[Violation]:
        """Who was never offered a task and serves none of its queues has no business with it."""
        rep = self.world.reps.get(push.rep)
        if not push.task_id or rep is None or (push.rep, push.task_id) in self._offered:
            return
        serves = self._serves.get(push.rep, set()) | rep.queues
        waited = self._queues.get(push.task_id)
        if waited is None:
            yield self._of(push, f"{push.rep} was pushed a task that the ledger does not know")
        elif serves and not waited & serves:
            where = ", ".join(sorted(waited))
            yield self._of(
                push, f"{push.rep} was pushed a task of {where}, which they do not serve"
            )

    def _of(self, push: Push, detail: str) -> Violation:
        return Violation(self.id, f"client log line {push.line}: {detail}", (), push.task_id)

    def missing(self) -> str:
        if self.pushes is not None:
            return ""
        return "what browsers received: lines of type push in --client-log"

    def blind(self) -> bool:
        return self.pushes is None


class Authority(Invariant):
    id = "I20"
    sentence = "Whoever did something was known then, and had the role in which they did it."
    users: list[Stay] | None = None

    def __init__(self, world: World, bounds: Bounds) -> None:
        super().__init__(world, bounds)
        self._of: dict[str, list[Stay]] | None = None

    def see(self, fact: Fact, task: Task | None) -> Iterator[Violation]:  # noqa: ARG002
        if self.users is None or not (fact.actor_id or fact.actor_type):
            return
        if fact.actor_type == "system":
            if fact.role != "service":
                yield self.broken(fact, f"{fact.actor_id} is a part of the system as {fact.role}")
            return
        stays = self._known(fact.actor_id)
        now = [stay for stay in stays if stay.at(fact.now_ms)]
        if not stays:
            yield self.broken(fact, f"nobody is known as {fact.actor_id}")
        elif not now:
            yield self.broken(fact, f"{fact.actor_id} was not known at {fact.now_ms}")
        elif all(stay.role != fact.role for stay in now):
            roles = " and ".join(sorted({stay.role for stay in now}))
            yield self.broken(fact, f"{fact.actor_id} acted as {fact.role}, but was {roles}")

    def _known(self, name: str) -> list[Stay]:
        if self._of is None:
            self._of = {}
            for stay in self.users or ():
                self._of.setdefault(stay.name, []).append(stay)
        return self._of.get(name, [])

    def missing(self) -> str:
        return "" if self.users is not None else "who had which role and when: --users"

    def blind(self) -> bool:
        return self.users is None


CHECKS = (Pushed, Authority)
