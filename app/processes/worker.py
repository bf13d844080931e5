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
from app.adapters.model_files import find
from app.adapters.onnx_scorer import Model, OnnxScorer
from app.core.errors import ConfigError, Unavailable
from app.core.facts import Fact
from app.core.profile import Profile
from app.core.score import UNSCORED
from app.ports import HISTORY, PROFILE, QUEUES
from app.processes import follow, service
from app.processes.shadow import Shadow
from app.settings import MODELS, Settings
from app.steps.batch import Batch
from app.wiring import base as wiring
from app.wiring.triage import ports

log = structlog.get_logger()

# Faust's consumer is known to fall silent after a rebalance or an outage (its issues 175, 532).
STUCK_S = 60.0


async def main(settings: Settings) -> None:
    """Triage until told to stop. Raises ConfigError where the model or the rules are wrong."""
    base = await wiring.base(settings)
    producer = Producer(settings.kafka.bootstrap)
    triage_ports, scorer = ports(base, producer)
    metrics.MODEL.labels(scorer.model).set(1)
    app = stream.create(settings)
    guard = Guard(triage_ports, _timer())
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
                _watch_model(settings, scorer, guard),
                service.patiently("versions", rules.turn, follow.POLL_S),
                service.patiently("shadow", shadow.turn, follow.POLL_S),
            )
        finally:
            failpoints.failpoint("at-shutdown")
            await app.stop()
            failpoints.failpoint("at-shutdown")
            await producer.close()
            await base.close()


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
            metrics.UNSCORED.inc(item.score.model == UNSCORED)
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


async def _watch_model(settings: Settings, scorer: OnnxScorer, guard: Guard) -> None:
    """Load a new model when the manifest changes; where it is wrong the last good one stays."""
    manifest = MODELS / "manifest.toml"
    known = _changed_at(manifest)
    while True:
        await asyncio.sleep(settings.scoring.reload_s)
        if (changed := _changed_at(manifest)) == known:
            continue
        known = changed
        try:
            files = await asyncio.to_thread(find, MODELS, settings.scoring.model)
            model = await asyncio.to_thread(Model, files, settings.scoring.micro_batch)
        except ConfigError as error:
            log.error("model_refused", problems=error.problems, kept=scorer.model)
            metrics.DEGRADED.labels("model").set(1)
            await _note(guard, "degraded", f"model refused, {scorer.model} stays: {error}")
        else:
            metrics.MODEL.labels(scorer.model).set(0)
            scorer.swap(model)
            log.info("model_loaded", model=scorer.model)
            metrics.DEGRADED.labels("model").set(0)
            metrics.MODEL.labels(scorer.model).set(1)
            await _note(guard, "configured", f"model {scorer.model}")


async def _note(guard: Guard, op: str, reason: str) -> None:
    now = guard.ports.now_ms()
    try:
        await guard.ports.door.note([Fact(op=op, op_id=f"model:{now}", now_ms=now, reason=reason)])
    except Unavailable as error:
        log.warning("fact_not_noted", op=op, reason=str(error))


def _changed_at(path: os.PathLike[str]) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0
