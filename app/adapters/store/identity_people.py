"""People as screens, the cache and the permission gate ask for them: all nodes of one together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from app.adapters.store import identity_tables as t
from app.adapters.store.database import Database
from app.adapters.store.identity_joins import OPEN, events_of, members, review_of
from app.adapters.store.identity_nodes import known_of
from app.adapters.store.tables import handles, history, profiles
from app.core.errors import Conflict
from app.core.joins import APART, Event, fold, person_of
from app.core.particulars import (
    CUSTOMER,
    HANDLE,
    Particulars,
    node_of_customer,
    node_of_handle,
    split_node,
)
from app.core.person import merged
from app.core.profile import Profile

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person: every id and handle, what each source says, and all that was done to them."""

    id: str
    nodes: tuple[str, ...]
    known: Mapping[str, Particulars]
    too_common: Mapping[str, tuple[str, ...]]
    profiles: tuple[Profile, ...]
    handle_keys: tuple[str, ...]
    joins: tuple[Event, ...]  # in effect
    events: tuple[Event, ...]  # all, the newest last
    apart: tuple[str, ...]  # nodes that somebody told apart from one of these
    reviews: tuple[Json, ...]

    @property
    def profile(self) -> Profile:
        return merged(self.profiles)


class PeopleTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(self, node: str) -> Person:
        """The person behind a node. Raises Conflict (`unknown_person`)."""
        return await self._database.read(lambda c: _person(c, node))

    async def handle_keys(self, handle_key: str) -> list[str]:
        """Every handle key of the person behind this one, itself among them.

        For whoever must know all the ways that lead to somebody, such as a gate for consent.
        """
        return await self._database.read(
            lambda c: _handle_keys(c, _whole(c, node_of_handle(handle_key)))
        )

    async def profiles_of(self, nodes: Iterable[str]) -> dict[str, Profile | None]:
        """What the cache should hold under every handle key of these persons; None: nothing."""

        def work(connection: sa.Connection) -> dict[str, Profile | None]:
            found: dict[str, Profile | None] = {}
            for node in nodes:
                whole = _whole(connection, node)
                known = _profiles(connection, whole)
                every = _handle_keys(connection, whole)
                found |= dict.fromkeys(every, merged(known) if known else None)
            return found

        return await self._database.read(work)

    async def overrides(self) -> dict[str, Profile | None]:
        """What the cache should hold otherwise than each customer's own record says."""
        heads = sa.select(t.groups.c.person).distinct()
        # Only these can lack a profile that their record gives them: told apart by a person.
        apart = sa.select(t.events.c.a, t.events.c.b).where(t.events.c.kind == APART)

        def work(connection: sa.Connection) -> set[str]:
            told = {node for pair in connection.execute(apart) for node in pair}
            return set(connection.scalars(heads)) | {n for n in told if n.startswith(f"{HANDLE}:")}

        return await self.profiles_of(await self._database.read(work))

    async def history_of(self, handle_keys: Sequence[str], limit: int) -> list[Json]:
        """What was said by and to these handles, the newest first."""
        query = (
            sa.select(history)
            .where(history.c.handle_key.in_(handle_keys))
            .order_by(history.c.at_ms.desc())
            .limit(limit)
        )
        rows = await self._database.read(lambda c: c.execute(query).mappings().all())
        return [dict(row) for row in rows]


def _whole(connection: sa.Connection, node: str) -> set[str]:
    """The nodes of a person, with the customers whose records name one of their handles, and
    those customers' own persons; not where somebody told the two apart."""
    found = members(connection, node)
    keys = [id_ for kind, id_ in map(split_node, found) if kind == HANDLE]
    query = sa.select(handles.c.handle_key, handles.c.customer_id)
    given = connection.execute(query.where(handles.c.handle_key.in_(keys))) if keys else ()
    for key, customer_id in list(given):
        handle, customer = node_of_handle(key), node_of_customer(customer_id)
        if customer in found:
            continue
        theirs = members(connection, customer)
        if not fold(events_of(connection, {*found, *theirs})).told_apart({handle}, theirs):
            found |= theirs
    return found


def _handle_keys(connection: sa.Connection, whole: Iterable[str]) -> list[str]:
    """Their handles: those joined, and those that their records name and nobody took out."""
    named = list(whole)
    ids = [id_ for kind, id_ in map(split_node, named) if kind == CUSTOMER]
    given = sa.select(handles.c.handle_key).where(handles.c.customer_id.in_(ids))
    people = fold(events_of(connection, named))
    found = {id_ for kind, id_ in map(split_node, named) if kind == HANDLE}
    for key in connection.scalars(given):
        if not people.told_apart({node_of_handle(key)}, named):
            found.add(key)
    return sorted(found)


def _profiles(connection: sa.Connection, whole: Iterable[str]) -> tuple[Profile, ...]:
    ids = [id_ for kind, id_ in map(split_node, whole) if kind == CUSTOMER]
    query = sa.select(profiles.c.body).where(profiles.c.customer_id.in_(ids))
    rows = connection.scalars(query.order_by(profiles.c.customer_id))
    return tuple(msgspec.json.decode(body, type=Profile) for body in rows)


def _person(connection: sa.Connection, node: str) -> Person:
    whole = _whole(connection, node)
    known = known_of(connection, whole)
    own = _profiles(connection, whole)
    if len(whole) == 1 and not known and not own and not _has_history(connection, node):
        raise Conflict("unknown_person", "Nobody is known by this id")
    events = events_of(connection, whole)
    people = fold(events)
    asked = sa.select(t.reviews).where(
        t.reviews.c.state == OPEN, sa.or_(t.reviews.c.a.in_(whole), t.reviews.c.b.in_(whole))
    )
    return Person(
        id=person_of(whole),
        nodes=tuple(sorted(whole)),
        known=known,
        too_common=_too_common(connection, whole),
        profiles=own,
        handle_keys=tuple(_handle_keys(connection, whole)),
        joins=tuple(e for e in events if e.seq in people.joins),
        events=tuple(events),
        apart=tuple(sorted({n for pair in people.apart for n in pair if n not in whole})),
        reviews=tuple(review_of(row) for row in connection.execute(asked)),
    )


def _too_common(connection: sa.Connection, whole: Iterable[str]) -> dict[str, tuple[str, ...]]:
    query = sa.select(t.nodes.c.node, t.nodes.c.too_common)
    query = query.where(t.nodes.c.node.in_(list(whole)), t.nodes.c.too_common != "")
    return {node: tuple(lines.split("\n")) for node, lines in connection.execute(query)}


def _has_history(connection: sa.Connection, node: str) -> bool:
    kind, id_ = split_node(node)
    query = sa.select(history.c.fact_id).where(history.c.handle_key == id_).limit(1)
    return kind == HANDLE and connection.scalar(query) is not None
