"""Keeping what was asked at events: what the store refuses is told, and stops nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from app import metrics
from app.adapters.cel_events import reason_of
from app.adapters.store.rule_events import Asked, RuleEvents
from app.core.decision import ERROR
from app.core.errors import Unavailable
from app.core.event_acts import STOPPED
from app.core.notices import Notice

log = structlog.get_logger()


async def keep(
    store: RuleEvents,
    asked: Sequence[Asked],
    told: Sequence[Notice] = (),
    read: tuple[str, int] | None = None,
) -> None:
    """As `RuleEvents.take`, at once or, where the store refuses that, one by one.

    An event that is refused is kept with the problem in place of what rules did; a notice that is
    refused is left out. Either is logged and counted. Raises Unavailable, and whatever the store
    says where it refuses a position or a problem: then it is the store that is broken.
    """
    try:
        _count(await store.take(asked, told, read))
    except Unavailable:
        raise
    except Exception:
        log.exception("events_kept_one_by_one", events=len(asked), notices=len(told))
        for one in asked:
            await _event(store, one)
        for notice in told:
            await _notice(store, notice)
        if read:  # last: whoever is killed before it begins again, which changes nothing twice
            await store.take([], read=read)


async def _event(store: RuleEvents, one: Asked) -> None:
    try:
        new = await store.take([one])
    except Unavailable:
        raise
    except Exception as error:
        log.exception("event_not_kept", fact_id=one.event.fact_id, on=one.event.name)
        problem = f"{type(error).__name__}: what rules did here could not be kept"
        new = await store.take([replace(one, acts=(), notices=(), problem=problem)])
        metrics.EVENTS_NOT_KEPT.labels("event").inc(len(new))
    _count(new)


async def _notice(store: RuleEvents, notice: Notice) -> None:
    try:
        await store.take([], [notice])
    except Unavailable:
        raise
    except Exception:
        log.exception("notice_not_kept", mention_id=notice.mention_id, notice=notice.notice_id)
        metrics.EVENTS_NOT_KEPT.labels("notice").inc()


def _count(new: Sequence[Asked]) -> None:
    for one in new:
        for act in one.acts:
            outcome = "stopped" if act.state == STOPPED else "acted"
            metrics.EVENT_RULES.labels(act.event, outcome).inc()
        for trace in one.trace:
            if trace.result == ERROR:
                metrics.RULE_ERRORS.labels(reason_of(trace)).inc()
