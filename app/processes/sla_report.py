"""sla: what the clocks of all mentions come to under the present policies, from their facts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.core.errors import Invalid
from app.core.policy import Slas
from app.core.sla_facts import EMPTY, History, step
from app.core.sla_fold import BREACHED, MET, STOPPED, clocks, reading
from app.settings import Settings
from app.wiring import rules
from app.wiring.base import configuration, system_ms

_COLUMNS = (MET, BREACHED, STOPPED, "open")
_PAGE = 2_000


def run(settings: Settings, file: Path | None) -> str:
    """The table, from a file of facts (JSON lines) or from the store.

    Raises ConfigError, Invalid for a file of anything else, and Unavailable.
    """
    live = rules.known(settings)
    slas = configuration(settings, live.version.texts if live else None).catalogue.slas
    known = _of_file(file) if file else asyncio.run(_of_store(settings))
    return table(known.values(), slas, settings.sla.at_risk_share, system_ms())


def _of_file(file: Path) -> dict[str, History]:
    try:
        return _histories(orjson.loads(line) for line in file.read_bytes().splitlines() if line)
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Invalid("not_facts", "a file of facts, as JSON lines", str(error)) from None


async def _of_store(settings: Settings) -> dict[str, History]:
    database, known = Database(settings.store_url), dict[str, History]()
    try:
        async for page in _pages(Ledger(database)):
            _histories(page, known)
    finally:
        database.close()
    return known


def table(known: Iterable[History], slas: Slas, share: float, now_ms: int) -> str:
    """One row for each policy and clock: met, breached, stopped (cancelled), still open."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in known:
        found = clocks(one, slas, share)
        for clock in (found.response, found.resolution) if found else ():
            if found and clock:
                state = reading(clock, now_ms).state
                column = state if state in _COLUMNS else "open"
                counts[found.policy.name, clock.name, column] += 1
    return "\n".join(_rows(counts))


def _rows(counts: Mapping[tuple[str, str, str], int]) -> Iterator[str]:
    yield f"{'policy':<20}{'clock':<16}" + "".join(f"{name:>10}" for name in _COLUMNS)
    for policy, clock in sorted({(policy, clock) for policy, clock, _ in counts}):
        figures = "".join(f"{counts.get((policy, clock, name), 0):>10}" for name in _COLUMNS)
        yield f"{policy:<20}{clock:<16}{figures}"


def _histories(
    facts: Iterable[Mapping[str, Any]], known: dict[str, History] | None = None
) -> dict[str, History]:
    """One fold for each mention, side by side."""
    known = {} if known is None else known
    for fact in facts:
        if mention_id := fact.get("mention_id"):
            known[mention_id] = step(known.get(mention_id, EMPTY), fact)
    return known


async def _pages(ledger: Ledger) -> AsyncIterator[list[dict[str, Any]]]:
    seq = 0
    while page := await ledger.since(seq, _PAGE):
        yield page
        seq = page[-1]["seq"]
