"""What the screens show, as JSON: the desk, the floor, the queues."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app import metrics
from app.adapters.store.users import User
from app.web import flight_views
from app.web.state import Parts

IN_WORK = ("accepted", "wrapping")  # states of a task that stands on somebody's desk


async def desk(at: Parts, me: User) -> dict[str, Any]:
    """Everything one agent's desk shows, and the id from which the stream goes on."""
    last_event_id = await at.feed.last_id()  # first, so that nothing falls between
    held = await flight_views.on_cards(at, me, await at.floor.held_by(me.name))
    settings = at.base.settings
    return {
        "me": await myself(at, me),
        "offer": next((card for card in held if card["state"] == "offered"), None),
        "tasks": [card for card in held if card["state"] in IN_WORK],
        "parked": await flight_views.on_cards(at, me, await at.floor.parked_by(me.name)),
        "follows": await flight_views.follows(at, me),
        "queues": await queues_of(at, me),
        "colleagues": _colleagues(at, me),
        "all_queues": _all_queues(at),
        "now_ms": await at.floor.now_ms(),
        "last_event_id": last_event_id,
        "read_only": at.hub.read_only,
        "offer_seconds": settings.offer.expires_s,
        "sla_seconds": settings.sla.window_s,
    }


async def myself(at: Parts, me: User) -> dict[str, Any]:
    """Who looks at the desk; also somebody who takes no tasks, or no longer."""
    return await at.floor.rep(me.name) or _onlooker(me)


async def floor(at: Parts) -> dict[str, Any]:
    """Every queue and every agent, with totals."""
    last_event_id = await at.feed.last_id()
    queues, reps = await at.floor.queues(), await at.floor.reps()
    cards = await _held(at, reps)
    held = Counter((card["queue"], card["state"]) for card in cards.values())
    for queue in queues:
        queue["offered"] = held[queue["name"], "offered"]
        queue["accepted"] = sum(held[queue["name"], state] for state in IN_WORK)
    for rep in reps:
        rep["tasks"] = [brief(cards[id_]) for id_ in rep.pop("task_ids") if id_ in cards]
    figures = ("waiting", "offered", "accepted", "at_risk", "breached")
    totals = {name: sum(queue[name] for queue in queues) for name in figures}
    totals["unroutable"] = sum(sum(queue["unroutable"].values()) for queue in queues)
    return {
        "queues": queues,
        "reps": reps,
        "totals": totals,
        "now_ms": await at.floor.now_ms(),
        "last_event_id": last_event_id,
        "read_only": at.hub.read_only,
    }


async def queues_of(at: Parts, me: User) -> list[dict[str, Any]]:
    """The queues that this person serves; all of them for whoever serves none."""
    rep = at.base.config.catalogue.reps.get(me.name)
    served = rep.queues if rep else ()
    return [q for q in await at.floor.queues() if not served or q["name"] in served]


async def measure(at: Parts) -> None:
    """Set the gauges that are read from Redis when somebody asks for metrics."""
    for queue in await at.floor.queues():
        name = queue["name"]
        metrics.QUEUE_WAITING.labels(name).set(queue["waiting"])
        metrics.QUEUE_OLDEST.labels(name).set(queue["oldest_wait_s"])
        metrics.QUEUE_AT_RISK.labels(name).set(queue["at_risk"])
        metrics.QUEUE_BREACHED.labels(name).set(queue["breached"])
    states = Counter(rep["state"] for rep in await at.floor.reps())
    for state in ("available", "paused", "offline"):
        metrics.REPS.labels(state).set(states[state])


async def _held(at: Parts, reps: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    ids = [task for rep in reps for task in rep["task_ids"]]
    cards = await at.floor.cards(ids)
    return {card["task_id"]: card for card in cards if card}


def brief(card: dict[str, Any]) -> dict[str, Any]:
    """Enough of a task to show it in one line."""
    short = {name: card[name] for name in ("task_id", "state", "queue", "sla", "due_ms", "weight")}
    author = card["mention"]["author"]
    name = (card.get("profile") or {}).get("name") or author.get("name") or author["handle"]
    return short | {"queue_title": card["queue_title"], "customer": name}


def is_parked_by(card: dict[str, Any], rep: str) -> bool:
    """Does this task rest, to come back to this rep?"""
    return card["state"] == "parked" and rep in (card["rep"], card["for_rep"])


def why_closed(card: dict[str, Any]) -> str:
    """Why a task left a desk, in a word that the screens know; for who did not do it themselves."""
    if card["state"] == "queued" and card["handed_on"]:
        by_itself = card["handed_on"]["reason"] in ("no_first_reply", "agent_gone", "agent_left")
        return str(card["handed_on"]["reason"]) if by_itself else "handed_on"
    return str(card["state"])


def _colleagues(at: Parts, me: User) -> list[dict[str, str]]:
    """To whom I can hand a task on."""
    others = (rep for rep in at.base.takers() if rep.name != me.name)
    return [{"name": rep.name, "title": rep.title} for rep in others]


def _all_queues(at: Parts) -> list[dict[str, str]]:
    queues = at.base.config.catalogue.queues.values()
    return [{"name": queue.name, "title": queue.title} for queue in queues]


def _onlooker(me: User) -> dict[str, Any]:
    """Somebody who sees the desk but takes no tasks."""
    return {
        "name": me.name,
        "title": me.title,
        "role": me.role,
        "state": "offline",
        "reason": "",
        "since_ms": 0,
        "capacity": 0,
        "load": 0,
        "skills": [],
        "queues": [],
        "simulated": False,
    }
