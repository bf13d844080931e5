"""backtest: a draft of the rules over recorded traffic, in processes of its own; writes nothing."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, Final

import orjson

from app.adapters.cel_events import CelEvents
from app.adapters.cel_rules import CelRules
from app.adapters.store.traffic import Traffic, Trail
from app.config import Config
from app.core.backtest import Outcome, Rulebook, outcome
from app.core.backtest_report import Asked, Report, Window, report
from app.core.catalogue import Rep
from app.core.errors import Invalid
from app.core.forecast_events import Fared, Later, asked_for, played
from app.core.forecast_tasks import Floor
from app.core.handling import Handled, by_queue, handled
from app.core.recorded import recorded
from app.core.rules import MENTION, Row, Rule
from app.core.sla import RESOLUTION
from app.processes.forks import die_with_parent

MOST_MENTIONS: Final = 500_000  # some gigabytes of outcomes: a longer window is looked at in parts
_WORKERS: Final = max(1, min(2, os.cpu_count() or 1))
_NICENESS: Final = 10  # old mentions give way to new ones
_AHEAD: Final = 2  # pages that wait for each worker

OnProgress = Callable[[float], Awaitable[None]]


async def _silent(_share: float) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What to compare, with whom at work, over which window."""

    live: Config
    draft: Config
    reps: tuple[Rep, ...]
    at_risk_share: float
    window: Window = field(default_factory=Window)
    samples: int = 20


@dataclass(slots=True)
class Page:
    """What was found in one page of trails."""

    outcomes: list[Outcome] = field(default_factory=list)
    handled: list[Handled] = field(default_factory=list)
    unrecorded: int = 0
    untold: int = 0
    breached: int = 0

    def add(self, other: Page) -> None:
        self.outcomes += other.outcomes
        self.handled += other.handled
        self.unrecorded += other.unrecorded
        self.untold += other.untold
        self.breached += other.breached


async def run_backtest(
    traffic: Traffic,
    test: Backtest,
    on_progress: OnProgress = _silent,
    pool: Executor | None = None,
) -> Report:
    """The report. `on_progress` hears the share that is done, and ends the run by raising.

    So does cancelling the task that awaits this; nothing is left behind then. Raises Invalid for a
    window with too many mentions, and Unavailable. `pool` is for tests: it must have prepared.
    """
    if pool is not None:
        return await _run(traffic, test, on_progress, pool)
    with _processes(test) as own:
        return await _run(traffic, test, on_progress, own)


async def _run(traffic: Traffic, test: Backtest, on_progress: OnProgress, pool: Executor) -> Report:
    total = await traffic.count(test.window)
    if total > MOST_MENTIONS:
        raise Invalid("too_many", f"a window with at most {MOST_MENTIONS} mentions", str(total))
    loop, done = asyncio.get_running_loop(), 0
    found: list[bytes] = []
    waiting: deque[asyncio.Future[bytes]] = deque()
    async for trails in traffic.trails(test.window):
        waiting.append(loop.run_in_executor(pool, packed, trails))
        done += len(trails)
        if len(waiting) >= _WORKERS * _AHEAD:
            found.append(await waiting.popleft())
            await on_progress(min(1.0, done / max(1, total)))
    while waiting:
        found.append(await waiting.popleft())
    made = await loop.run_in_executor(pool, summed_up, found)
    await on_progress(1.0)
    return made


@contextmanager
def _processes(test: Backtest) -> Iterator[ProcessPoolExecutor]:
    """Fresh ones: a fork would carry over half of our threads. They end with us, or when told."""
    context = get_context("spawn")
    pool = ProcessPoolExecutor(_WORKERS, context, initializer=prepare, initargs=(test, True))
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a worker has ready: the test, and the rules of both sides compiled.

    `names` are the values that rules at later events ask for; None where there are no such rules.
    """

    test: Backtest
    live: Rulebook
    draft: Rulebook
    later: tuple[Later | None, Later | None]
    names: frozenset[str] | None


_ready: dict[str, _Bench] = {}


def prepare(test: Backtest, own_process: bool = False) -> None:
    """Compile both sides, once for each worker."""
    if own_process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who started us
        die_with_parent()
        os.nice(_NICENESS)
    live, draft = CelRules(test.live), CelRules(test.draft)
    later = (_later(test.live, live.events), _later(test.draft, draft.events))
    rules = [rule for side in later if side for rule in side.rules]
    _ready["bench"] = _Bench(
        test=test,
        live=_book(test, test.live, live),
        draft=_book(test, test.draft, draft),
        later=later,
        names=asked_for(rules) if rules else None,
    )


def _book(test: Backtest, config: Config, rules: CelRules) -> Rulebook:
    return Rulebook(
        decide=rules.decide, slas=config.catalogue.slas, at_risk_share=test.at_risk_share
    )


def _later(config: Config, events: CelEvents) -> Later | None:
    """The event rules that a forecast can ask; None where there are none."""

    def ask(rules: Sequence[Rule], values: Mapping[str, object]) -> Fared:
        fared = events.ask(rules, values)
        return fared.fired, fared.trace

    rules = played(events.rules)
    return Later(rules=rules, ask=ask, calendars=config.catalogue.calendars) if rules else None


def packed(trails: list[Trail]) -> bytes:
    """A page as bytes: the event loop that passes them on has next to nothing to do."""
    return pickle.dumps(decided_again(trails), pickle.HIGHEST_PROTOCOL)


def decided_again(trails: list[Trail]) -> Page:
    """Both sides' decisions for these mentions and their edits, which move no task."""
    bench, page = _ready["bench"], Page()
    for trail in trails:
        facts = [orjson.loads(body) for body in trail]
        page.handled += handled(facts)
        page.breached += any(_is_breach(fact) for fact in facts)
        known = list(recorded(facts))
        first = next((one for one in known if not one.edit), None)
        if first is None or not first.values:
            page.unrecorded += 1
        else:
            edits = [one for one in known if one.edit and one.values]
            page.untold += bool(first.untold)
            page.outcomes.append(outcome(first, bench.live, bench.draft, edits, bench.names))
    return page


def _is_breach(fact: Mapping[str, Any]) -> bool:
    return fact["op"] == "breached" and (fact.get("data") or {}).get("clock") != RESOLUTION


def _is_later(row: Row | Rule) -> bool:
    return isinstance(row, Rule) and row.on != MENTION


def summed_up(pages: list[bytes]) -> Report:
    """The report of all pages."""
    found = Page()
    for page in pages:
        found.add(pickle.loads(page))  # noqa: S301 (ours, from a worker beside us)
    test = _ready["bench"].test
    live, draft = test.live.catalogue, test.draft.catalogue
    handling = by_queue(found.handled, sorted({*live.queues, *draft.queues}))
    floors = (
        Floor(catalogue=live, reps=test.reps, handling=handling),
        Floor(catalogue=draft, reps=test.reps, handling=handling),
    )
    every = [row for config in (test.draft, test.live) for row in config.every]
    later = [row for row in every if isinstance(row, Rule) and _is_later(row)]
    asked_later = played(later)
    asked = Asked(
        live=test.live.version,
        draft=test.draft.version,
        rules=tuple(row.id for row in every if not _is_later(row)),
        later=asked_later,
        not_asked=tuple(rule.id for rule in later if rule not in asked_later),
        window=test.window,
        samples=test.samples,
        unrecorded=found.unrecorded,
        untold=found.untold,
        breached=found.breached,
    )
    return report(found.outcomes, floors, asked, _ready["bench"].later)
