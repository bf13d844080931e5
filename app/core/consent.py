"""Consent: what a person allowed and forbade, as the fold of what they and we said about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

GIVEN: Final = "given"  # to one channel and purpose
WITHDRAWN: Final = "withdrawn"  # from one channel and purpose
STOP: Final = "stop"  # nothing goes out to this person any more, wherever they said it
START: Final = "start"  # takes the stop back, and gives no consent
KINDS: Final = (GIVEN, WITHDRAWN, STOP, START)

MESSAGE: Final = "message"  # the source of what somebody wrote to us: STOP, START

DAY_MS: Final = 86_400_000

Where = tuple[str, str]  # channel, purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """One thing said about consent. `source` says how we know, `evidence` where it can be read.

    `channel` and `purpose` are what a given or withdrawn consent is for; of a stop and a start
    the channel is where it was said. `by` is who told us: the person's handle, or a rep.
    """

    event_id: str
    handle_key: str
    kind: str
    at_ms: int
    channel: str = ""
    purpose: str = ""
    source: str = ""
    evidence: str = ""
    by: str = ""
    mention_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardStop:
    """A STOP that was accepted (`at_ms`), until the ledger has what came of it."""

    intake_id: str
    mention_id: str
    handle_key: str
    channel: str
    at_ms: int

    @property
    def event(self) -> ConsentEvent:
        return ConsentEvent(
            event_id=f"heard:{self.intake_id}",
            handle_key=self.handle_key,
            kind=STOP,
            at_ms=self.at_ms,
            channel=self.channel,
            source=MESSAGE,
            evidence=f"mention {self.mention_id}",
            by=self.handle_key.partition(":")[2],
            mention_id=self.mention_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStop:
    """A STOP that holds though its person was erased on that day (`day_ms`, its begin in UTC).

    `handle_keys` are those of the handles known now that were theirs.
    """

    handle_keys: Collection[str]
    day_ms: int

    @property
    def event(self) -> ConsentEvent:
        return ConsentEvent(
            event_id="kept",  # the same of everybody: facts name it, and it must lead to nobody
            handle_key=min(self.handle_keys),
            kind=STOP,
            at_ms=self.day_ms,
            source="kept",
            evidence="said before",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a person stands. `stop` is the stop that holds; `given` what they allow.

    A consent given after a stop holds for its own channel and purpose, beside the stop.
    """

    stop: ConsentEvent | None = None
    given: Mapping[Where, ConsentEvent] = field(default_factory=dict)
    withdrawn: Mapping[Where, ConsentEvent] = field(default_factory=dict)


def standing(events: Iterable[ConsentEvent]) -> Standing:
    """Fold a person's events, of all their handles, in the order in which we took them in.

    A stop takes every consent back; a start gives none of them again.
    """
    stop: ConsentEvent | None = None
    given: dict[Where, ConsentEvent] = {}
    withdrawn: dict[Where, ConsentEvent] = {}
    for event in events:
        where = (event.channel, event.purpose)
        if event.kind == STOP:
            stop, given = event, {}
        elif event.kind == START:
            stop = None
        elif event.kind == GIVEN:
            given[where] = event
            withdrawn.pop(where, None)
        elif event.kind == WITHDRAWN:
            given.pop(where, None)
            withdrawn[where] = event
    return Standing(stop=stop, given=given, withdrawn=withdrawn)


def with_heard(
    events: Sequence[ConsentEvent], heard: Iterable[HeardStop], said_ms: Mapping[str, int]
) -> list[ConsentEvent]:
    """A person's events with the stops that the ledger does not have yet, each in its place.

    A stop comes after everything that was said before it. `said_ms`: when the messages behind
    events were accepted, by event id; a START that was said first may be taken in last.
    """
    found = list(events)
    for stop in sorted(heard, key=lambda one: one.at_ms):
        before = [
            at
            for at, event in enumerate(found, start=1)
            if said_ms.get(event.event_id, event.at_ms) <= stop.at_ms
        ]
        found.insert(max(before, default=0), stop.event)
    return found


def with_kept(events: Sequence[ConsentEvent], kept: KeptStop | None) -> list[ConsentEvent]:
    """A person's events with the stop that outlived an erasure, in its place.

    Of its own handles all that was said before is erased: what is known of them came after it. Of
    handles joined since, what was said up to the end of that day came before it.
    """
    if kept is None:
        return list(events)
    before: list[ConsentEvent] = []
    after: list[ConsentEvent] = []
    for event in events:
        joined = event.handle_key not in kept.handle_keys
        earlier = joined and event.at_ms < kept.day_ms + DAY_MS
        (before if earlier else after).append(event)
    return [*before, kept.event, *after]
