"""worker: Faust triage, alone in its process."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AbstractContextManager

import faust
import structlog

from agents import stream, triage
from agents.guard import EXIT_UNFINISHED, Guard
from app import failpoints, flow, metrics
from app.adapters.kafka import Producer
from app.adapters.ladder_scorer import LadderScorer
from app.adapters.model_files import MANIFEST
from app.adapters.store.model_changes import ModelChanges
from app.core.backlog import Backlog
from app.core.lexicon import NAME as LEXICON
from app.core.profile import Profile
from app.ports import HISTORY, PROFILE, QUEUES
from app.processes import follow, service
from app.processes.promoted import Promoted
from app.processes.scoring import LOOK_S, Scoring, changed_at
from app.processes.shadow import Shadow
from app.settings import MODELS, Settings
from app.steps.batch import Batch
from app.wiring import base as wiring
from app.wiring import scoring
from app.wiring.base import system_ms
from app.wiring.promoted import shelf_of
from app.wiring.triage import ports

log = structlog.get_logger()

# Faust's consumer is known to fall silent after a rebalance or an outage (its issues 175, 532).
STUCK_S = 60.0


async def main(settings: Settings) -> None:
    """Triage until told to stop. Raises ConfigError where the model or the rules are wrong."""
    base = await wiring.base(settings)
    producer = Producer(settings.kafka.bootstrap)
    backlog = Backlog(full=settings.kafka.batch)
    promoted = await _promoted(settings, base)
    scorer = promoted.begun(lambda: _scorer(settings, backlog, promoted))
    app = stream.create(settings)
    guard = Guard(ports(base, producer, scorer), _timer(), backlog)
    scored = _scored(settings, scorer, guard, promoted)
    shadow = Shadow(guard, follow.around(base), follow.live_of(base))
    rules = follow.of(base, "worker", shadow.adopt, decides=True)

    def settled(batch: Batch) -> None:
        _count(batch)
        shadow.settled(batch)

    triage.register(app, guard, settings.kafka, settled)
    failpoints.arm(lambda: _where(app, guard))

    async def ready() -> list[str]:
        return [] if app.consumer.assignment() else ["partitions of the topic mentions"]

    async with service.health(ready):
        await app.start()
        await service.once("configuration", rules.turn)
        try:
            await asyncio.gather(
                _watch_lag(app, guard),
                _keep_scoring(scored, promoted, scorer, settings.scoring.reload_s),
                service.patiently("versions", rules.turn, follow.POLL_S),
                service.patiently("shadow", shadow.turn, follow.POLL_S),
            )
        finally:
            failpoints.failpoint("at-shutdown")
            await app.stop()
            failpoints.failpoint("at-shutdown")
            await scored.leave()
            await producer.close()
            await base.close()


async def _promoted(settings: Settings, base: wiring.Base) -> Promoted:
    """The promoted model as the store knows it now. Raises Unavailable."""
    promoted = Promoted(said=ModelChanges(base.database), shelf=shelf_of(settings))
    await promoted.look()
    return promoted


def _scorer(settings: Settings, backlog: Backlog, promoted: Promoted) -> LadderScorer:
    """Raises ConfigError."""
    return scoring.scorer(
        settings.scoring, lambda: backlog.waited_ms(system_ms()), promoted.files_in_use
    )


async def _keep_scoring(
    scored: Scoring, promoted: Promoted, scorer: LadderScorer, every_s: float
) -> None:
    """The ladder, what is live, the manifest, each by itself: where one waits, the others go on."""
    await asyncio.gather(
        service.patiently("scoring", scored.turn, LOOK_S),
        service.patiently("promotions", lambda: promoted.look(scorer.tiers.note), every_s),
        service.patiently("models", scored.reload, every_s),
    )


def _scored(settings: Settings, scorer: LadderScorer, guard: Guard, promoted: Promoted) -> Scoring:
    scored = Scoring(
        scorer,
        lambda: guard.ports.door,
        follow.name_of("worker"),
        changed=lambda: (changed_at(MODELS / MANIFEST), promoted.number, promoted.settled),
        load=lambda: scoring.models(settings.scoring, promoted.files),
    )
    scored.loaded = promoted.loaded
    return scored


def _where(app: faust.App, guard: Guard) -> dict[str, object]:
    """First and last offset in hand, and what is committed, by partition."""
    hand: dict[str, list[int]] = {}
    for delivery in guard.in_hand:
        first, last = hand.get(str(delivery.partition), [delivery.offset] * 2)
        hand[str(delivery.partition)] = [min(first, delivery.offset), max(last, delivery.offset)]
    return {"offset": hand, "committed": stream.committed(app)}


def _timer() -> flow.Timer:
    timers = {step.__name__: metrics.STAGE_SECONDS.labels(step.__name__) for step in flow.TRIAGE}

    def timer(step: str) -> AbstractContextManager[object]:
        return timers[step].time()

    return timer


def _count(batch: Batch) -> None:
    metrics.BATCH_SIZE.observe(len(batch))
    for item in batch:
        metrics.MENTIONS.labels(item.outcome).inc()
        if item.problem:
            metrics.DEAD_LETTERS.labels(item.problem.code).inc()
        elif item.score and item.outcome in ("task", "closed"):
            metrics.SCORED.labels(item.score.sentiment.label).inc()
            metrics.UNSCORED.inc(item.score.model == LEXICON)
        if item.profile:
            metrics.PROFILE_LOOKUPS.labels(_known(item.profile)).inc()
    for part in (PROFILE, HISTORY, QUEUES):
        metrics.DEGRADED.labels(part).set(any(part in item.degraded for item in batch))


def _known(profile: Profile) -> str:
    if profile.missing:
        return "missing"
    return "known" if profile.known else "stranger"


async def _watch_lag(app: faust.App, guard: Guard) -> None:
    """Report the lag; a consumer that stands still before waiting messages ends the process."""
    moved_at, committed_before = time.monotonic(), -1
    while True:
        await asyncio.sleep(1.0)
        committed, lag = 0, 0
        for partition, (done, end) in stream.progress(app).items():
            metrics.LAG.labels(str(partition)).set(max(0, end - done))
            committed, lag = committed + done, lag + max(0, end - done)
        if committed != committed_before or lag == 0 or guard.waiting:
            moved_at, committed_before = time.monotonic(), committed
        elif time.monotonic() - moved_at > STUCK_S:
            log.error("consumer_stuck", lag=lag, seconds=STUCK_S)
            os._exit(EXIT_UNFINISHED)
