"""overrides: what people did otherwise than the rules had decided, over recorded mentions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from app.adapters.store.database import Database
from app.adapters.store.traffic import Traffic, Trail
from app.core.backtest_report import Window
from app.core.overrides import OPS, Overrides, course


def traffic_of(database: Database) -> Traffic:
    """What the report reads."""
    return Traffic(database, OPS)


async def report(traffic: Traffic, window: Window) -> dict[str, Any]:
    """The report over the mentions that were decided in the window. Raises Unavailable."""
    made = Overrides()
    async for trails in traffic.trails(window):
        await asyncio.to_thread(_add, made, trails)
    return made.as_dict()


def _add(made: Overrides, trails: Iterable[Trail]) -> None:
    for trail in trails:
        if one := course(orjson.loads(body) for body in trail):
            made.add(one)


HEADS: Final = ("rule", "changed", "how", "sent instead to", "reasons")


def rows(made: dict[str, Any]) -> Iterable[Sequence[str]]:
    """The rules that people changed, as lines of a table under `HEADS`."""
    for rule in made["rules"]:
        if rule["overridden"]:
            yield (
                rule["rule"],
                f"{rule['overridden']} of {rule['tasks']} ({rule['share']:.1%})",
                ", ".join(f"{kind} {n}" for kind, n in rule["kinds"].items()),
                ", ".join(f"{way['to']} {way['tasks']}" for way in rule["routes"]),
                "; ".join(one["reason"] for one in rule["reasons"]),
            )
