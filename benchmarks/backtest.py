"""Back-test: a draft over tens of thousands of recorded mentions, through the shipped code."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

from app import config, config_rules
from app.adapters.cel_checks import problems_of
from app.adapters.store.database import Database
from app.adapters.store.migrate import migrate
from app.adapters.store.traffic import Traffic
from app.core.quantiles import quantile
from app.processes.backtest import Backtest, run_backtest
from app.settings import CONFIG
from benchmarks import recorded
from benchmarks.figures import Row, load_now

_PAUSE_S = 0.005
MENTIONS = 40_000  # deliveries; one in twelve is a repeat or an edit of an earlier one

# A row before all others that moves some of the mentions, and rules at the later events.
_DRAFT = """
title = "A draft"

[[row]]
id = "long-waits"
when = 'mention.text.says("hours|days|delay|refund") && score.sentiment != "positive"'
then = { queue = "escalation", priority = 95, window = "10m" }
why = "Somebody has been waiting for long."

[[rule]]
id = "nobody-takes-it"
on = "waiting"
after = "2m"
when = 'score.urgency > 0.2 && task.offers == 0'
do = [{ priority = 90 }, { label = "slow" }]
why = "It has not even been offered."

[[rule]]
id = "in-danger"
on = "at_risk"
when = 'task.queue == "service" && ("slow" in labels || profile.tier == "gold")'
do = [{ escalate = true }, { notify = { to = "supervisor", text = "Nearly late." } }]
why = "It is nearly late."

[[rule]]
id = "late"
on = "breached"
when = 'mention.text.says("refund|hours") || task.escalated'
do = [{ notify = { to = "mediator", text = "Late." } }]
why = "It is late."
"""


def measure(count: int = MENTIONS) -> Row:
    """Fill a ledger, then back-test with processes of its own, their start included."""
    with tempfile.TemporaryDirectory(prefix="handshake-bench-backtest-") as folder:
        return asyncio.run(_measure(Path(folder), count))


async def _measure(folder: Path, count: int) -> Row:
    url = f"sqlite:///{folder / 'handshake.db'}"
    migrate(url)
    database, test = Database(url), _test()
    try:
        mentions, facts = await recorded.fill(database, test.live, count)
        before, used, began = load_now(), _cpu_s(), time.perf_counter()
        waits: list[float] = []
        others = asyncio.ensure_future(_others(waits))
        made = await run_backtest(Traffic(database), test)
        took_s = time.perf_counter() - began
        others.cancel()
        used = _cpu_s() - used
    finally:
        database.close()
    assert (made.mentions, made.unrecorded) == (mentions, 0)
    assert made.changed["mentions"] > mentions // 50
    return Row(
        name=f"back-test of {mentions:,} recorded mentions",
        figures={
            "mentions a minute": 60 * mentions / took_s,
            "a CPU-minute": 60 * mentions / used,
            "seconds": took_s,
            "longest wait of others, ms": 1000 * max(waits),
        },
        unit="",
        load=(before, load_now()),
        note=f"{facts:,} facts, {len(test.draft.rows)} rows, {made.changed['mentions']:,} changed",
        details={
            "p99_wait_ms": 1000 * quantile(waits, 0.99), "cpu_s": used, "facts": facts,
            "breaches": made.breaches, "queues": made.queues, "later": made.later,
        },
    )  # fmt: skip


async def _others(waits: list[float]) -> None:
    """What others on the same event loop wait for their turn, such as requests of a web process."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_PAUSE_S)
        waits.append(time.perf_counter() - began - _PAUSE_S)


def _test() -> Backtest:
    problems: list[str] = []
    texts = config_rules.texts_of(CONFIG, problems)
    live = config.load(CONFIG)
    return Backtest(
        live=live,
        draft=config.load(CONFIG, 1.0, problems_of, rule_texts=texts | {"00.toml": _DRAFT}),
        reps=tuple(rep for rep in live.catalogue.reps.values() if rep.queues),
        at_risk_share=0.8,
    )


def _cpu_s() -> float:
    """Ours, and that of the processes that have ended; asking for the others joins those."""
    while multiprocessing.active_children():
        time.sleep(0.01)
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))
