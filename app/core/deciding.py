"""Deciding: whose settings count when several rules hold, and what the trace says of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from app.core.catalogue import Catalogue
from app.core.decision import ERROR, HIT, MISS, NOT_REACHED, Decision, Notice, Trace
from app.core.rules import Effects, Row, Rule
from app.core.score import UNSUPPORTED

DEFAULT_ROW = "no-rule"  # when no row holds: work for people, never silence

Result = bool | str  # whether a condition held, or the text of an evaluation error


class NotKnown(str):
    """Why a condition does not hold though it is right: what it asks for is not known."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What held: the event rules that act, in order, and the row that decides."""

    row: Row | None
    rules: Sequence[Rule] = ()
    trace: tuple[Trace, ...] = ()


class Traces:
    """How each rule fared, put together from parts that are made once."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = tuple(ids)
        self._ready = {
            result: tuple(Trace(rule=id_, result=result) for id_ in self._ids)
            for result in (HIT, MISS, NOT_REACHED)
        }
        self._table: dict[int, tuple[Trace, ...]] = {}

    def one(self, number: int, result: Result) -> Trace:
        if isinstance(result, str):
            return fault(self._ids[number], result)
        return self._ready[HIT if result else MISS][number]

    def table(self, hit: int) -> tuple[Trace, ...]:
        """Of a table: all rows before the one that held failed, those behind it were not asked.

        A hit beyond the last row means that none held.
        """
        if hit not in self._table:
            missed, behind = self._ready[MISS][:hit], self._ready[NOT_REACHED][hit + 1 :]
            self._table[hit] = (*missed, *self._ready[HIT][hit : hit + 1], *behind)
        return self._table[hit]

    def each(self, results: Sequence[Result]) -> tuple[Trace, ...]:
        """Of rows asked one by one; rows beyond the results were not reached."""
        asked = tuple(self.one(number, result) for number, result in enumerate(results))
        return asked + self._ready[NOT_REACHED][len(results) :]


def fault(rule: str, said: str) -> Trace:
    """The trace of a condition that could not be told."""
    result = MISS if isinstance(said, NotKnown) else ERROR
    return Trace(rule=rule, result=result, detail=str(said))


class Decider:
    """Makes decisions for one catalogue."""

    def __init__(self, catalogue: Catalogue, version: str) -> None:
        self._catalogue = catalogue
        self._version = version
        self._spoken = {skill for rep in catalogue.reps.values() for skill in rep.skills}

    def decide(self, found: Found, lang: str) -> Decision:
        """Each setting is that of the most individual rule that gives it.

        One customer's rule wins over an agent's or a tier's, that over an event rule for
        everybody, that over the row, and the row over the queue. Among rules as individual the
        higher level wins, then the later one. Where no row holds, people must look.
        """
        row = found.row or self._default()
        givers = [(row.id, row.why, _effects(row)), *_ranked(found.rules)]
        id_, why, route = next((i, w, e) for i, w, e in reversed(givers) if e.route is not None)
        name = route.route or ""
        queue = self._catalogue.queues.get(name)
        by = {"queue": id_} | _by(givers)
        given = {giver: effects for giver, _, effects in givers}
        window_s = given[by["window"]].window_s if "window" in by else 0.0
        priority = given[by["priority"]].priority if "priority" in by else 0
        return Decision(
            queue=name,
            priority=priority or (queue.priority if queue else 0),
            window_s=window_s or (queue.window_s if queue else 0.0),
            skills=self._skills(name, _wanted(givers, id_), lang),
            rule=id_,
            why=why,
            version=self._version,
            rule_window_s=window_s,
            trace=found.trace,
            labels=_distinct(rule.does.labels for rule in found.rules),
            handoffs=_distinct(rule.does.handoffs for rule in found.rules),
            notices=tuple(_notices(found.rules)),
            draft=given[by["draft"]].draft if "draft" in by else "",
            macro=given[by["macro"]].macro if "macro" in by else "",
            case=given[by["case"]].case if "case" in by else "",
            reply=given[by["reply"]].reply if "reply" in by else None,
            by=by,
        )

    def _default(self) -> Row:
        first = next(name for name in self._catalogue.queues)
        why = "No rule fitted; a person should look"
        return Row(id=DEFAULT_ROW, when="true", queue=first, why=why)

    def _skills(self, name: str, wanted: Iterable[str], lang: str) -> tuple[str, ...]:
        """What was asked for, the queue's and the language's, where anybody has that at all."""
        queue = self._catalogue.queues.get(name)
        if not queue:
            return tuple(sorted(wanted)) if name else ()
        known_language = (lang,) if lang in self._spoken and lang != UNSUPPORTED else ()
        return tuple(sorted({*wanted, *queue.skills, *known_language}))


def _effects(row: Row) -> Effects:
    return Effects(route=row.queue, priority=row.priority, window_s=row.window_s, skills=row.skills)


def _ranked(rules: Sequence[Rule]) -> list[tuple[str, str, Effects]]:
    """The strongest last. Sorting keeps the order of equals, so that the later one wins."""
    ordered = sorted(rules, key=lambda rule: (rule.whom.rank, rule.level))
    return [(rule.id, rule.why, rule.does) for rule in ordered]


def _by(givers: Sequence[tuple[str, str, Effects]]) -> dict[str, str]:
    """Who gave each setting that was given at all."""
    found = {}
    for id_, _, effects in givers:
        for setting, value in (
            ("priority", effects.priority),
            ("window", effects.window_s),
            ("draft", effects.draft),
            ("macro", effects.macro),
            ("case", effects.case),
            ("reply", effects.reply),
        ):
            if value:
                found[setting] = id_
    return found


def _wanted(givers: Sequence[tuple[str, str, Effects]], routed_by: str) -> Iterable[str]:
    """Skills add up; those of whoever named another queue are for that queue, and go with it."""
    for id_, _, effects in givers:
        if effects.route is None or id_ == routed_by:
            yield from effects.skills


def _notices(rules: Iterable[Rule]) -> Iterator[Notice]:
    for rule in rules:
        for notice in rule.does.notices:
            yield replace(notice, rule=rule.id)


def _distinct(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(lists)))
