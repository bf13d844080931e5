"""reclock: a changed SLA policy is applied to the open tasks, from their facts.

It also corrects what the door cannot know: the door counts the pause of a resolution on the
wall, and only the fold knows the hours in which a calendar is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog

from app.adapters.redis_clocks import RedisClocks
from app.adapters.redis_door import RedisDoor
from app.adapters.store.ledger import Ledger
from app.core.errors import Conflict
from app.core.policy import Slas
from app.core.sla_facts import History, history
from app.core.sla_fold import reclock

log = structlog.get_logger()

_PAGE = 500  # facts read at once
_TASKS = 100  # tasks whose facts are read at once
_TURNS = 3  # then offers go on, though of some tasks the ledger does not know all


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under what the clocks run: the policies, and the share at which a task is at risk."""

    slas: Slas
    at_risk_share: float

    @property
    def edition(self) -> str:
        return self.slas.edition(self.at_risk_share)


@dataclass(slots=True, eq=False)
class _Look:
    """What has been seen of one state of Redis."""

    seq: int | None = None  # how far the ledger has been followed
    waiting: set[str] = field(default_factory=set)  # mentions of which it does not know all yet
    turns: int = 0


class Reclock:
    """Sets clocks again. `turn` is repeated; it does little once every task is right."""

    def __init__(self, door: RedisDoor, tasks: RedisClocks, ledger: Ledger, terms: Terms) -> None:
        self._door = door
        self._tasks = tasks
        self._ledger = ledger
        self._terms = terms
        self._look = _Look()
        # Set once every open task has been looked at: before that, offers go by old times.
        self.looked = asyncio.Event()

    def begin_anew(self) -> None:
        """Redis may hold another state than was looked at: offers wait until this one is."""
        self._look = _Look()
        self.looked.clear()

    def adopt(self, terms: Terms) -> None:
        """Other terms count from now on: every open task is looked at again, while offers go on."""
        if terms.edition != self._terms.edition:
            self._look = _Look()
        self._terms = terms

    async def turn(self) -> int:
        """Look at what is new; returns how many tasks are still to be set. Raises Unavailable."""
        look = self._look
        if look.seq is None:
            # In this order: a task that is queued meanwhile is found twice rather than never.
            seq = await self._ledger.last_seq()
            found = await self._tasks.open()
            look.waiting = {t.mention_id for t in found if self._is_other(t.policy)}
            look.seq = seq
        await self._follow(look, look.seq)
        done = [mention_id async for mention_id in self._done(sorted(look.waiting))]
        look.waiting.difference_update(done)
        look.turns += 1
        if done:
            log.info("reclocked", edition=self._terms.edition, tasks=len(done))
        # A look that was overtaken by `begin_anew` has seen a state that is gone.
        if look is self._look and (not look.waiting or look.turns >= _TURNS):
            self.looked.set()
        return len(look.waiting)

    async def _follow(self, look: _Look, seq: int) -> None:
        """A worker with an older configuration may still queue; a customer may have answered."""
        while page := await self._ledger.queued_since(seq, _PAGE):
            look.waiting |= {fact["mention_id"] for fact in page if self._is_doubtful(fact)}
            look.seq = seq = page[-1]["seq"]

    def _is_doubtful(self, fact: Mapping[str, Any]) -> bool:
        """Back from a park: the door knows its pause on the wall only, and no new policy of it."""
        return bool(fact.get("from")) or self._is_other(str(fact["data"].get("policy", "")))

    def _is_other(self, policy: str) -> bool:
        return not policy.endswith(self._terms.edition)

    async def _done(self, mention_ids: Sequence[str]) -> AsyncIterator[str]:
        """Set the clocks of these, some at a time; those that need not be tried again."""
        for start in range(0, len(mention_ids), _TASKS):
            trails = await self._ledger.of_mentions(mention_ids[start : start + _TASKS])
            for mention_id, facts in trails.items():
                if await self._set(history(facts)):
                    yield mention_id

    async def _set(self, known: History) -> bool:
        """Set the clocks of this task; False where it must be tried again."""
        if not known.queued_ms:
            return False  # its facts are on their way to the ledger still
        new = reclock(known, self._terms.slas, self._terms.at_risk_share)
        if new is None or _is_right(known, new.policy, new.resolution_due_ms):
            return True
        given = asdict(new)
        task, op_id = given.pop("task"), f"reclock:{new.task}:{known.version}"
        try:
            await self._door.command("reclock", task, op_id, version=known.version, **given)
        except Conflict as refused:
            # Something has happened to it that the ledger does not know yet; or it has ended.
            return refused.code != "stale_version"
        return True


def _is_right(known: History, policy: str, resolution_due_ms: int) -> bool:
    return (known.policy, known.resolution_due_ms) == (policy, resolution_due_ms)
