"""Back-test: what two sets of rules make of the same recorded mentions, and where they differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.catalogue import ESCALATION_QUEUE
from app.core.decision import ERROR, HIT, Decision
from app.core.forecast_events import Known
from app.core.forecast_tasks import Arrival
from app.core.placing import Heard, place
from app.core.policy import Slas
from app.core.recorded import Decide, Recorded, line_of
from app.core.sla import to_ms
from app.core.words import clipped

SHOWN_CHARS: Final = 160  # of a text in a report

# How a decision changed, in the order in which a report tells it.
OPENED, CLOSED, QUEUE = "opened", "closed", "queue"
PRIORITY, WINDOW, SKILLS, RULE = "priority", "window", "skills", "rule"
CHANGES: Final = (OPENED, CLOSED, QUEUE, PRIORITY, WINDOW, SKILLS, RULE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Everything that decides: compiled rules, and the service levels that give deadlines."""

    decide: Decide
    slas: Slas
    at_risk_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one set of rules makes of a mention. `line` names the whole decision (see `recorded`).

    `window_s`, `due_ms` and `order_ms` are 0 where it makes no task.
    """

    rule: str
    why: str
    queue: str
    priority: int
    skills: tuple[str, ...]
    hits: tuple[str, ...]
    errors: tuple[tuple[str, str], ...]
    line: str
    window_s: float = 0.0
    due_ms: int = 0
    order_ms: float = 0.0
    at_risk_ms: int = 0
    labels: tuple[str, ...] = ()
    told: tuple[str, ...] = ()  # whom notices are for, one for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A later wording, decided anew: its task stays, but later events are asked about this."""

    at_ms: int
    live: Side
    draft: Side
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One recorded mention under both. `text` is there, and clipped, where something changed.

    `values` are those that rules at later events ask for, None where there are no such rules.
    """

    mention_id: str
    channel: str
    detected_ms: int
    at_ms: int  # when it could enter a queue
    live: Side
    draft: Side
    text: str = ""
    values: Mapping[str, object] | None = None
    edits: tuple[Edit, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        return tuple(changes(self.live, self.draft))


Choose = Callable[[Outcome | Edit], Side]  # live or draft


def outcome(
    known: Recorded,
    live: Rulebook,
    draft: Rulebook,
    edits: Iterable[Recorded] = (),
    names: Collection[str] | None = None,
) -> Outcome:
    """Decide one recorded mention, and its edits, by both.

    `names` are the values that rules at later events ask for; None without such rules.
    """
    detected_at = datetime.fromisoformat(str(known.mention["detected_at"]))
    heard = Heard(
        channel=str(known.mention["channel"]),
        tier=str(known.values["profile.tier"]),
        detected_at=detected_at,
        clock=known.clock,
    )
    sides = [_side(known, heard, book) for book in (live, draft)]
    changed = any(changes(*sides))
    found = [
        Edit(
            at_ms=edit.at_ms,
            live=_side(edit, heard, live),
            draft=_side(edit, heard, draft),
            values=_named(edit, names or ()),
        )
        for edit in edits
    ]
    return Outcome(
        mention_id=known.mention_id,
        channel=heard.channel,
        detected_ms=to_ms(detected_at),
        at_ms=max(known.at_ms, to_ms(detected_at)),
        live=sides[0],
        draft=sides[1],
        text=clipped(str(known.mention["text"]), SHOWN_CHARS) if changed else "",
        values=None if names is None else _named(known, names),
        edits=tuple(found),
    )


def _named(known: Recorded, names: Collection[str]) -> dict[str, object]:
    return {name: known.values[name] for name in names}


def _side(known: Recorded, heard: Heard, book: Rulebook) -> Side:
    decision = book.decide(known.values)
    found = place(decision, heard, book.slas, book.at_risk_share)
    return Side(
        rule=decision.rule,
        why=decision.why,
        queue=decision.queue,
        priority=decision.priority,
        skills=decision.skills,
        hits=tuple(trace.rule for trace in decision.trace if trace.result == HIT),
        errors=tuple(_errors(decision)),
        line=line_of(known, decision),
        window_s=found.window_s if found else 0.0,
        due_ms=found.times.due_ms if found else 0,
        order_ms=found.order_ms if found else 0.0,
        at_risk_ms=found.times.at_risk_ms if found else 0,
        labels=decision.labels,
        told=tuple(notice.to for notice in decision.notices),
    )


def _errors(decision: Decision) -> Iterator[tuple[str, str]]:
    for trace in decision.trace:
        if trace.result == ERROR:
            yield trace.rule, trace.detail


def changes(live: Side, draft: Side) -> Iterator[str]:
    """The words for what is different, in the order of `CHANGES`."""
    if live.queue != draft.queue:
        yield OPENED if not live.queue else QUEUE if draft.queue else CLOSED
    if live.queue and draft.queue:
        if live.priority != draft.priority:
            yield PRIORITY
        if live.window_s != draft.window_s:
            yield WINDOW
        if live.skills != draft.skills:
            yield SKILLS
    if live.rule != draft.rule:
        yield RULE


def escalates(side: Side) -> bool:
    """Do the rules themselves send it to the mediators?"""
    return side.queue == ESCALATION_QUEUE


def arrival(one: Outcome, of: Choose) -> Arrival | None:
    """The task that the chosen side makes of it, for a forecast."""
    side = of(one)
    if not side.queue:
        return None
    return Arrival(
        mention_id=one.mention_id,
        queue=side.queue,
        skills=side.skills,
        channel=one.channel,
        at_ms=one.at_ms,
        detected_ms=one.detected_ms,
        due_ms=side.due_ms,
        order_ms=side.order_ms,
        at_risk_ms=side.at_risk_ms,
        priority=side.priority,
        known=tuple(_known(one, of)),
    )


def _known(one: Outcome, of: Choose) -> Iterator[Known]:
    """What event rules may ask of the mention, and of its edits from their moments on."""
    if one.values is None:
        return
    yield Known(at_ms=one.at_ms, values=one.values, labels=of(one).labels)
    for edit in one.edits:
        yield Known(at_ms=edit.at_ms, values=edit.values, labels=of(edit).labels)


def lines(known: Iterable[Outcome], of: Choose) -> Iterator[str]:
    """Every decision of this side, those of edits among them."""
    for one in known:
        yield of(one).line
        yield from (of(edit).line for edit in one.edits)


def edited(known: Iterable[Outcome]) -> dict[str, int]:
    """Later wordings: their tasks stay where they are, whatever is decided of them."""
    every = [edit for one in known for edit in one.edits]
    changed = sum(any(changes(edit.live, edit.draft)) for edit in every)
    return {"decided": len(every), "changed": changed}
