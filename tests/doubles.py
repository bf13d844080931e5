"""Doubles: the ports of triage in memory, and a producer that keeps what it was told to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.adapters.kafka import Record
from app.core.backtest_report import Window
from app.core.decision import HIT, Decision, Explanation
from app.core.errors import Unavailable
from app.core.facts import Fact
from app.core.imported import Import
from app.core.mention import Mention
from app.core.past import NO_PAST, Past
from app.core.profile import STRANGER, Profile, handle_key
from app.core.queue_state import NO_QUEUES, QueueValues
from app.core.score import Score
from app.ports import Admission, DeadLetter, Known, Seen
from app.steps.batch import Ports
from tests import builders


class FixedScorer:
    """Says the same of every mention, and remembers which texts it was asked about."""

    model = "test@0"

    def __init__(self, said: Score | None = None) -> None:
        self.said = said or builders.score()
        self.asked: list[str] = []

    async def score(self, mentions: Sequence[Mention]) -> list[Score]:
        self.asked += [mention.text for mention in mentions]
        return [self.said for _ in mentions]


@dataclass
class MapProfiles:
    """Profiles and pasts by handle key. `away` makes the cache unreachable."""

    known: dict[str, Profile] = field(default_factory=dict)
    away: bool = False
    round_trips: int = 0
    pasts: dict[str, Past] = field(default_factory=dict)
    queues: QueueValues = field(default_factory=lambda: NO_QUEUES)
    missing: tuple[str, ...] = ()

    async def of(self, keys: Sequence[str]) -> Known:
        self.round_trips += 1
        if self.away:
            raise Unavailable("Redis does not answer")
        return Known(
            profiles=[self.known.get(key, STRANGER) for key in keys],
            pasts=[self.pasts.get(key, NO_PAST) for key in keys],
            queues=self.queues,
            missing=self.missing,
        )


class OneImport:
    """Takes imports, and is busy with them for ever."""

    def __init__(self) -> None:
        self.begun: list[Import] = []

    def begin(self, run: Import) -> None:
        self.begun.append(run)


class OneBacktest:
    """Takes one back-test, and is busy with it for ever."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, Mapping[str, str], Mapping[str, str], Window]] = []

    def begin(
        self, id_: str, live: Mapping[str, str], draft: Mapping[str, str], window: Window
    ) -> bool:
        if self.begun:
            return False
        self.begun.append((id_, live, draft, window))
        return True


class FixedRules:
    """One decision for all, or what the given function makes of the values."""

    version = "v1"

    def __init__(self, decision: Decision | None = None) -> None:
        self.decision = decision or builders.decision()
        self.values: list[Mapping[str, object]] = []

    def decide(self, values: Mapping[str, object]) -> Decision:
        self.values.append(values)
        if "explode" in str(values["mention.text"]):
            raise RuntimeError("a bug in a rule")
        return self.decision

    def explain(self, values: Mapping[str, object]) -> tuple[Explanation, ...]:
        found = self.decide(values)
        return (Explanation(rule=found.rule, result=HIT, why=found.why),)


class MemoryDoor:
    """Remembers mentions and admits each delivery once, like the door in Redis."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.admitted: list[Admission] = []
        self.remembered: dict[str, Seen] = {}
        self.away_times = 0

    async def seen(self, mention_ids: Sequence[str]) -> dict[str, Seen]:
        return {id_: self.remembered[id_] for id_ in mention_ids if id_ in self.remembered}

    async def admit(self, admissions: Sequence[Admission]) -> list[str]:
        self._maybe_away()
        return [self._admit(admission) for admission in admissions]

    async def note(self, facts: Sequence[Fact]) -> None:
        self._maybe_away()
        self.facts += facts

    def ops(self) -> list[str]:
        return [fact.op for fact in self.facts]

    def _maybe_away(self) -> None:
        if self.away_times:
            self.away_times -= 1
            raise Unavailable("Redis does not answer")

    def _admit(self, admission: Admission) -> str:
        id_, now = admission.mention.mention_id, admission.mention.content_hash
        seen = self.remembered.get(id_)
        if seen is None:
            whose = handle_key(admission.mention.channel, admission.mention.author.handle)
            self.remembered[id_] = Seen(
                src=admission.src, content_hash=now, last_src=admission.src, handle_key=whose
            )
            self.admitted.append(admission)
            self.facts += admission.facts
            return "task" if admission.task else "closed"
        if admission.src in (seen.src, seen.last_src):
            return "replayed"
        if seen.content_hash == now:
            self.facts.append(admission.duplicate_fact)
            return "duplicate"
        self.remembered[id_] = replace(seen, content_hash=now, last_src=admission.src)
        self.facts.append(admission.edited_fact)
        return "edited"


class ListDeadLetters:
    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        self.letters += letters


class KeepingProducer:
    """Keeps every record. `failures` are raised, one a call, before anything is kept."""

    def __init__(self, *failures: Exception) -> None:
        self.records: list[Record] = []
        self.failures = list(failures)

    async def send(self, records: Sequence[Record]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.records += records

    async def close(self) -> None:
        return None


def ports(**given: Any) -> Ports:
    """Ports in memory; any of them can be given."""
    door = given.pop("door", None) or MemoryDoor()
    parts: dict[str, Any] = {
        "seen": door if isinstance(door, MemoryDoor) else None,
        "scorer": FixedScorer(),
        "profiles": MapProfiles(),
        "rules": FixedRules(),
        "door": door,
        "dead_letters": ListDeadLetters(),
        "catalogue": builders.CATALOGUE,
        "at_risk_share": 0.8,
        "now_ms": lambda: builders.NOON_MS,
    }
    return Ports(**(parts | given))
