"""STOPs heard when they were accepted: while the ledger does not have them, the gate does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

import sqlalchemy as sa

from app.adapters.store.outbound_tables import stops_heard
from app.adapters.store.tables import facts, journal
from app.core.consent import START, ConsentEvent, HeardStop, with_heard
from app.core.facts import OUTCOMES
from app.core.outbound_facts import SAID

_FIELDS = [stops_heard.c[field.name] for field in fields(HeardStop)]
_INTAKE = "intake:"  # before the id of a delivery, as facts name it
# What could not be processed is not in the ledger as a STOP; it was said all the same.
_TAKEN_IN = sa.exists().where(
    facts.c.op_id == sa.literal(_INTAKE).concat(stops_heard.c.intake_id),
    facts.c.op.in_([op for op in OUTCOMES if op != "dead"]),
)


def insert_stops(connection: sa.Connection, stops: Sequence[HeardStop]) -> None:
    if stops:
        connection.execute(sa.insert(stops_heard), [asdict(stop) for stop in stops])


def forget_stops(connection: sa.Connection) -> None:
    """Those of which the ledger tells."""
    connection.execute(sa.delete(stops_heard).where(_TAKEN_IN))


def with_stops_heard(
    connection: sa.Connection, keys: Sequence[str], events: Sequence[ConsentEvent]
) -> list[ConsentEvent]:
    """These events of a person, and in their places the stops that the ledger does not have."""
    return _with(connection, events, [stops_heard.c.handle_key.in_(keys), ~_TAKEN_IN])


def with_every_stop_heard(
    connection: sa.Connection, keys: Sequence[str], events: Sequence[ConsentEvent]
) -> list[ConsentEvent]:
    """As above, and those that the ledger has but nobody took in yet: for an erasure, after which
    nobody can read them there."""
    known = [event.mention_id for event in events if event.mention_id]
    taken = stops_heard.c.mention_id.in_(known)
    return _with(connection, events, [stops_heard.c.handle_key.in_(keys), ~taken])


def _with(
    connection: sa.Connection,
    events: Sequence[ConsentEvent],
    which: Sequence[sa.ColumnElement[bool]],
) -> list[ConsentEvent]:
    rows = connection.execute(sa.select(*_FIELDS).where(*which)).mappings().all()
    heard = [HeardStop(**dict(row)) for row in rows]
    return with_heard(events, heard, _said_ms(connection, events) if heard else {})


def _said_ms(connection: sa.Connection, events: Sequence[ConsentEvent]) -> dict[str, int]:
    """When the messages that are a START were first accepted, as far as the journal knows."""
    starts = {event.mention_id: event.event_id for event in events if event.kind == START}
    query = (
        sa.select(facts.c.mention_id, sa.func.min(journal.c.received_ms))
        .join(journal, journal.c.intake_id == sa.func.substr(facts.c.op_id, len(_INTAKE) + 1))
        .where(facts.c.mention_id.in_([id_ for id_ in starts if id_]), facts.c.op.in_(SAID))
        .group_by(facts.c.mention_id)
    )
    return {starts[id_]: int(at_ms) for id_, at_ms in connection.execute(query)}
