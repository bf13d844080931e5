"""Back-test: a draft over a recorded log, and the same rules live over the same log, agree."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from app import config_rules
from app.adapters.cel_checks import problems_of
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.traffic import Traffic
from app.config import Config, load
from app.core.backtest_report import Window
from app.core.decision import HIT
from app.core.errors import Invalid
from app.core.recorded import Recorded, canonical, digest, recorded
from app.processes import backtest
from app.processes.backtest import Backtest, Page, decided_again, prepare, run_backtest
from app.settings import CONFIG
from tests.builders import NOON_MS
from tests.logged import Log, deliveries, log_of

# New rows before all others: escalate, close, move with a window of its own, and fail.
DRAFT = """
title = "A draft"

[[row]]
id = "broken-sum"
when = 'profile.known && 10 / (profile.open_cases - profile.open_cases) > 1'
then = { queue = "sales" }
why = "It cannot be evaluated."

[[row]]
id = "long-waits"
when = 'mention.text.says("hours|days|delay|refund")'
then = { queue = "escalation", priority = 95, window = "5m" }
why = "Somebody has been waiting for long."

[[row]]
id = "no-praise"
when = 'score.intent == "praise" && mention.public'
then = { close = true }
why = "Praise needs nobody."

[[row]]
id = "voices"
when = 'mention.channel == "phone"'
then = { queue = "service", priority = 61, window = "12m" }
why = "Who calls waits already."
"""


def draft_of(text: str = DRAFT) -> Config:
    problems: list[str] = []
    texts = config_rules.texts_of(CONFIG, problems) | {"00-draft.toml": text}
    return load(CONFIG, 1.0, problems_of, rule_texts=texts)


@pytest.fixture(scope="module")
def live() -> Config:
    return load(CONFIG)


@pytest.fixture(scope="module")
def draft() -> Config:
    return draft_of()


def asked(live: Config, draft: Config, window: Window | None = None) -> Backtest:
    reps = tuple(rep for rep in live.catalogue.reps.values() if rep.queues)
    return Backtest(
        live=live, draft=draft, reps=reps, at_risk_share=0.8, window=window or Window(), samples=5
    )


@pytest.fixture
def pool(live: Config, draft: Config) -> Iterator[Executor]:
    """A thread in place of processes, prepared as they are."""
    with ThreadPoolExecutor(1, initializer=prepare, initargs=(asked(live, draft),)) as pool:
        yield pool


async def kept(database: Database, log: Log) -> Traffic:
    await Ledger(database).append([{k: v for k, v in f.items() if k != "seq"} for f in log.facts])
    return Traffic(database)


def firsts(log: Log) -> dict[str, Recorded]:
    """The first decision of each mention."""
    found: dict[str, Recorded] = {}
    for trail in log.trails():
        for known in recorded(trail):
            found.setdefault(known.mention_id, known)
    return found


def page_of(log: Log) -> Page:
    return decided_again([[json.dumps(fact).encode() for fact in trail] for trail in log.trails()])


def line(known: Recorded) -> str:
    sha256 = hashlib.sha256(canonical(known.decision).encode()).hexdigest()
    return f"{known.mention_id} {known.content_hash} {sha256}"


def hits(known: Recorded) -> list[str]:
    return [trace["rule"] for trace in known.decision["trace"] if trace["result"] == HIT]


def by_rule(matched: Iterable[tuple[str, Sequence[str]]]) -> dict[str, set[str]]:
    """Which mentions each rule held for."""
    found: dict[str, set[str]] = defaultdict(set)
    for mention_id, rules in matched:
        for rule in rules:
            found[rule].add(mention_id)
    return found


async def test_the_outcomes_equal_a_real_run_of_the_draft_on_the_same_log(
    live: Config, draft: Config
) -> None:
    """A4.10, D1: decisions, matched mentions, queues and deadlines, mention by mention."""
    said = deliveries(500)
    prepare(asked(live, draft))
    found = {one.mention_id: one.draft for one in page_of(await log_of(live, said)).outcomes}
    real = await log_of(draft, said)
    decided = firsts(real)
    assert {id_: one.line for id_, one in found.items()} == {
        id_: line(known) for id_, known in decided.items()
    }
    assert by_rule((id_, one.hits) for id_, one in found.items()) == by_rule(
        (id_, hits(known)) for id_, known in decided.items()
    )
    assert {
        id_: (one.queue, one.skills, one.due_ms, one.order_ms)
        for id_, one in found.items()
        if one.queue
    } == {
        id_: (task.queue, task.skills, task.due_ms, task.order_ms)
        for id_, task in real.tasks.items()
    }


async def test_the_report_equals_two_real_runs_on_the_same_log(
    database: Database, live: Config, draft: Config, pool: Executor
) -> None:
    """A4.10, D1: the counts of a report are those of the ledgers that the rules really make."""
    said = deliveries(500)
    before, after = await log_of(live, said), await log_of(draft, said)
    made = await run_backtest(await kept(database, before), asked(live, draft), pool=pool)
    old, new = firsts(before), firsts(after)
    assert (made.mentions, made.unrecorded) == (len(old), 0)
    for side, known in (("live", old), ("draft", new)):
        log = before if side == "live" else after
        every = [one for trail in log.trails() for one in recorded(trail)]
        assert len(every) > len(known)  # edits are decided, as the worker decides them
        assert made.decisions[side] == digest(line(one) for one in every)
        matched = Counter(rule for one in known.values() for rule in hits(one))
        assert {row["rule"]: row[side] for row in made.rules if row[side]} == matched
    for side, log in (("live", before), ("draft", after)):
        tasks = Counter(task.queue for task in log.tasks.values())
        assert {
            row["queue"]: row[side]["tasks"] for row in made.queues if row[side]["tasks"]
        } == tasks
        load = Counter[str]()
        for row in made.load:
            load[row["queue"]] += row[side]
        assert +load == tasks
    moves = Counter((old[id_].decision["queue"], new[id_].decision["queue"]) for id_ in old)
    assert {(m["from"], m["to"]): m["mentions"] for m in made.changed["moves"]} == {
        move: count for move, count in moves.items() if move[0] != move[1]
    }
    escalated = {id_ for id_, one in new.items() if one.decision["queue"] == "escalation"}
    already = {id_ for id_, one in old.items() if one.decision["queue"] == "escalation"}
    assert made.escalations["by_rule"]["extra"] == len(escalated - already) > 0


async def test_a_report_shows_samples_and_errors_and_is_ready_for_json(
    database: Database, live: Config, draft: Config, pool: Executor
) -> None:
    log = await log_of(live, deliveries(300))
    made = await run_backtest(await kept(database, log), asked(live, draft), pool=pool)
    shown = json.loads(json.dumps(made.as_dict()))
    assert len(shown["samples"]) == 5
    assert all(one["changes"] and one["before"] != one["after"] for one in shown["samples"])
    ids = [one["mention_id"] for one in shown["samples"]]
    assert ids == sorted(ids)
    assert all(0 < len(one["text"]) <= 160 for one in shown["samples"])
    [error] = shown["errors"]
    assert (error["side"], error["rule"]) == ("draft", "broken-sum")
    assert "divide by zero" in error["detail"]
    by_kind = shown["changed"]["by_kind"]
    assert all(by_kind[kind] for kind in ("closed", "queue", "priority", "window", "rule"))
    assert "forecast" in shown["assumptions"]
    assert [row["rule"] for row in shown["rules"]][:3] == ["broken-sum", "long-waits", "no-praise"]
    assert shown["rules"][0] == {"rule": "broken-sum", "live": 0, "draft": 0}
    assert {row["queue"]: row["assumed"] for row in shown["handling"]}["service"] is True


async def test_the_same_rules_on_both_sides_change_nothing(
    database: Database, live: Config
) -> None:
    log = await log_of(live, deliveries(200))
    same = asked(live, live)
    with ThreadPoolExecutor(1, initializer=prepare, initargs=(same,)) as pool:
        made = await run_backtest(await kept(database, log), same, pool=pool)
    assert made.changed["mentions"] == 0
    assert made.samples == []
    assert made.decisions["live"] == made.decisions["draft"]
    for compared in (made.breaches, *made.escalations.values()):
        assert (compared["extra"], compared["fewer"]) == (0, 0)
    assert all(row["live"] == row["draft"] for row in made.queues + made.load)


async def test_a_window_takes_what_was_decided_in_it(
    database: Database, live: Config, draft: Config, pool: Executor
) -> None:
    """Batches of 64 are a minute apart: the second and the third lie in this window."""
    log = await log_of(live, deliveries(300))
    window = Window(since_ms=NOON_MS + 60_000, until_ms=NOON_MS + 180_000)
    test = asked(live, draft, window)
    traffic = await kept(database, log)
    expected = {id_ for id_, one in firsts(log).items() if NOON_MS < one.at_ms < NOON_MS + 180_000}
    assert 0 < len(expected) < 128
    assert (await run_backtest(traffic, test, pool=pool)).mentions == len(expected)
    nothing = asked(live, draft, Window(since_ms=1, until_ms=2))
    assert (await run_backtest(traffic, nothing, pool=pool)).mentions == 0


async def test_mentions_from_before_inputs_were_recorded_are_counted_and_left_out(
    database: Database, live: Config, draft: Config, pool: Executor
) -> None:
    log = await log_of(live, deliveries(40))
    for fact in log.facts[: len(log.facts) // 2]:
        fact["data"].pop("values", None)
    made = await run_backtest(await kept(database, log), asked(live, draft), pool=pool)
    assert made.unrecorded > 10
    assert made.mentions + made.unrecorded == len(firsts(log))


async def test_what_really_was_late_is_counted_beside_the_forecast(
    live: Config, draft: Config
) -> None:
    """Response clocks alone: a resolution that is late is another thing."""
    prepare(asked(live, draft))
    log = await log_of(live, deliveries(5))
    for number, clock in enumerate(("first_response", "resolution", "resolution")):
        late = log.facts[0] | {"op": "breached", "data": {"clock": clock}}
        log.facts.append(late | {"mention_id": log.trails()[number][0]["mention_id"]})
    assert page_of(log).breached == 1


async def test_a_run_in_processes_of_its_own_tells_its_progress_and_gives_the_same_report(
    database: Database, live: Config, draft: Config, pool: Executor
) -> None:
    traffic = await kept(database, await log_of(live, deliveries(300)))
    heard: list[float] = []

    async def listen(share: float) -> None:
        heard.append(share)

    test = asked(live, draft)
    assert await run_backtest(traffic, test, listen) == await run_backtest(traffic, test, pool=pool)
    assert heard[-1] == 1.0
    assert heard == sorted(heard)


async def test_a_run_that_is_cancelled_ends_and_writes_nothing(
    database: Database, live: Config, draft: Config, pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = await kept(database, await log_of(live, deliveries(40)))
    seq = await Ledger(database).last_seq()

    async def stop(_share: float) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await run_backtest(traffic, asked(live, draft), stop, pool)
    assert await Ledger(database).last_seq() == seq
    monkeypatch.setattr(backtest, "MOST_MENTIONS", 10)
    with pytest.raises(Invalid, match="at most 10 mentions"):
        await run_backtest(traffic, asked(live, draft), pool=pool)
