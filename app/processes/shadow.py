"""The draft in shadow: asked about each mention after its effects, never before, never instead."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from app import metrics
from app.adapters.store.rule_shadows import SAMPLES, RuleShadows, Run, Sample, Tally
from app.adapters.store.rule_versions import RuleVersions
from app.core import shadow as core
from app.core.decision import Decision, Explanation
from app.core.errors import ConfigError, HandshakeError
from app.core.versions import Actor, Live
from app.ports import Rules
from app.processes.follow import Compiled, Surroundings
from app.steps.batch import Batch, Item, Ports

log = structlog.get_logger()

_WORKER = Actor(id="worker", role="service", type="system")
_DECIDED = ("task", "closed")  # deliveries of which the decision came into effect


class Deciding(Protocol):
    """Who takes batches through triage, with these ports."""

    ports: Ports


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the live rules were asked, and by which version they answered."""

    decision: Decision
    values: Mapping[str, object]
    number: int


class _Listening:
    """The live rules, which keep what they were asked until the batch has settled."""

    def __init__(self, live: Rules, number: int, asked: list[_Asked]) -> None:
        self.version = live.version
        self._live = live
        self._number = number
        self._asked = asked

    def decide(self, values: Mapping[str, object]) -> Decision:
        decision = self._live.decide(values)
        self._asked.append(_Asked(decision, values, self._number))
        return decision

    def explain(self, values: Mapping[str, object]) -> tuple[Explanation, ...]:
        return self._live.explain(values)


class Shadow:
    """Puts rules in effect, with a draft beside them where one runs.

    `cpu` is the time that this thread has spent: a busy machine is no fault of the draft.
    """

    def __init__(
        self,
        deciding: Deciding,
        around: Surroundings,
        live: Live,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._deciding = deciding
        self._around = around
        self._cpu = cpu
        self._live: Rules = deciding.ports.rules
        self._number = live.number
        self._run: Run | None = None
        self._rules: Rules | None = None  # the draft's, while it is asked
        self._stopped = ""  # why it must end, until the store knows
        self._asked: list[_Asked] = []
        self._begin()

    def _begin(self) -> None:
        self._cost = core.Cost()
        self._counts: dict[int, list[int]] = {}  # by version: same, different
        self._samples: dict[int, deque[Sample]] = {}

    def adopt(self, made: Compiled, live: Live) -> None:
        """These are the live rules from the next batch on."""
        config, self._live = made
        self._number = live.number
        self._deciding.ports = replace(self._deciding.ports, catalogue=config.catalogue)
        self._install()

    def _install(self) -> None:
        rules = self._live
        if self._rules:
            rules = _Listening(self._live, self._number, self._asked)
        self._deciding.ports = replace(self._deciding.ports, rules=rules)

    def settled(self, batch: Batch) -> None:
        """The effects of this batch are done: ask the draft the same, and compare."""
        asked = {id(one.decision): one for one in self._asked}
        self._asked.clear()
        for item in batch:
            one = asked.get(id(item.decision))
            if one and self._rules and item.outcome in _DECIDED:
                self._compare(item, one, self._rules)

    def _compare(self, item: Item, one: _Asked, rules: Rules) -> None:
        began = self._cpu()
        try:
            found = rules.decide(one.values)
        except Exception as error:  # whatever the draft does, the live rules go on
            log.exception("shadow_failed")
            self._stop(f"failed: {type(error).__name__}: {error}")
            return
        same = core.same(one.decision, found)
        metrics.SHADOW.labels("yes" if same else "no").inc()
        self._counts.setdefault(one.number, [0, 0])[not same] += 1
        if not same and item.mention:
            body = {"live": core.told(one.decision), "shadow": core.told(found)}
            kept = self._samples.setdefault(one.number, deque(maxlen=SAMPLES))
            kept.append(
                Sample(mention_id=item.mention.mention_id, at_ms=item.received_ms, body=body)
            )
        if why := self._cost.add(self._cpu() - began):
            self._stop(why)

    def _stop(self, why: str) -> None:
        log.warning("shadow_stopped", why=why)
        self._stopped, self._rules = why, None
        self._install()

    async def turn(self) -> None:
        """Tell what was counted; begin, change or end with what runs. Raises Unavailable."""
        await self._tell()
        live = await RuleVersions(self._around.database).live()
        wanted = live.shadow if live else 0
        if wanted != (self._run.run if self._run else 0):
            await self._change(wanted)

    async def _tell(self) -> None:
        shadows, run = RuleShadows(self._around.database), self._run
        if run is None:
            return
        for number in list(self._counts):
            same, different = self._counts.pop(number)
            samples = list(self._samples.pop(number, ()))
            tally = Tally(
                run=run.run, number=number, same=same, different=different, samples=samples
            )
            try:
                await shadows.count(tally)
            except HandshakeError:
                counts = self._counts.setdefault(number, [0, 0])
                counts[0], counts[1] = counts[0] + same, counts[1] + different
                raise
        if self._stopped:
            await shadows.end(self._stopped, _WORKER, self._around.now_ms(), run.run)
            self._stopped = ""

    async def _change(self, wanted: int) -> None:
        """Another draft, or none; one that does not fit here ends at once."""
        run = await RuleShadows(self._around.database).get(wanted) if wanted else None
        rules: Rules | None = None
        if run:
            try:
                _, rules = await asyncio.to_thread(self._around.compile, run.texts)
            except HandshakeError as error:
                if not isinstance(error, ConfigError):
                    raise
                self._stopped = f"does not fit here: {'; '.join(error.problems[:3])}"
            except Exception as error:  # a compiler's own way to fail
                self._stopped = f"failed: {type(error).__name__}: {error}"
        self._run, self._rules = run, rules
        self._begin()
        self._install()
        log.info("shadow_changed", run=wanted, asked=rules is not None)
