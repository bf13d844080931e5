"""A log to decide again: the demo's mentions through shipped triage, its facts as the ledger's."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson

from app import flow
from app.adapters.cel_rules import CelRules
from app.config import Config
from app.core.formulas import completed
from app.core.mention import Mention
from app.core.score import NOT_JUDGED, Judgement, Score, Sentiment
from app.demo.people import known
from app.demo.world import mentions
from app.ports import Delivery, NewTask
from tests.builders import NOON_MS
from tests.doubles import MapProfiles, MemoryDoor, ports

START = datetime.fromtimestamp(NOON_MS / 1000, UTC)


class TextScorer:
    """A mood from the text's hash, without a model: the same text has the same score anywhere."""

    model = "hash@0"

    async def score(self, said: Sequence[Mention]) -> list[Score]:
        return [self._score(mention) for mention in said]

    def _score(self, mention: Mention) -> Score:
        dice = hashlib.sha256(mention.text.encode()).digest()
        parts = [part / sum(dice[:3]) for part in dice[:3]]
        negative, neutral, positive = (round(part, 4) for part in parts)
        label, confidence = max(
            ("negative", negative), ("neutral", neutral), ("positive", positive), key=lambda p: p[1]
        )
        mood = Sentiment(
            label=label,
            confidence=confidence,
            negative=negative,
            neutral=neutral,
            positive=positive,
        )
        judged = Judgement(sentiment=mood) if dice[3] > 40 else NOT_JUDGED
        lang = mention.meta.get("lang", "en")
        return completed(mention.text, mention.author.followers, judged, lang, self.model)


@dataclass
class Log:
    """What triage wrote, as JSON has it, and the tasks that it made."""

    facts: list[dict[str, Any]] = field(default_factory=list)
    tasks: dict[str, NewTask] = field(default_factory=dict)

    def trails(self) -> list[list[dict[str, Any]]]:
        """The facts of each mention, in order."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for fact in self.facts:
            found[fact["mention_id"]].append(fact)
        return list(found.values())


def deliveries(count: int, step_s: float = 20.0, seed: int = 3) -> list[Delivery]:
    """So many deliveries of the demo's world, its duplicates and edits among them."""
    made = []
    for number, wire in enumerate(islice(mentions(seed, START, step_s), count)):
        detected_at = START + timedelta(seconds=number * step_s)
        raw = orjson.dumps(wire | {"detected_at": detected_at})
        made.append(Delivery(src=f"mentions/0/0@{number}", raw=raw, topic="mentions"))
    return made


async def log_of(config: Config, said: Sequence[Delivery], batch: int = 64) -> Log:
    """Triage these under this configuration; each batch a minute later than the one before."""
    door = MemoryDoor()
    clock = {"ms": NOON_MS}
    parts = ports(
        door=door,
        scorer=TextScorer(),
        profiles=MapProfiles(known()),
        rules=CelRules(config),
        catalogue=config.catalogue,
        now_ms=lambda: clock["ms"],
    )
    for start in range(0, len(said), batch):
        await flow.triage(said[start : start + batch], parts)
        clock["ms"] += 60_000
    facts = [orjson.loads(orjson.dumps(fact.as_dict())) for fact in door.facts]
    tasks = {a.mention.mention_id: a.task for a in door.admitted if a.task}
    return Log([fact | {"seq": seq} for seq, fact in enumerate(facts, 1)], tasks)
