"""Flights over HTTP: opened, edited and closed by who leads, ticked off by their group."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import codec, metrics
from app.adapters.store.flights import Decide, Flights, Said, Scene
from app.adapters.store.rule_versions import RuleVersions
from app.core import flight_moves as moves
from app.core.catalogue import ROLES, Rep
from app.core.errors import Conflict
from app.core.flight import BY_HAND, Event, Who, is_of, may_lead
from app.core.flight_plan import Known, goal_problems, problems
from app.core.skills import MEDIATOR
from app.web import flight_views as views
from app.web.flight_forms import (
    PLAN,
    REASON_CHARS,
    plan_from,
    refuse,
    reopening_goal,
    said_of,
    version_of,
    who_of,
)
from app.web.hub import FLIGHTS
from app.web.problems import Problem
from app.web.state import command, parts, text_of, whole_field
from app.wiring.labels import labels_of, labels_of_texts

_ID_CHARS, _MENTION_CHARS = 40, 64
_LARGEST: Final = 2**31 - 1


async def flights(request: Request) -> Response:
    """All open flights, and the last closed ones."""
    return JSONResponse(await views.overview(parts(request), who_of(request)))


async def flight(request: Request) -> Response:
    """One flight, whole."""
    found = await _flights(request).one(_id(request))
    return await _answer(request, found)


async def choices(request: Request) -> Response:
    """What a plan may name: labels, people, queues, roles."""
    at = parts(request).base
    return JSONResponse(
        {
            "labels": await _set_labels(request),
            "reps": [{"name": rep.name, "title": rep.title} for rep in _people(request)],
            "queues": [
                {"name": queue.name, "title": queue.title}
                for queue in at.config.catalogue.queues.values()
            ],
            "roles": [*ROLES, MEDIATOR],
        }
    )


async def open_flight(request: Request) -> Response:
    """Open a flight; once for each Idempotency-Key."""
    given = await command(request, *PLAN)
    said = said_of(request, "open", given)
    who, plan = _leader(request), plan_from(given)
    refuse(problems(plan, await _known(request, plan.labels), who.at_ms))
    event = moves.opened(said.op_id[:16], plan, who)
    return await _answer(request, await _flights(request).open(event, said))


async def edit(request: Request) -> Response:
    """Another plan in place of the one that was seen, whole; what was done stays."""
    given = await command(request, *PLAN, "version")
    said = said_of(request, "edit", given, version_of(given))
    who, plan = _leader(request), plan_from(given)
    old = (await _flights(request).one(_id(request))).flight
    known = await _known(request, set(plan.labels) - set(old.plan.labels))
    labels = {*known.labels, *old.plan.labels}
    known = Known(reps=known.reps, queues=known.queues, labels=labels)
    refuse(problems(plan, known, who.at_ms, old.plan.since_ms))
    return await _do(request, said, lambda scene: moves.edited(scene.found.flight, plan, who))


async def tick(request: Request) -> Response:
    """Say that a step is done."""
    given = await command(request, "step", "note")
    said, who = said_of(request, "tick", given), who_of(request)
    step = whole_field(given, "step", 1, _LARGEST)
    note = text_of(given, "note", REASON_CHARS, required=False)
    return await _do(
        request, said, lambda scene: moves.ticked(_of_group(scene, who), step, who, note)
    )


async def untick(request: Request) -> Response:
    """Take a tick back, with the reason."""
    given = await command(request, "step", "reason")
    said, who = said_of(request, "untick", given), who_of(request)
    step, reason = whole_field(given, "step", 1, _LARGEST), text_of(given, "reason", REASON_CHARS)
    return await _do(
        request, said, lambda scene: moves.unticked(_of_group(scene, who), step, who, reason)
    )


async def add_task(request: Request) -> Response:
    """Let an open task belong: their own for agents of the group, any for who leads."""
    given = await command(request, "task_id")
    said, who = said_of(request, "add_task", given), who_of(request)
    task_id = text_of(given, "task_id", _MENTION_CHARS)
    card = await parts(request).floor.card(task_id)
    if card is None:
        raise Conflict("unknown_task", "No task has this id")
    if not may_lead(who) and card["rep"] != who.name:
        raise Conflict("not_yours", "Agents add the tasks that they have")
    mention_id = str(card["mention_id"])

    def act(scene: Scene) -> Event | None:
        group = _of_group(scene, who)
        if scene.member(mention_id) is not None:
            return None
        return moves.added(group, mention_id, task_id, who)

    return await _do(request, said, act)


async def remove_task(request: Request) -> Response:
    """Take a mention and its task out: what they added themselves for agents, any for who leads."""
    given = await command(request, "mention_id", "reason")
    said, who = said_of(request, "remove_task", given), who_of(request)
    mention_id = text_of(given, "mention_id", _MENTION_CHARS)
    reason = text_of(given, "reason", REASON_CHARS)

    def act(scene: Scene) -> Event:
        group, by = _of_group(scene, who), scene.member(mention_id)
        if by is None:
            raise Conflict("unknown_mention", "This mention does not belong to the flight")
        if not may_lead(who) and by != who.name:
            raise Conflict("not_yours", "Agents take out what they have added themselves")
        return moves.removed(group, {"mention_id": mention_id}, who, reason)

    return await _do(request, said, act)


async def close(request: Request) -> Response:
    """End a flight before its goal is reached, with the reason."""
    given = await command(request, "reason")
    said, reason = said_of(request, "close", given), text_of(given, "reason", REASON_CHARS)
    who = _leader(request)

    def act(scene: Scene) -> Event:
        told = scene.outcome(who.at_ms)
        event = moves.closed(scene.found.flight, BY_HAND, who, reason, told)
        metrics.FLIGHTS_CLOSED.labels(BY_HAND).inc()
        return event

    return await _do(request, said, act)


async def reopen(request: Request) -> Response:
    """Go on with a closed flight, with the reason, and another goal where it is reached."""
    given = await command(request, "reason", "goal")
    said, reason = said_of(request, "reopen", given), text_of(given, "reason", REASON_CHARS)
    who, goal = _leader(request), reopening_goal(given)
    old = (await _flights(request).one(_id(request))).flight
    if goal:
        refuse(goal_problems(goal, old.plan.steps, who.at_ms))

    def act(scene: Scene) -> Event:
        return moves.reopened(scene.found.flight, scene.found.counts, who, reason, goal)

    return await _do(request, said, act)


def _leader(request: Request) -> Who:
    """Who asks, if they lead. Raises Problem 403."""
    who = who_of(request)
    if not may_lead(who):
        told = "Flights are opened, changed and closed by supervisors, administrators and mediators"
        raise Problem(403, "not_allowed", told)
    return who


def _of_group(scene: Scene, who: Who) -> Any:
    """The flight, for somebody of its group or who leads. Raises Problem 403."""
    found = scene.found.flight
    if not may_lead(who) and not is_of(found.plan, who):
        raise Problem(403, "not_of_group", "This is for the group that follows the flight")
    return found


async def _do(request: Request, said: Said, act: Decide) -> Response:
    return await _answer(request, await _flights(request).change(_id(request), act, said), True)


async def _answer(request: Request, found: Any, changed: bool = False) -> Response:
    at = parts(request)
    if changed or request.method == "POST":
        at.hub.tell(FLIGHTS, FLIGHTS)  # here at once; elsewhere when the board is looked at
    told = await views.whole(at, found, who_of(request))
    return JSONResponse(told, headers={"ETag": f'"{found.flight.version}"'})


async def _known(request: Request, labels: Iterable[str]) -> Known:
    at = parts(request).base
    set_by_rules = await _set_labels(request)
    asked = [label for label in labels if label not in set_by_rules]
    recorded = await _flights(request).recorded(asked) if asked else set()
    return Known(
        reps=[rep.name for rep in _people(request)],
        queues=list(at.config.catalogue.queues),
        labels=[*set_by_rules, *recorded],
    )


def _people(request: Request) -> list[Rep]:
    """Who may follow a flight: also who takes no tasks, such as supervisors."""
    at = parts(request).base
    reps, demo = at.config.catalogue.reps.values(), at.settings.demo.on
    return [rep for rep in reps if demo or not rep.demo]


async def _set_labels(request: Request) -> list[str]:
    """The labels that the live rules set."""
    at = parts(request).base
    versions = RuleVersions(at.database)
    if live := await versions.live():
        texts = (await versions.version(live.number)).texts
        return await asyncio.to_thread(labels_of_texts, texts)
    return labels_of(at.config.rules)


def _flights(request: Request) -> Flights:
    return Flights(parts(request).base.database)


def _id(request: Request) -> str:
    """From the path; what is longer than any is known to nobody."""
    return codec.clean(str(request.path_params["flight_id"]))[: _ID_CHARS + 1]
