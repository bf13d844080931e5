"""What is known of a person before we write to them: consent, what they had lately, their zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import tzinfo
from typing import Any, Final

import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.kept_stops import drop_stops, keep_stops, kept_stop
from app.adapters.store.outbound_tables import consent_events, outbound
from app.adapters.store.parts import in_parts
from app.adapters.store.persons import handles_of_person, zone_of_person
from app.adapters.store.seal import open_facts
from app.adapters.store.stops import with_every_stop_heard, with_stops_heard
from app.adapters.store.tables import cursors, facts
from app.config_sla import zone_of
from app.core.consent import MESSAGE, ConsentEvent, standing, with_kept
from app.core.outbound import Outbound
from app.core.outbound_facts import CHANGED, SAID, consent_of
from app.core.permission import Known, Policy, Refusal, refusal_of
from app.core.sealing import UNREADABLE
from app.core.stop_words import StopWords

READER: Final = "send"  # of the ledger: what was said about consent is known up to there

_FIELDS = [consent_events.c[field.name] for field in fields(ConsentEvent)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the gate would say of a message to this handle now; no refusal: it would go out."""

    handle_key: str
    channel: str
    purpose: str
    refusal: Refusal | None


class Consents:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, message: Outbound, policy: Policy, now_ms: int, zone: str = "") -> Known:
        """As `known_of`, in a transaction of its own: for whoever asks without sending."""
        return await self._database.read(lambda c: known_of(c, message, policy, now_ms, zone))

    async def outlook(
        self, handle_key: str, policy: Policy, now_ms: int, only: str = ""
    ) -> list[Outlook]:
        """What each handle of this person could be sent now, for each purpose or one, and why not.

        An answer is taken to answer something that they said.
        """

        def work(connection: sa.Connection) -> list[Outlook]:
            return [
                _outlook(connection, key, purpose, policy, now_ms)
                for key in handles_of_person(connection, handle_key)
                for purpose in policy.purposes
                if only in ("", purpose)
            ]

        return await self._database.read(work)

    async def of_person(self, handle_key: str) -> tuple[list[str], list[ConsentEvent]]:
        """The handle keys of the person behind this one, and all that was said about consent."""

        def work(connection: sa.Connection) -> tuple[list[str], list[ConsentEvent]]:
            keys = handles_of_person(connection, handle_key)
            return keys, _events(connection, keys)

        return await self._database.read(work)

    async def untold(self, limit: int = 100) -> list[ConsentEvent]:
        """What somebody wrote, as far as there is no fact of it."""
        query = sa.select(*_FIELDS).where(consent_events.c.told.is_(False))
        query = query.order_by(consent_events.c.number).limit(limit)
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [ConsentEvent(**dict(row)) for row in rows]

    async def told(self, events: Sequence[ConsentEvent]) -> None:
        ids = [event.event_id for event in events]
        statement = sa.update(consent_events).where(consent_events.c.event_id.in_(ids))
        await self._database.write(lambda c: c.execute(statement.values(told=True)) and None)


def known_of(
    connection: sa.Connection, message: Outbound, policy: Policy, now_ms: int, zone: str
) -> Known:
    """All that the gate is to know. `zone` is what their own message said of where they are."""
    keys = handles_of_person(connection, message.handle_key)
    recent = sa.select(outbound.c.permitted_ms).where(
        outbound.c.handle_key.in_(keys),
        outbound.c.channel == message.channel,
        outbound.c.purpose == message.purpose,
        outbound.c.permitted_ms > now_ms - policy.longest_cap_ms,
        outbound.c.permitted_ms > 0,
        outbound.c.outbound_id != message.outbound_id,
    )
    return Known(
        events=_events(connection, keys),
        sent_ms=list(connection.scalars(recent)),
        zone=_zone(
            (zone_of_person(connection, message.handle_key), zone),
            policy.zone_of(message.channel),
        ),
    )


def _outlook(
    connection: sa.Connection, handle_key: str, purpose: str, policy: Policy, now_ms: int
) -> Outlook:
    channel, _, handle = handle_key.partition(":")
    message = Outbound(
        outbound_id="", channel=channel, handle=handle, handle_key=handle_key, text="",
        purpose=purpose, mention_id="any", created_ms=now_ms,
    )  # fmt: skip
    known = known_of(connection, message, policy, now_ms, "")
    refusal = refusal_of(message, known, policy, now_ms)
    return Outlook(handle_key=handle_key, channel=channel, purpose=purpose, refusal=refusal)


def insert_events(
    database: Database, connection: sa.Connection, rows: Sequence[ConsentEvent]
) -> None:
    """Keep these, each once. What was written to us is still to become a fact."""
    if rows:
        told = [asdict(row) | {"told": row.source != MESSAGE} for row in rows]
        connection.execute(database.insert_new(consent_events), told)


def _events(connection: sa.Connection, keys: Sequence[str]) -> list[ConsentEvent]:
    known = with_stops_heard(connection, keys, _taken_in(connection, keys))
    return with_kept(known, kept_stop(connection, keys))


def _taken_in(connection: sa.Connection, keys: Sequence[str]) -> list[ConsentEvent]:
    query = sa.select(*_FIELDS).where(consent_events.c.handle_key.in_(keys))
    rows: Any = connection.execute(query.order_by(consent_events.c.number)).mappings()
    return [ConsentEvent(**dict(row)) for row in rows]


def unread_events(
    connection: sa.Connection, matters: Sequence[str], words: StopWords
) -> list[ConsentEvent]:
    """What the ledger says about consent and `send` has not taken in: before the keys go, after
    which nobody can read it there. `matters` are mentions, and facts without one, of a person."""
    read = int(connection.scalar(sa.select(cursors.c.seq).where(cursors.c.name == READER)) or 0)
    new = sa.and_(facts.c.seq > read, facts.c.op.in_((*SAID, CHANGED)))
    bodies: dict[int, bytes] = {}
    for some in in_parts(matters):
        theirs = facts.c.mention_id.in_(some) | facts.c.fact_id.in_(some)
        found = connection.execute(sa.select(facts.c.seq, facts.c.body).where(new, theirs))
        bodies |= {row.seq: row.body for row in found}
    told = open_facts(connection, (bodies[seq] for seq in sorted(bodies)))
    events = (consent_of(fact, words) for fact in told if UNREADABLE not in fact)
    return [event for event in events if event]


def keep_their_stop(
    database: Database,
    connection: sa.Connection,
    keys: Sequence[str],
    unread: Sequence[ConsentEvent],
    at_ms: int,
) -> None:
    """Before a person is erased: a stop that holds goes on holding, one that was lifted is gone."""
    known = [*_taken_in(connection, keys), *unread]
    known = with_kept(with_every_stop_heard(connection, keys, known), kept_stop(connection, keys))
    if standing(known).stop is not None:
        keep_stops(database, connection, keys, at_ms)
    else:
        drop_stops(connection, keys)


def _zone(names: Sequence[str], otherwise: tzinfo) -> tzinfo:
    """The first of these zones that there is: people and their programs write what they like."""
    for name in filter(None, names):
        try:
            return zone_of(name)
        except ValueError:
            continue
    return otherwise
