"""Whom a signal hurts who has not spoken of it and was not told yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from app.adapters.store.database import Database
from app.adapters.store.signal_tables import signal_told
from app.adapters.store.tables import handles, mentions, profiles
from app.core.proactive import Person, person_of
from app.core.signal import Signal

_KNOWN: Final = (profiles.c.customer_id, profiles.c.body)
_PAGE: Final = 500  # customers of one read: others get their turn in between


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurt:
    """`complete`: these are all; otherwise there may be more."""

    people: tuple[Person, ...]
    complete: bool


class Proactive:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def hurt(self, signals: Sequence[Signal], most: int, looked_at: int = 0) -> Hurt:
        """At most so many of those whom the signals of one event hurt.

        `looked_at` bounds the profiles that are read for a product; 0: all.
        """
        signal = signals[0]
        people: list[Person] = []
        if not signal.products:
            found = await self._database.read(lambda c: list(_named(c, signals)))
            return Hurt(people=tuple(found[:most]), complete=len(found) <= most)
        after, seen = "", 0
        while len(people) <= most and not 0 < looked_at <= seen:

            def page(connection: sa.Connection, after: str = after) -> tuple[list[Person], str]:
                return _owners(connection, signal, after)

            found, after = await self._database.read(page)
            people += found
            seen += _PAGE
            if not after:
                return Hurt(people=tuple(people[:most]), complete=len(people) <= most)
        return Hurt(people=tuple(people[:most]), complete=False)


def _named(connection: sa.Connection, signals: Sequence[Signal]) -> Iterator[Person]:
    """Of signals that name people: the customers, and whoever is behind the handles."""
    signal, named = signals[0], [key for one in signals for key in one.handles]
    query = sa.select(handles.c.handle_key, handles.c.customer_id)
    behind = connection.execute(query.where(handles.c.handle_key.in_(named))).all()
    customers = sorted({*(one.customer for one in signals), *(id_ for _, id_ in behind)} - {""})
    for start in range(0, len(customers), _PAGE):
        of = profiles.c.customer_id.in_(customers[start : start + _PAGE])
        rows = connection.execute(sa.select(*_KNOWN).where(of).order_by(profiles.c.customer_id))
        yield from _left(connection, signal, [(id_, orjson.loads(body)) for id_, body in rows])
    known = {key for key, _ in behind}
    owned = {key for one in signals if one.customer for key in one.handles}
    strangers = [(key, person_of([key])) for key in named if key not in known | owned]
    yield from _silent(connection, signal, [(p, [key]) for key, p in strangers if p])


def _owners(connection: sa.Connection, signal: Signal, after: str) -> tuple[list[Person], str]:
    """Of a signal on products: their owners among the next page, and where to go on ("": end)."""
    query = sa.select(*_KNOWN).where(profiles.c.customer_id > after)
    rows = connection.execute(query.order_by(profiles.c.customer_id).limit(_PAGE)).all()
    known = [(id_, orjson.loads(body)) for id_, body in rows]
    mine = [one for one in known if set(one[1].get("products") or ()) & set(signal.products)]
    return list(_left(connection, signal, mine)), known[-1][0] if len(known) == _PAGE else ""


def _left(
    connection: sa.Connection, signal: Signal, customers: Sequence[tuple[str, dict[str, Any]]]
) -> Iterator[Person]:
    """Those of these customers who can be reached, have not spoken and were not told."""
    of: dict[str, list[str]] = {id_: [] for id_, _ in customers}
    query = sa.select(handles.c.handle_key, handles.c.customer_id)
    for key, id_ in connection.execute(query.where(handles.c.customer_id.in_(of))):
        of[id_].append(key)
    found = []
    for id_, body in customers:
        name, preferred = str(body.get("name") or ""), str(body.get("preferred_channel") or "")
        if person := person_of(of[id_], id_, name, preferred):
            found.append((person, of[id_]))
    yield from _silent(connection, signal, found)


def _silent(
    connection: sa.Connection, signal: Signal, people: Sequence[tuple[Person, list[str]]]
) -> Iterator[Person]:
    keys = [key for _, own in people for key in own]
    spoke = sa.select(mentions.c.handle_key).where(
        mentions.c.handle_key.in_(keys), mentions.c.detected_ms >= signal.at_ms
    )
    spoken = set(connection.scalars(spoke))
    told = sa.select(signal_told.c.person).where(
        signal_told.c.event == signal.event, signal_told.c.person.in_([p.key for p, _ in people])
    )
    known = set(connection.scalars(told))
    for person, own in people:
        if person.key not in known and not spoken.intersection(own):
            yield person
