"""Flights in the store: every change an event, refused where it came too late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from app.adapters.store import flight_rows as rows
from app.adapters.store import flight_tables as t
from app.adapters.store.database import Database
from app.adapters.store.flight_rows import Found
from app.adapters.store.tables import history, mentions
from app.core.errors import Conflict
from app.core.flight import OPEN, Event, applied
from app.core.flight_goal import Counts
from app.core.history_lines import WORDS_OF_CUSTOMERS
from app.core.queueing import task_id_of

MOST_OPEN = 50  # at once; who needs more has a process, not a situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A command by name: done once for each `op_id`; `version` is the one that was seen, or 0."""

    op_id: str
    digest: str
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a move may ask for, all of one moment."""

    found: Found
    outcome: Callable[[int], dict[str, Any]]
    member: Callable[[str], str | None]  # who added this mention, "" for a label; None: it is not


Decide = Callable[[Scene], Event | None]


class Flights:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, event: Event, said: Said) -> Found:
        """Begin a flight. Raises Conflict (`too_many_flights`, `key_reused`)."""

        def work(connection: sa.Connection) -> Found:
            rows.take_board(self._database, connection)
            if known := _repeated(connection, said):
                return rows.read(connection, known)
            how_many = sa.select(sa.func.count()).where(t.flights.c.state == OPEN)
            if int(connection.scalar(how_many) or 0) >= MOST_OPEN:
                told = f"Expected at most {MOST_OPEN} open flights: close one first"
                raise Conflict("too_many_flights", told)
            return self._happened(connection, None, event, said)

        return await self._database.write(work)

    async def change(self, flight_id: str, decide: Decide, said: Said) -> Found:
        """Let `decide` make the next event of a flight, of what is there now.

        Raises Conflict: `unknown_flight`, `stale_flight`, `key_reused` and whatever `decide` does.
        """

        def work(connection: sa.Connection) -> Found:
            rows.take_board(self._database, connection)
            if known := _repeated(connection, said):
                return rows.read(connection, known)
            found = rows.read(connection, flight_id)
            if said.version and said.version != found.flight.version:
                told = "Somebody has changed the flight meanwhile: look at it again, then repeat"
                raise Conflict("stale_flight", told)
            fresh = replace(found, counts=rows.count(connection, [flight_id])[flight_id])
            event = decide(_scene(connection, fresh))
            return self._happened(connection, fresh, event, said) if event else found

        return await self._database.write(work)

    def _happened(
        self, connection: sa.Connection, before: Found | None, event: Event, said: Said
    ) -> Found:
        flight = applied(before.flight if before else None, event)
        rows.keep(connection, flight, event, {"op_id": said.op_id, "digest": said.digest})
        rows.gather(self._database, connection, flight, event)
        counts = rows.count(connection, [flight.id])[flight.id]
        rows.note_counts(connection, flight.id, counts)
        return Found(flight=flight, counts=counts)

    async def one(self, flight_id: str) -> Found:
        """Raises Conflict (`unknown_flight`)."""
        return await self._database.read(lambda c: rows.read(c, flight_id))

    async def all(self, state: str, limit: int) -> list[Found]:
        """The flights of a state, the last opened first."""
        query = (
            sa.select(t.flights)
            .where(t.flights.c.state == state)
            .order_by(t.flights.c.opened_ms.desc(), t.flights.c.id)
            .limit(limit)
        )
        found = await self._database.read(lambda c: c.execute(query).all())
        return [rows.found_of(row) for row in found]

    async def history(self, flight_id: str, limit: int) -> list[Event]:
        """The last events of a flight, the newest first."""
        query = (
            sa.select(t.events)
            .where(t.events.c.flight_id == flight_id)
            .order_by(t.events.c.version.desc())
            .limit(limit)
        )
        found = await self._database.read(lambda c: c.execute(query).all())
        return [rows.event_of(row) for row in found]

    async def tasks(self, flight_id: str, limit: int) -> list[dict[str, Any]]:
        """What belongs to a flight, the newest first, each with what was said and its standing."""
        members = (
            sa.select(t.members)
            .where(t.members.c.flight_id == flight_id, t.members.c.removed.is_(False))
            .order_by(t.members.c.since_ms.desc(), t.members.c.mention_id)
            .limit(limit)
        )

        def work(connection: sa.Connection) -> list[dict[str, Any]]:
            found = connection.execute(members).all()
            told = _told(connection, [row.mention_id for row in found])
            return [
                {
                    "mention_id": row.mention_id,
                    "task_id": task_id_of(row.mention_id),
                    "label": row.label,
                    "by": row.by,
                    "since_ms": row.since_ms,
                    **told[row.mention_id],
                }
                for row in found
            ]

        return await self._database.read(work)

    async def of_mentions(self, mention_ids: Sequence[str]) -> dict[str, list[Found]]:
        """The open flights of each of these mentions, a screen's worth; the last opened first."""
        query = (
            sa.select(t.flights, t.members.c.mention_id)
            .join(t.members, t.members.c.flight_id == t.flights.c.id)
            .where(
                t.members.c.mention_id.in_(mention_ids),
                t.members.c.removed.is_(False),
                t.flights.c.state == OPEN,
            )
            .order_by(t.flights.c.opened_ms.desc(), t.flights.c.id)
        )
        found: dict[str, list[Found]] = defaultdict(list)
        for row in await self._database.read(lambda c: c.execute(query).all()):
            found[row.mention_id].append(rows.found_of(row))
        return found

    async def recorded(self, labels: Iterable[str]) -> set[str]:
        """Those of these labels that some decision has had."""

        def work(connection: sa.Connection) -> set[str]:
            one = sa.select(t.labels.c.label).limit(1)
            asked = {label: one.where(t.labels.c.label == label) for label in labels}
            return {label for label, query in asked.items() if connection.scalar(query)}

        return await self._database.read(work)

    async def last_change(self) -> int:
        """Grows with every change of any flight, its tasks' counts included."""
        query = sa.select(t.board.c.change)
        return await self._database.read(lambda c: int(c.scalar(query) or 0))

    async def recount(self) -> list[Found]:
        """Count the tasks of the open flights again; returns them as they are now."""
        query = sa.select(t.flights).where(t.flights.c.state == OPEN)

        def look(connection: sa.Connection) -> list[tuple[Found, Counts]]:
            found = [rows.found_of(row) for row in connection.execute(query)]
            now = rows.count(connection, [each.flight.id for each in found]) if found else {}
            return [(each, now[each.flight.id]) for each in found]

        seen = await self._database.read(look)
        changed = [(each, counts) for each, counts in seen if each.counts != counts]

        def note(connection: sa.Connection) -> None:
            rows.take_board(self._database, connection)
            for each, counts in changed:
                rows.note_counts(connection, each.flight.id, counts)

        if changed:
            await self._database.write(note)
        return [replace(each, counts=counts) for each, counts in seen]


def _scene(connection: sa.Connection, found: Found) -> Scene:
    def member(mention_id: str) -> str | None:
        query = sa.select(t.members.c.by).where(
            t.members.c.flight_id == found.flight.id,
            t.members.c.mention_id == mention_id,
            t.members.c.removed.is_(False),
        )
        by: str | None = connection.scalar(query)
        return by

    return Scene(
        found=found,
        outcome=lambda now_ms: rows.outcome_of(connection, found, now_ms),
        member=member,
    )


def _repeated(connection: sa.Connection, said: Said) -> str:
    """The flight of the same command, where it was done before. Raises Conflict (`key_reused`)."""
    query = sa.select(t.events.c.flight_id, t.events.c.digest)
    row = connection.execute(query.where(t.events.c.op_id == said.op_id)).first()
    if row is None:
        return ""
    if row.digest != said.digest:
        raise Conflict("key_reused", "This key was used before, for something else")
    return str(row.flight_id)


def _told(connection: sa.Connection, mention_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What was said in these mentions, by whom, and where they stand."""
    found: dict[str, dict[str, Any]] = {
        id_: {"said": "", "handle": "", "channel": "", "status": "", "queue": ""}
        for id_ in mention_ids
    }
    said = sa.select(history).where(
        history.c.mention_id.in_(mention_ids), history.c.kind.in_(WORDS_OF_CUSTOMERS)
    )
    for row in connection.execute(said.order_by(history.c.at_ms)):
        found[row.mention_id] |= {"said": row.text, "handle": row.by, "channel": row.channel}
    standing = sa.select(mentions).where(mentions.c.mention_id.in_(mention_ids))
    for row in connection.execute(standing):
        found[row.mention_id] |= {"status": row.status, "queue": row.queue}
    return found
