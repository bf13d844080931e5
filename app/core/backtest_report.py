"""The report of a back-test: counts, changes and samples from its outcomes, and the forecast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from app.core.backtest import (
    CHANGES,
    CLOSED,
    OPENED,
    QUEUE,
    Choose,
    Outcome,
    Side,
    arrival,
    edited,
    escalates,
    lines,
)
from app.core.backtest_later import escalated, failed, later_rules, moved, moves, notices
from app.core.forecast import forecast
from app.core.forecast_events import Later
from app.core.forecast_tasks import Floor, Served, waits_ms
from app.core.quantiles import quantile
from app.core.recorded import digest
from app.core.rules import Rule

HOUR_MS: Final = 3_600_000

ASSUMPTIONS: Final = (
    "Breaches and waits are a forecast, not a measurement: every task of the window enters when it"
    " was decided, is served in the shipped order, by skills and capacity, and is handled for as"
    " long as is usual in its queue. Everybody is there all the time and accepts at once; nobody"
    " rejects, transfers, parks or is pre-empted; queues are empty at the start. Both sides are"
    " forecast alike, so the difference is the rules'. So are rules at the events waiting, at_risk"
    " and breached (of the response clock): they are asked, and act, when they would have been in"
    " this forecast. Rules at replied, transferred and completed are not asked: what people would"
    " have answered, handed on and ended, no log tells; nor are those at later events that ask how"
    " the queues stand then. Conditions at the mention see the queues and what a handle had said"
    " before as they were recorded with it, not as the draft would have left them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was looked at: decisions from one moment to another, ms; 0 is without a bound."""

    since_ms: int = 0
    until_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report is about. `unrecorded` mentions are from before inputs were kept; of `untold`
    ones not all was recorded that rules may ask for now; the rest counts as not known.

    `rules` are all there are on either side, in the order in which they are to be told, but for
    those at events after the mention: `later` are those that the forecast asks, `not_asked` others.
    `breached` is how many response clocks really ran out: what the forecast can be held against.
    """

    live: str
    draft: str
    rules: tuple[str, ...] = ()
    later: tuple[Rule, ...] = ()
    not_asked: tuple[str, ...] = ()
    window: Window = field(default_factory=Window)
    samples: int = 20
    unrecorded: int = 0
    untold: int = 0
    breached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that a person or a program is told; `as_dict` is ready for JSON."""

    versions: dict[str, str]
    window: dict[str, int]
    mentions: int
    unrecorded: int
    untold: int
    decisions: dict[str, str]  # the digest of each side's, see `python -m app decisions`
    rules: list[dict[str, Any]]
    changed: dict[str, Any]
    edits: dict[str, int]
    later: list[dict[str, Any]]  # what rules at later events would have done
    moved_later: dict[str, Any]  # tasks that they would have moved
    notices: list[dict[str, Any]]
    escalations: dict[str, Any]
    breaches: dict[str, Any]
    queues: list[dict[str, Any]]
    load: list[dict[str, Any]]
    samples: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    handling: list[dict[str, Any]]
    not_asked: list[str]  # rules at other events: what people would have done, no log tells
    assumptions: str = ASSUMPTIONS

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def report(
    outcomes: Iterable[Outcome],
    floors: tuple[Floor, Floor],
    asked: Asked,
    rules: tuple[Later | None, Later | None] = (None, None),
) -> Report:
    """Sum up. `floors` are the people and queues of live and draft, `rules` their event rules."""
    known = sorted(outcomes, key=lambda one: one.mention_id)
    live = _served(known, lambda one: one.live, floors[0], rules[0])
    draft = _served(known, lambda one: one.draft, floors[1], rules[1])
    return Report(
        versions={"live": asked.live, "draft": asked.draft},
        window=asdict(asked.window),
        mentions=len(known),
        unrecorded=asked.unrecorded,
        untold=asked.untold,
        decisions={
            "live": digest(lines(known, lambda one: one.live)),
            "draft": digest(lines(known, lambda one: one.draft)),
        },
        rules=list(_rules(known, asked.rules)),
        changed=_changed(known),
        edits=edited(known),
        later=list(later_rules(asked.later, live, draft)),
        moved_later=_compared(moved(live), moved(draft)) | {"moves": list(moves(live, draft))},
        notices=list(notices(known, live, draft)),
        escalations=_escalations(known, live, draft),
        breaches=_breaches(live, draft) | {"recorded": asked.breached},
        queues=list(_queues(live, draft)),
        load=list(_load(known)),
        samples=[_sample(one) for one in known if one.changes][: asked.samples],
        errors=list(_errors(known, failed(live, draft))),
        handling=[
            {"queue": queue, "assumed": not usual.tasks, **asdict(usual)}
            for queue, usual in sorted(floors[0].handling.items())
        ],
        not_asked=list(dict.fromkeys(asked.not_asked)),
    )


def _served(
    known: Sequence[Outcome], of: Choose, floor: Floor, later: Later | None
) -> dict[str, Served]:
    arrivals = (arrival(one, of) for one in known)
    return forecast((found for found in arrivals if found), floor, later)


def _rules(known: Sequence[Outcome], named: Sequence[str]) -> Iterator[dict[str, Any]]:
    """How many mentions each rule held for; of those that are named also where it was none."""
    live = Counter(rule for one in known for rule in one.live.hits)
    draft = Counter(rule for one in known for rule in one.draft.hits)
    for rule in dict.fromkeys((*named, *sorted(live.keys() | draft.keys()))):
        yield {"rule": rule, "live": live[rule], "draft": draft[rule]}


def _changed(known: Sequence[Outcome]) -> dict[str, Any]:
    kinds = Counter(change for one in known for change in one.changes)
    moves = Counter(
        (one.live.queue, one.draft.queue)
        for one in known
        if {OPENED, CLOSED, QUEUE} & set(one.changes)
    )
    return {
        "mentions": sum(1 for one in known if one.changes),
        "by_kind": {kind: kinds[kind] for kind in CHANGES},
        "moves": [
            {"from": source, "to": target, "mentions": count}
            for (source, target), count in sorted(moves.items(), key=lambda m: (-m[1], m[0]))
        ],
    }


def _escalations(
    known: Sequence[Outcome], live: Mapping[str, Served], draft: Mapping[str, Served]
) -> dict[str, Any]:
    """By the rules themselves at the mention and later, and by falling due in a queue.

    All but the first are forecast.
    """
    by_rule = (
        {one.mention_id for one in known if escalates(one.live)},
        {one.mention_id for one in known if escalates(one.draft)},
    )
    late = (
        {id_ for id_, one in live.items() if one.escalated},
        {id_ for id_, one in draft.items() if one.escalated},
    )
    return {
        "by_rule": _compared(*by_rule),
        "by_later_rule": _compared(escalated(live), escalated(draft)),
        "forecast_late": _compared(*late),
    }


def _breaches(live: Mapping[str, Served], draft: Mapping[str, Served]) -> dict[str, Any]:
    before = {id_ for id_, one in live.items() if one.breached}
    after = {id_ for id_, one in draft.items() if one.breached}
    return _compared(before, after)


def _compared(before: set[str], after: set[str]) -> dict[str, int]:
    return {
        "live": len(before),
        "draft": len(after),
        "extra": len(after - before),
        "fewer": len(before - after),
    }


def _queues(live: Mapping[str, Served], draft: Mapping[str, Served]) -> Iterator[dict[str, Any]]:
    """What each queue gets, and how its tasks fare. A task counts where the rules sent it."""
    for queue in sorted({one.queue for side in (live, draft) for one in side.values()}):
        sides = [
            {i: one for i, one in side.items() if one.queue == queue} for side in (live, draft)
        ]
        late = [{i for i, one in side.items() if one.breached} for side in sides]
        # Against all of the other side: a breach that only moved here is not an extra one.
        others = [{i for i, one in side.items() if one.breached} for side in (draft, live)]
        yield {
            "queue": queue,
            "live": _figures(sides[0]),
            "draft": _figures(sides[1]),
            "extra_breaches": len(late[1] - others[1]),
            "fewer_breaches": len(late[0] - others[0]),
        }


def _figures(side: Mapping[str, Served]) -> dict[str, Any]:
    waits = waits_ms(side.values())
    return {
        "tasks": len(side),
        "breaches": sum(one.breached for one in side.values()),
        "never_taken": sum(not one.begun_ms for one in side.values()),
        "wait_p50_s": quantile(waits, 0.5) / 1000 if waits else 0.0,
        "wait_p95_s": quantile(waits, 0.95) / 1000 if waits else 0.0,
    }


def _load(known: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    """Tasks that enter each queue in each hour; hours in which neither side has any are left out"""
    counts: Counter[tuple[str, int, str]] = Counter()
    for one in known:
        hour_ms = one.at_ms - one.at_ms % HOUR_MS
        counts[one.live.queue, hour_ms, "live"] += 1
        counts[one.draft.queue, hour_ms, "draft"] += 1
    for queue, hour_ms in sorted({(queue, hour) for queue, hour, _ in counts if queue}):
        yield {
            "queue": queue,
            "hour_ms": hour_ms,
            "live": counts[queue, hour_ms, "live"],
            "draft": counts[queue, hour_ms, "draft"],
        }


def _sample(one: Outcome) -> dict[str, Any]:
    """Samples are the first by mention id, which is a hash: any, and the same every time."""
    return {
        "mention_id": one.mention_id,
        "channel": one.channel,
        "text": one.text,
        "changes": list(one.changes),
        "before": _shown(one.live),
        "after": _shown(one.draft),
    }


def _shown(side: Side) -> dict[str, Any]:
    return {
        "rule": side.rule,
        "queue": side.queue,
        "priority": side.priority,
        "window_s": side.window_s,
        "skills": list(side.skills),
        "why": side.why,
    }


def _errors(
    known: Sequence[Outcome], later: Counter[tuple[str, str, str]]
) -> Iterator[dict[str, Any]]:
    """Conditions that could not be evaluated, and how often: each counts as not holding."""
    counts = Counter(("live", *error) for one in known for error in one.live.errors)
    counts.update(later)
    counts.update(("draft", *error) for one in known for error in one.draft.errors)
    for (side, rule, detail), count in sorted(counts.items()):
        yield {"side": side, "rule": rule, "detail": detail, "mentions": count}
