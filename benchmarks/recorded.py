"""A ledger of recorded traffic: the demo's mentions through shipped triage, and people's work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from random import Random
from typing import Any

import orjson
import sqlalchemy as sa

from app import flow
from app.adapters.cel_rules import CelRules
from app.adapters.store.database import Database
from app.adapters.store.tables import facts as facts_table
from app.config import Config
from app.core.facts import Fact
from app.core.formulas import completed
from app.core.mention import Mention
from app.core.profile import STRANGER, Profile
from app.core.score import NOT_SCORED, Judgement, Score, Sentiment
from app.demo.people import known
from app.demo.world import mentions
from app.ports import Admission, DeadLetter, Delivery, Known, Seen, nothing_known
from app.steps.batch import Ports

_SEED = 11
_START = datetime(2026, 1, 1, tzinfo=UTC)
_STEP_S = 20.0  # nine days of 40,000 mentions: what the demo's people can just about answer
_BATCH = 64
_SPOKEN = "en"


@dataclass(slots=True)
class _Memory:
    """Triage's ports, in memory: a seeded mood in place of the model, a list as the door."""

    dice: Random = field(default_factory=lambda: Random(_SEED))
    known: dict[str, Profile] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    admitted: list[Admission] = field(default_factory=list)
    model: str = "seeded@0"

    async def seen(self, _mention_ids: Sequence[str]) -> dict[str, Seen]:
        return {}

    async def of(self, keys: Sequence[str]) -> Known:
        profiles = [self.known.get(key, STRANGER) for key in keys]
        return replace(nothing_known(len(keys)), profiles=profiles, missing=())

    async def score(self, said: Sequence[Mention]) -> list[Score]:
        return [self._score(mention) for mention in said]

    def _score(self, mention: Mention) -> Score:
        lang = str(mention.meta["lang"])
        shares = [round(self.dice.random() / 3, 4) for _ in range(2)]
        low, middle, high = sorted([*shares, round(1 - sum(shares), 4)])
        mood = NOT_SCORED
        if lang == _SPOKEN:
            names = self.dice.sample(("negative", "neutral", "positive"), 3)
            shared = dict(zip(names, (low, middle, high), strict=True))
            mood = Sentiment(label=names[2], confidence=high, **shared)
        judged = Judgement(sentiment=mood)
        return completed(mention.text, mention.author.followers, judged, lang, self.model)

    async def admit(self, admissions: Sequence[Admission]) -> list[str]:
        for one in admissions:  # repeats and edits move no task: they are left out
            if one.mention.mention_id not in self.taken:
                self.taken.add(one.mention.mention_id)
                self.admitted.append(one)
        return ["task" if a.task else "closed" for a in admissions]

    async def note(self, _facts: Sequence[Fact]) -> None:
        return None

    async def bury(self, _letters: Sequence[DeadLetter]) -> None:
        return None


async def fill(database: Database, config: Config, count: int) -> tuple[int, int]:
    """Triage about so many mentions and keep their facts; returns mentions and facts."""
    memory, at = _Memory(known=known()), {"ms": 0}
    parts = Ports(
        seen=memory, scorer=memory, profiles=memory, rules=CelRules(config), door=memory,
        dead_letters=memory, catalogue=config.catalogue, at_risk_share=0.8,
        now_ms=lambda: at["ms"],
    )  # fmt: skip
    facts, dice = 0, Random(_SEED)
    said = enumerate(islice(mentions(_SEED, _START, _STEP_S), count))
    while batch := list(islice(said, _BATCH)):
        deliveries = [_delivery(number, wire) for number, wire in batch]
        at["ms"] = round((_START.timestamp() + batch[-1][0] * _STEP_S) * 1000)
        await flow.triage(deliveries, parts)
        rows = [row for one in memory.admitted for row in _rows(one, dice)]
        memory.admitted.clear()
        await database.write(partial(_insert, rows=rows))
        facts += len(rows)
    return len(memory.taken), facts


def _delivery(number: int, wire: dict[str, Any]) -> Delivery:
    detected_at = _START + timedelta(seconds=number * _STEP_S)
    raw = orjson.dumps(wire | {"detected_at": detected_at})
    return Delivery(src=f"mentions/0/0@{number}", raw=raw, topic="mentions")


def _rows(one: Admission, dice: Random) -> Iterator[dict[str, Any]]:
    """As the ledger has them, without the chain: nobody here looks at it."""
    for fact in (*(fact.as_dict() for fact in one.facts), *_work(one, dice)):
        row = {name: fact[name] for name in ("fact_id", "op", "op_id", "mention_id", "now_ms")}
        yield row | {"body": orjson.dumps(fact)}


def _work(one: Admission, dice: Random) -> Iterator[dict[str, Any]]:
    """A task is queued, offered, accepted, answered and completed, in a few minutes."""
    if not one.task:
        return
    task, now_ms = one.task, one.facts[-1].now_ms
    for version, (op, within_s) in enumerate(
        (("queued", 0), ("offered", 300), ("accepted", 20), ("replied", 240), ("completed", 180)), 1
    ):
        now_ms += round(1000 * dice.uniform(within_s / 4, within_s))
        op_id = f"{op}:{task.task_id}"
        yield {
            "fact_id": f"{op_id}/{op}", "op": op, "op_id": op_id, "now_ms": now_ms,
            "mention_id": one.mention.mention_id, "source_id": one.mention.source_id,
            "task_id": task.task_id, "version": version, "queue": task.queue, "to": op,
            "priority": task.priority, "deadline_ms": task.due_ms, "reason": "", "rep": "amira",
            "fields": {"state": op, "queue": task.queue, "order_ms": str(task.order_ms)},
            "actor": {"type": "user", "id": "amira", "role": "agent"}, "data": {},
        }  # fmt: skip


def _insert(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(facts_table), rows)
