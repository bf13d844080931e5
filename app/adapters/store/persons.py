"""A person in the store: all that is joined with one key, or a handle that nobody knows."""

from __future__ import annotations

import orjson
import sqlalchemy as sa

from app.adapters.store.identity_whole import handles_in, whole_of
from app.adapters.store.tables import profiles
from app.core.particulars import CUSTOMER, node_of_customer, node_of_handle, split_node
from app.core.person import customer_key, customer_of


def customers_of_person(connection: sa.Connection, key: str) -> list[str]:
    """The customer ids of the person behind this handle, or this customer's key."""
    found = {id_ for kind, id_ in map(split_node, _nodes(connection, key)) if kind == CUSTOMER}
    return sorted(found)


def handles_of_person(connection: sa.Connection, key: str) -> list[str]:
    """The handle keys of the person behind this one, itself among them if it is a handle's."""
    own = set() if customer_of(key) else {key}
    return sorted(own.union(handles_in(connection, _nodes(connection, key))))


def keys_of_person(connection: sa.Connection, key: str) -> list[str]:
    """Every key under which something of this person is kept: their handles', and their own."""
    own = set(map(customer_key, customers_of_person(connection, key)))
    return sorted(own.union(handles_of_person(connection, key)))


def zone_of_person(connection: sa.Connection, key: str) -> str:
    """The name of the time zone in their profile; empty where none is known."""
    query = sa.select(profiles.c.body)
    query = query.where(profiles.c.customer_id.in_(customers_of_person(connection, key)))
    bodies = connection.scalars(query.order_by(profiles.c.customer_id))
    zones = (str(orjson.loads(body).get("zone") or "") for body in bodies)
    return next(filter(None, zones), "")


def _nodes(connection: sa.Connection, key: str) -> set[str]:
    customer = customer_of(key)
    return whole_of(connection, node_of_customer(customer) if customer else node_of_handle(key))
