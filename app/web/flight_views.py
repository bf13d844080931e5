"""Flights as screens and programs see them: in the list, whole, and on the card of a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import structlog

from app.adapters.store.flight_rows import Found
from app.adapters.store.flights import Flights
from app.adapters.store.users import User
from app.core.errors import Unavailable
from app.core.flight import OPEN, SHUT, Flight, Step, Who, is_of, may_lead
from app.core.flight_goal import due_ms
from app.web.state import Parts
from app.wiring.base import system_ms

log = structlog.get_logger()

MOST_CLOSED: Final = 50  # closed ones in the list: older ones are read by their id
_TASKS, _EVENTS = 200, 500  # on the page of one flight, the newest

Json = dict[str, Any]


async def overview(at: Parts, who: Who) -> Json:
    """All open flights and the last closed ones, and the id that a feed begins with."""
    flights = Flights(at.base.database)
    return {
        "open": [head(found, who) for found in await flights.all(OPEN, MOST_CLOSED)],
        "closed": [head(found, who) for found in await flights.all(SHUT, MOST_CLOSED)],
        "lead": may_lead(who),
        "now_ms": system_ms(),
        "last_event_id": "",
        "read_only": at.hub.read_only,
    }


def head(found: Found, who: Who) -> Json:
    """A flight as the list has it."""
    flight, counts = found.flight, found.counts
    plan, leads = flight.plan, may_lead(who)
    return {
        "id": flight.id,
        "version": flight.version,
        "state": flight.state,
        "name": plan.name,
        "labels": list(plan.labels),
        "goal": asdict(plan.goal),
        "opened_by": flight.opened_by,
        "opened_ms": flight.opened_ms,
        "changed_ms": flight.changed_ms,
        "route": {"done": len(flight.done), "of": len(plan.steps)},
        "mentions": counts.mentions,
        "tasks": counts.tasks,
        "open": counts.open,
        "due_ms": due_ms(flight, counts) if flight.state == OPEN else 0,
        "closed": dict(flight.closed) or None,
        "may": {"lead": leads, "tick": flight.state == OPEN and (leads or is_of(plan, who))},
    }


async def whole(at: Parts, found: Found, who: Who) -> Json:
    """A flight with its route, its group, what belongs to it and everything that was done."""
    flight, flights = found.flight, Flights(at.base.database)
    events = await flights.history(flight.id, _EVENTS)
    return head(found, who) | {
        "since_ms": flight.plan.since_ms,
        "say": flight.plan.say,
        "steps": [_step(flight, step) for step in flight.plan.steps],
        "group": {"reps": list(flight.plan.reps), "queues": list(flight.plan.queues)},
        "belonging": await flights.tasks(flight.id, _TASKS),
        "history": [asdict(event) for event in events],
        "also": [
            {"id": other.flight.id, "name": other.flight.plan.name}
            for other in await flights.all(OPEN, MOST_CLOSED)
            if other.flight.id != flight.id
            and set(other.flight.plan.labels) & set(flight.plan.labels)
        ],
    }


def _step(flight: Flight, step: Step) -> Json:
    done = flight.done.get(step.id)
    return {
        "id": step.id,
        "what": step.what,
        "who": {step.kind: step.name} if step.kind else None,
        "done": asdict(done) if done else None,
    }


def on_card(found: Found, who: Who) -> Json:
    """A flight as the card of a task shows it: where it is, what to say, how many others."""
    flight, counts, step = found.flight, found.counts, found.flight.current
    number = flight.plan.steps.index(step) + 1 if step else 0
    return {
        "id": flight.id,
        "version": flight.version,
        "name": flight.plan.name,
        "goal": flight.plan.goal.words,
        "say": flight.plan.say,
        "step": {"number": number, **_step(flight, step)} if step else None,
        "route": {"done": len(flight.done), "of": len(flight.plan.steps)},
        "tasks": counts.tasks,
        "open": counts.open,
        "due_ms": due_ms(flight, counts),
        "may_tick": may_lead(who) or is_of(flight.plan, who),
    }


def _who(at: Parts, me: User) -> Who:
    rep = at.base.config.catalogue.reps.get(me.name)
    skills, queues = (rep.skills, rep.queues) if rep else ((), ())
    return Who(name=me.name, role=me.role, skills=skills, queues=queues)


async def follows(at: Parts, me: User) -> int:
    """How many open flights somebody may add their tasks to; 0 where nobody can be asked."""
    who = _who(at, me)
    try:
        found = await Flights(at.base.database).all(OPEN, MOST_CLOSED)
    except Unavailable:
        return 0
    return sum(may_lead(who) or is_of(one.flight.plan, who) for one in found)


async def on_cards(at: Parts, me: User, cards: Sequence[Json]) -> list[Json]:
    """These cards, each with its open flights, the last opened first.

    null where nobody can be asked: tasks go on while the store is away.
    """
    if not cards:
        return []
    who = _who(at, me)
    ids = [card["mention_id"] for card in cards]
    try:
        found = await Flights(at.base.database).of_mentions(ids)
    except Unavailable as error:
        log.warning("flights_not_shown", reason=str(error))
        return [card | {"flights": None} for card in cards]
    return [
        card | {"flights": [on_card(each, who) for each in found.get(card["mention_id"], ())]}
        for card in cards
    ]
