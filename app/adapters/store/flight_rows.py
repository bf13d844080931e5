"""Flights as rows: how they are written and read inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store import flight_tables as t
from app.adapters.store.database import Database
from app.adapters.store.tables import history, mentions
from app.core.errors import Conflict
from app.core.flight import ADDED, EDITED, OPENED, REMOVED, REOPENED, Done, Event, Flight, plan_of
from app.core.flight_goal import Answered, Counts, outcome

_ENDED = ("completed", "cancelled")
_NO_TASK = "closed"  # the rules closed the mention: nobody has to do anything
_MOST_SUMMED: Final = 50_000  # rows that an outcome is summed up from


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A flight, and its tasks as they were last counted."""

    flight: Flight
    counts: Counts


def read(connection: sa.Connection, flight_id: str) -> Found:
    """Raises Conflict (`unknown_flight`)."""
    row = connection.execute(sa.select(t.flights).where(t.flights.c.id == flight_id)).first()
    if row is None:
        raise Conflict("unknown_flight", "No flight has this id")
    return found_of(row)


def found_of(row: Any) -> Found:
    """A row of `flights` as what it stands for."""
    body: dict[str, Any] = orjson.loads(row.body)
    done = {int(id_): Done(**value) for id_, value in body["done"].items()}
    flight = Flight(**body | {"plan": plan_of(body["plan"]), "done": done})
    counts = Counts(mentions=row.mentions, tasks=row.tasks, open=row.open, ended_ms=row.ended_ms)
    return Found(flight=flight, counts=counts)


def event_of(row: Any) -> Event:
    names = ("flight_id", "version", "kind", "at_ms", "by", "role")
    return Event(**{name: getattr(row, name) for name in names}, data=orjson.loads(row.data))


def take_board(database: Database, connection: sa.Connection) -> None:
    """Say that something changes, and let nobody else change flights until this has ended."""
    connection.execute(database.insert_new(t.board), {"one": 1, "change": 0})
    connection.execute(sa.update(t.board).values(change=t.board.c.change + 1))


def keep(connection: sa.Connection, flight: Flight, event: Event, said: Mapping[str, str]) -> None:
    """The event, and the flight as it made it. `said` names the command: op_id and digest."""
    fields = {
        name: getattr(event, name)
        for name in ("flight_id", "version", "kind", "at_ms", "by", "role")
    }
    data = orjson.dumps(dict(event.data))
    connection.execute(sa.insert(t.events).values(**fields, data=data, **said))
    head = {
        "version": flight.version,
        "state": flight.state,
        "opened_ms": flight.opened_ms,
        "body": orjson.dumps(asdict(flight), option=orjson.OPT_NON_STR_KEYS),
    }
    if event.kind == OPENED:
        none = asdict(Counts())
        connection.execute(sa.insert(t.flights).values(id=flight.id, **head, **none))
    else:
        connection.execute(sa.update(t.flights).where(t.flights.c.id == flight.id).values(**head))


def gather(database: Database, connection: sa.Connection, flight: Flight, event: Event) -> None:
    """What belongs to the flight after this event."""
    if event.kind in (OPENED, EDITED, REOPENED):
        for label in flight.plan.labels:
            _join(database, connection, flight, label)
    elif event.kind in (ADDED, REMOVED):
        row = {
            "flight_id": flight.id,
            "mention_id": event.data["mention_id"],
            "label": "",
            "by": event.by,
            "since_ms": event.at_ms,
            "removed": event.kind == REMOVED,
        }
        # Who joined by a label keeps it, and the time: they are how it came to belong.
        put = database.upsert(t.members, *(("removed",) if row["removed"] else _ADDED))
        connection.execute(put, row)


_ADDED = ("removed", "label", "by", "since_ms")


def _join(database: Database, connection: sa.Connection, flight: Flight, label: str) -> None:
    """Those that had this label before the flight asked for it."""
    early = sa.select(
        sa.literal(flight.id),
        t.labels.c.mention_id,
        t.labels.c.label,
        sa.literal(""),
        t.labels.c.at_ms,
        sa.literal(False),
    ).where(t.labels.c.label == label, t.labels.c.at_ms >= flight.plan.since_ms)
    names = ["flight_id", "mention_id", "label", "by", "since_ms", "removed"]
    # `insert_new` leaves alone whoever belongs already, or was taken out by hand.
    connection.execute(database.insert_new(t.members).from_select(names, early))


def count(connection: sa.Connection, flight_ids: Sequence[str]) -> dict[str, Counts]:
    """The tasks of these flights as the history has them now.

    Who is not in the history yet is on the way there: open.
    """
    status = sa.func.coalesce(mentions.c.status, "")
    ended = status.in_(_ENDED)
    query = (
        sa.select(
            t.members.c.flight_id,
            sa.func.count(),
            sa.func.sum(sa.case((status == _NO_TASK, 0), else_=1)),
            sa.func.sum(sa.case((ended | (status == _NO_TASK), 0), else_=1)),
            sa.func.max(sa.case((ended, mentions.c.changed_ms), else_=0)),
        )
        .select_from(t.members.outerjoin(mentions, mentions.c.mention_id == t.members.c.mention_id))
        .where(t.members.c.flight_id.in_(flight_ids), t.members.c.removed.is_(False))
        .group_by(t.members.c.flight_id)
    )
    found = dict.fromkeys(flight_ids, Counts())
    for id_, every, tasks, still, ended_ms in connection.execute(query):
        found[id_] = Counts(
            mentions=int(every), tasks=int(tasks), open=int(still), ended_ms=int(ended_ms)
        )
    return found


def note_counts(connection: sa.Connection, flight_id: str, counts: Counts) -> None:
    row = sa.update(t.flights).where(t.flights.c.id == flight_id)
    connection.execute(row.values(**asdict(counts)))


def outcome_of(connection: sa.Connection, found: Found, now_ms: int) -> dict[str, Any]:
    """What came of a flight, from the history of its mentions."""
    mine = sa.and_(
        t.members.c.flight_id == found.flight.id,
        t.members.c.removed.is_(False),
        t.members.c.mention_id == history.c.mention_id,
    )
    waits = (
        sa.select(mentions.c.detected_ms, sa.func.min(history.c.at_ms))
        .join(t.members, mine)
        .join(mentions, mentions.c.mention_id == history.c.mention_id)
        .where(history.c.kind == "replied")
        .group_by(history.c.mention_id, mentions.c.detected_ms)
        .limit(_MOST_SUMMED)
    )
    did = (
        sa.select(history.c.kind, history.c.by)
        .join(t.members, mine)
        .where(history.c.kind.in_(("replied", "completed")))
        .limit(_MOST_SUMMED)
    )
    answered = [Answered(detected_ms=d, replied_ms=r) for d, r in connection.execute(waits)]
    people = [(kind, by) for kind, by in connection.execute(did)]
    return outcome(found.flight, found.counts, answered, people, now_ms)
