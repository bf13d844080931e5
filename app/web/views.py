"""What the screens show, as JSON: the desk, the floor, the queues."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app import metrics
from app.adapters.store.users import User
from app.web.state import Parts


async def desk(at: Parts, me: User) -> dict[str, Any]:
    """Everything one agent's desk shows, and the id from which the stream goes on."""
    last_event_id = await at.feed.last_id()  # first, so that nothing falls between
    held = await at.floor.held_by(me.name)
    settings = at.base.settings
    return {
        "me": await at.floor.rep(me.name) or _onlooker(me),
        "offer": next((card for card in held if card["state"] == "offered"), None),
        "tasks": [card for card in held if card["state"] == "accepted"],
        "queues": await queues_of(at, me),
        "now_ms": await at.floor.now_ms(),
        "last_event_id": last_event_id,
        "offer_seconds": settings.offer.expires_s,
        "sla_seconds": settings.sla.window_s,
    }


async def floor(at: Parts) -> dict[str, Any]:
    """Every queue and every agent, with totals."""
    last_event_id = await at.feed.last_id()
    queues, reps = await at.floor.queues(), await at.floor.reps()
    cards = await _held(at, reps)
    held = Counter((card["queue"], card["state"]) for card in cards.values())
    for queue in queues:
        queue["offered"] = held[queue["name"], "offered"]
        queue["accepted"] = held[queue["name"], "accepted"]
    for rep in reps:
        rep["tasks"] = [_brief(cards[id_]) for id_ in rep.pop("task_ids") if id_ in cards]
    figures = ("waiting", "offered", "accepted", "at_risk", "breached")
    return {
        "queues": queues,
        "reps": reps,
        "totals": {name: sum(queue[name] for queue in queues) for name in figures},
        "now_ms": await at.floor.now_ms(),
        "last_event_id": last_event_id,
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


def _brief(card: dict[str, Any]) -> dict[str, Any]:
    return {name: card[name] for name in ("task_id", "state", "queue", "sla", "due_ms")}


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
