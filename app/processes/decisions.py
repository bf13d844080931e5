"""decisions: every recorded decision made again by the live rules, and one digest over all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.adapters.cel_rules import CelRules
from app.adapters.store.traffic import Traffic, Trail
from app.config import Config
from app.core.backtest_report import Window
from app.core.recorded import NOT_RECORDED, RULES_GONE, digest, line_of, recorded, verdict


@dataclass(slots=True)
class Again:
    """What deciding again came to. `verdicts` compare with what was decided then."""

    version: str
    lines: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON. The digest names no delivery: partitions and batches are not in it."""
        return {
            "version": self.version,
            "decisions": len(self.lines),
            "sha256": digest(self.lines),
            "then": dict(sorted(self.verdicts.items())),
        }


async def decide_again(traffic: Traffic, config: Config, window: Window) -> Again:
    """Decide all of this window again, edits of its mentions included. Raises Unavailable."""
    rules, again = CelRules(config), Again(config.version)
    async for trails in traffic.trails(window):
        await asyncio.to_thread(_add, again, rules, trails)
    return again


def _add(again: Again, rules: CelRules, trails: Iterable[Trail]) -> None:
    for trail in trails:
        add(again, rules, [orjson.loads(body) for body in trail])


def add(again: Again, rules: CelRules, facts: Iterable[Mapping[str, Any]]) -> None:
    """Decide one mention again, by the values that were recorded: its scores are among them."""
    for known in recorded(facts):
        same_rules = known.version == again.version
        word = verdict(known, rules.decide if same_rules else None)
        again.verdicts[word] += 1
        if word != NOT_RECORDED:
            again.lines.append(line_of(known, rules.decide(known.values)))


def sentence(again: Again) -> str:
    """The same for people."""
    found = again.as_dict()
    lines = [f"{found['decisions']} decisions by rules {found['version']}", found["sha256"]]
    lines += [f"{word}: {count}" for word, count in found["then"].items()]
    if again.verdicts[RULES_GONE]:
        lines.append("Those were decided by other rules then; the digest is of the rules of now.")
    return "\n".join(lines)
