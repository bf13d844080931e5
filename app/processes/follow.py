"""Follows the live version of the rules: compiled beside the old one, then put in its place."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from app import metrics
from app.adapters.cel_rules import CelRules
from app.adapters.store.database import Database
from app.adapters.store.rule_readers import Reader, RuleReaders
from app.adapters.store.rule_versions import RuleVersions
from app.config import Config
from app.core.errors import ConfigError, HandshakeError
from app.core.facts import Fact
from app.core.versions import Change, Live
from app.wiring import rules
from app.wiring.base import Base, system_ms

log = structlog.get_logger()

POLL_S = 0.5  # what was published is in effect two seconds later; most of that is to spare
_TELL_MS = 5_000  # how often a process says that it is there
_SILENT_MS = 15_000  # who has not said so for this long has ended
_TOLD_PROBLEMS = 3  # of a version that is refused; the log has them all

Compiled = tuple[Config, CelRules]


class Notes(Protocol):
    """Where facts go: the door."""

    async def note(self, facts: Sequence[Fact]) -> None: ...


def name_of(process: str) -> str:
    """This process among all that follow the rules, on whatever host."""
    return f"{process}@{socket.gethostname()[:60]}:{os.getpid()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a follower needs: where versions and facts are kept, how to compile, the time.

    `compile` raises ConfigError for texts that do not fit here.
    """

    database: Database
    door: Notes
    compile: Callable[[Mapping[str, str]], Compiled]
    now_ms: Callable[[], int]


@dataclass(slots=True, kw_only=True)
class Follower:
    """One process on its way from version to version. `turn` is repeated.

    `adopt` changes what decides, in one step. With `decides` the rules in effect become a fact:
    the traces of decisions name their version.
    """

    process: str
    around: Surroundings
    live: Live
    config: Config
    adopt: Callable[[Compiled, Live], None]
    decides: bool = False
    problem: str = ""
    _since_ms: int = 0
    _told_ms: int = 0
    _refused: int = 0  # the change that could not be followed
    _facts: list[Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._in_effect()

    async def turn(self) -> None:
        """Look for a new live version; say what is in effect. Raises Unavailable."""
        live = await RuleVersions(self.around.database).live()
        if live and live.change not in (self.live.change, self._refused):
            await self._follow(live)
        await self._tell()

    async def _follow(self, live: Live) -> None:
        version = await RuleVersions(self.around.database).version(live.number)
        try:
            made = await asyncio.to_thread(self.around.compile, version.texts)
        except ConfigError as error:
            self._refuse(live, error.problems)
        except HandshakeError:
            raise
        except Exception as error:  # whatever a compiler does, the old rules go on deciding
            log.exception("rules_not_compiled", version=live.number)
            self._refuse(live, [f"{type(error).__name__}: {error}"])
        else:
            self.adopt(made, live)
            self.live, self.config = live, made[0]
            self._in_effect()
            log.info("rules_in_effect", version=live.number, digest=live.digest[:12])

    def _in_effect(self) -> None:
        self.problem, self._refused = "", 0
        self._since_ms, self._told_ms = self.around.now_ms(), 0
        metrics.DEGRADED.labels("rules").set(0)
        metrics.RULES_VERSION.set(self.live.number)
        if self.decides:
            self._facts.append(configured(self.live, self.config, self._since_ms))

    def _refuse(self, live: Live, problems: Sequence[str]) -> None:
        """Stay with the old version, visibly; this change is not tried again."""
        self._refused, self._told_ms = live.change, 0
        told = "; ".join(problems[:_TOLD_PROBLEMS])
        self.problem = f"version {live.number} does not fit here: {told}"
        log.error("rules_refused", version=live.number, kept=self.live.number, problems=problems)
        metrics.DEGRADED.labels("rules").set(1)
        self._facts.append(
            Fact(
                op="degraded",
                op_id=f"rules:{self.process}:{live.change}",
                now_ms=self.around.now_ms(),
                reason=f"{self.problem}; version {self.live.number} stays",
                data={"number": live.number, "kept": self.live.number, "process": self.process},
            )
        )

    async def _tell(self) -> None:
        """Facts first: they must not be lost where the store is away."""
        if self._facts:
            facts = list(self._facts)
            await self.around.door.note(facts)
            del self._facts[: len(facts)]
        now = self.around.now_ms()
        if now - self._told_ms < _TELL_MS:
            return
        said = Reader(
            process=self.process, number=self.live.number, since_ms=self._since_ms,
            heard_ms=now, problem=self.problem,
        )  # fmt: skip
        await RuleReaders(self.around.database).tell(said, now - _SILENT_MS)
        self._told_ms = now


def of(
    base: Base, process: str, adopt: Callable[[Compiled, Live], None], decides: bool = False
) -> Follower:
    """The follower of this process, from the version that it started with."""
    return Follower(
        process=name_of(process),
        around=around(base),
        live=live_of(base),
        config=base.config,
        adopt=adopt,
        decides=decides,
    )


def around(base: Base) -> Surroundings:
    """What followers need, of what every process has."""
    return Surroundings(
        database=base.database,
        door=base.door,
        compile=lambda texts: rules.compiled(base.settings, texts, base.config.catalogue),
        now_ms=system_ms,
    )


def live_of(base: Base) -> Live:
    """The version that the process started with. Raises ConfigError."""
    if base.live is None:
        raise ConfigError(["the rules have no version: start Handshake by its own commands"])
    return base.live


def configured(live: Live, config: Config, now_ms: int) -> Fact:
    """These rules decide from now on; decisions name the `version` of this fact."""
    return Fact(
        op="configured",
        op_id=f"config:{config.version}:{live.change}",
        now_ms=now_ms,
        reason=f"rules {config.version}, version {live.number}",
        data={
            "version": config.version,
            "number": live.number,
            "digest": live.digest,
            "rows": config.rows,
            "rules": config.rules,
        },
    )


class Changes:
    """Makes a fact of everything that somebody did to the rules."""

    def __init__(self, database: Database, door: Notes) -> None:
        self._versions = RuleVersions(database)
        self._door = door

    async def turn(self) -> None:
        """Raises Unavailable; what has not been told then is told later, once."""
        if done := await self._versions.untold():
            await self._door.note([_fact(change) for change in done])
            await self._versions.told([change.change for change in done])


def _fact(done: Change) -> Fact:
    return Fact(
        op="configured",
        op_id=f"rules:{done.change}",
        now_ms=done.at_ms,
        reason=done.reason,
        data={"rules": done.kind, "number": done.number, "digest": done.digest},
        actor={"type": done.by.type, "id": done.by.id, "role": done.by.role},
    )
