"""A mention's trail with everything that the context card can speak of, and signals beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.core.clause import Clause
from app.core.context import Moment, Task, Titles, moment_of
from app.core.context_clauses import clauses
from app.core.context_signals import signal_clauses
from app.core.signal import Place, Signal, SignalKind
from tests.builders import NOON_MS

Json = dict[str, Any]

HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
TITLES = Titles(
    queues={"billing": "Billing", "service": "Service"},
    channels={"twitter": "Twitter"},
    people={"sofia": "Sofia Rossi"},
)
TASK = Task(rep="amira", reservation_id="t:1", sla="at_risk", due_ms=NOON_MS + 60_000)
DELAY = SignalKind(
    name="delay",
    title="Delay",
    says="was delayed",
    means="Say the new date first.",
    before_ms=WEEK_MS,
    after_ms=HOUR_MS,
)


def fact(op: str, number: int = 0, **given: Any) -> Json:
    base = {"op": op, "fact_id": f"f{number}/{op}", "op_id": f"f{number}", "reason": ""}
    actor = {"type": "system", "id": "door", "role": "service"}
    live = {"mention_id": "m1", "now_ms": NOON_MS + number, "data": {}, "actor": actor}
    return base | live | given


def of_task(op: str, number: int, **given: Any) -> Json:
    live: Json = {"task_id": "t", "rep": "", "queue": "billing", "reservation_id": ""}
    live |= {"deadline_ms": TASK.due_ms, "from": "queued"}
    return fact(op, number, **live | given)


def mention(**given: Any) -> Json:
    author = {"handle": "@kim", "name": "Kim Ray", "followers": 412_000}
    at = datetime.fromtimestamp(NOON_MS / 1000, UTC).isoformat()
    said = {"text": "It burns", "channel": "twitter", "author": author, "detected_at": at}
    return said | given


def decision(**given: Any) -> Json:
    made = {
        "queue": "billing",
        "rule": "billing",
        "why": "Check the invoice.",
        "draft": "Dear Kim",
        "macro": "refund",
        "by": {"queue": "billing", "draft": "polite", "macro": "money"},
    }
    return made | given


VALUES = {"profile.open_cases": 2, "history.open_cases": 1, "profile.products": ["Kettle", "Fan"]}


def trail() -> list[Json]:
    """Everything that happened to one mention that was a long time underway."""
    return [
        fact("received", 1, data={"mention": mention(), "content_hash": "h"}),
        fact(
            "scored",
            2,
            data={"score": {"urgency_why": ["safety +0.80", "deadline +0.35", "negative +0.30"]}},
        ),
        fact(
            "identified",
            3,
            data={
                "known": True,
                "tier": "gold",
                "customer_id": "C-1",
                "handle_key": "twitter:kim",
                "degraded": [],
            },
        ),
        fact("decided", 4, data={"decision": decision(), "values": VALUES}),
        of_task(
            "queued",
            5,
            data={"skills": "billing:2,de", "clock": "next_response", "for_rep": "amira"},
            **{"from": ""},
        ),
        of_task("offered", 6, rep="ben", reservation_id="t:0", data={}),
        of_task("offered", 7, rep="amira", reservation_id="t:1", data={"skills": "billing"}),
        of_task("at_risk", 8, data={}),
        of_task("breached", 9, data={"clock": "resolution"}),
        of_task("escalated", 10, reason="breached", data={"skills": "mediator", "level": 1}),
        fact("case_opened", 11, data={"case": "c1", "title": "Charged twice", "rule": "money"}),
        fact("case_closed", 12, reason="Paid", data={"case": "c1", "title": "Charged twice"}),
    ]


def signal(id_: str = "1", **given: Any) -> Json:
    """The fact of a signal on this person, an hour before the mention."""
    base: Json = {
        "kind": DELAY,
        "sender": "",
        "source": "logistics",
        "id": id_,
        "at_ms": NOON_MS - HOUR_MS,
        "subject": "Parcel P-1",
        "customer": "C-1",
    }
    made = Signal(**base | given).fact(NOON_MS, {"type": "system", "id": "intake", "role": "x"})
    return made.as_dict()


def place(name: str, lat: float, lon: float) -> Place:
    return Place(name=name, lat=lat, lon=lon)


NEW_YORK, PARIS = place("New York", 40.7128, -74.006), place("Paris", 48.8566, 2.3522)


def sightings() -> list[Json]:
    return [
        signal("in", subject="Check-in", place=NEW_YORK, at_ms=NOON_MS - 2 * HOUR_MS),
        signal("card", subject="Card", place=PARIS, at_ms=NOON_MS - HOUR_MS),
    ]


def said(
    facts: Sequence[Mapping[str, Any]],
    moment: Moment | None = None,
    signals: Sequence[Mapping[str, Any]] = (),
    flights: Sequence[Mapping[str, Any]] = (),
) -> tuple[Clause, ...]:
    moment = moment or moment_of(facts, TASK, TITLES)
    return clauses(facts, moment, signal_clauses(facts, moment, signals), flights)


def texts(found: Sequence[Clause]) -> dict[str, str]:
    return {one.key: one.text for one in found}
