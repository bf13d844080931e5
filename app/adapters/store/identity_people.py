"""People as screens, the cache and the permission gate ask for them: all nodes of one together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.adapters.profile_blob import packed, unpacked
from app.adapters.store import identity_tables as t
from app.adapters.store.database import Database
from app.adapters.store.identity_joins import OPEN, events_of, review_of
from app.adapters.store.identity_nodes import known_of
from app.adapters.store.identity_whole import Line, handles_in, unheld, whole_of
from app.adapters.store.statements import Change, chunks, said_of
from app.adapters.store.tables import handles, history, profiles
from app.core.errors import Conflict
from app.core.joins import APART, Event, fold, person_of
from app.core.known import DEFAULT_ORDER, Order, facts_of
from app.core.known import fold as fold_facts
from app.core.particulars import (
    CUSTOMER,
    HANDLE,
    Particulars,
    node_of_customer,
    node_of_handle,
    split_node,
)
from app.core.profile import STRANGER, Profile

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person: every id and handle, what is known of each, and all that was done to them."""

    id: str
    nodes: tuple[str, ...]
    known: Mapping[str, Particulars]
    too_common: Mapping[str, tuple[str, ...]]
    profile: Profile
    handle_keys: tuple[str, ...]
    joins: tuple[Event, ...]  # in effect
    events: tuple[Event, ...]  # all, the oldest first
    apart: tuple[str, ...]  # nodes that somebody told apart from one of these
    reviews: tuple[Json, ...]


class PeopleTable:
    """`order` says which of several sources' statements a joined profile shows."""

    def __init__(self, database: Database, order: Order = DEFAULT_ORDER) -> None:
        self._database = database
        self._order = order

    async def person(self, node: str) -> Person:
        """The person behind a node. Raises Conflict (`unknown_person`)."""
        return await self._database.read(lambda c: _person(c, node, self._order))

    async def blobs(self, nodes: Iterable[str]) -> dict[str, bytes | None]:
        """What the cache should hold under every handle key of these persons; None: nothing."""
        found = await self._database.read(lambda c: profiles_of(c, nodes, self._order))
        return {key: packed(profile) if profile else None for key, profile in found.items()}

    async def joined_blobs(self, changes: Collection[Change]) -> dict[str, bytes | None]:
        """`blobs` of whom of these changes, or of their handles, was joined or told apart."""
        nodes = {node_of_customer(change.customer_id) for change in changes}
        nodes |= {node_of_handle(key) for change in changes for key in change.handle_keys}
        return await self.blobs(await self._database.read(lambda c: _touched(c, nodes)))

    async def unheld(self, customers: Collection[str]) -> list[Line]:
        """Lines of these customers' records that do not count, as the handle is another's."""
        return await self._database.read(lambda c: unheld(c, customers))


def profiles_of(
    connection: sa.Connection, nodes: Iterable[str], order: Order
) -> dict[str, Profile | None]:
    """By every handle key of these persons what is known of them; None: nobody is known."""
    found: dict[str, Profile | None] = {}
    waiting, done = list(nodes), set[str]()
    while waiting:
        if (node := waiting.pop()) in done:
            continue
        whole = whole_of(connection, node)
        done |= {node} | whole
        # What a record names and is somebody else's by now may have been theirs before.
        waiting += [line.handle for line in unheld(connection, whole)]
        profile = _profile(connection, whole, order)
        keys = handles_in(connection, whole)
        found |= dict.fromkeys(keys, profile if profile.known else None)
    return found


def joined_profiles(
    connection: sa.Connection, handle_keys: Collection[str], order: Order
) -> dict[str, Profile | None]:
    """Of these handle keys those whose person somebody has joined or told apart from another."""
    nodes = {node_of_handle(key) for key in handle_keys}
    for chunk in chunks(handle_keys):
        owners = sa.select(handles.c.customer_id).where(handles.c.handle_key.in_(chunk))
        nodes |= {node_of_customer(id_) for id_ in connection.scalars(owners)}
    found = profiles_of(connection, _touched(connection, nodes), order)
    return {key: profile for key, profile in found.items() if key in handle_keys}


def _touched(connection: sa.Connection, nodes: Collection[str]) -> list[str]:
    found: set[str] = set()
    for chunk in chunks(nodes):
        joined = sa.select(t.groups.c.node).where(t.groups.c.node.in_(chunk))
        found.update(connection.scalars(joined))
        for one, other in ((t.events.c.a, t.events.c.b), (t.events.c.b, t.events.c.a)):
            apart = sa.select(one, other).where(t.events.c.kind == APART, one.in_(chunk))
            # The other side, too: a handle that the record names has lost this profile.
            found.update(node for row in connection.execute(apart) for node in row)
    return sorted(found)


def _profile(connection: sa.Connection, whole: Iterable[str], order: Order) -> Profile:
    """One customer's own; of several, the fold of all that their sources say."""
    ids = sorted(id_ for kind, id_ in map(split_node, whole) if kind == CUSTOMER)
    query = sa.select(profiles.c.body).where(profiles.c.customer_id.in_(ids))
    bodies = connection.scalars(query.order_by(profiles.c.customer_id)).all()
    if len(bodies) > 1:
        said = said_of(connection, ids)
        facts = [fact for each in said.values() for one in each for fact in facts_of(one)]
        return fold_facts(facts, order)
    return unpacked(bodies[0]) if bodies else STRANGER


def _person(connection: sa.Connection, node: str, order: Order) -> Person:
    whole = whole_of(connection, node)
    known, profile = known_of(connection, whole), _profile(connection, whole, order)
    if len(whole) == 1 and not known and not profile.known and not _has_history(connection, node):
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
        profile=profile,
        handle_keys=tuple(handles_in(connection, whole)),
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
