"""A person in the store: all handles of one customer, or one handle of which nobody knows more."""

from __future__ import annotations

import orjson
import sqlalchemy as sa

from app.adapters.store.tables import handles, profiles
from app.core.person import customer_key, customer_of


def customer_of_person(connection: sa.Connection, key: str) -> str:
    """The id of the customer who has this handle, or whose key this is; empty for nobody known."""
    query = sa.select(handles.c.customer_id).where(handles.c.handle_key == key)
    return customer_of(key) or str(connection.scalar(query) or "")


def handles_of_person(connection: sa.Connection, key: str) -> list[str]:
    """The handle keys of the person behind this one, itself among them if it is a handle's."""
    customer = customer_of_person(connection, key)
    query = sa.select(handles.c.handle_key).where(handles.c.customer_id == customer)
    own = set() if customer_of(key) else {key}
    return sorted(own.union(connection.scalars(query)))


def keys_of_person(connection: sa.Connection, key: str) -> list[str]:
    """Every key under which something of this person is kept: their handles', and their own."""
    customer = customer_of_person(connection, key)
    own = {customer_key(customer)} if customer else set()
    return sorted(own.union(handles_of_person(connection, key)))


def zone_of_person(connection: sa.Connection, key: str) -> str:
    """The name of the time zone in their profile; empty where none is known."""
    customer = customer_of_person(connection, key)
    query = sa.select(profiles.c.body).where(profiles.c.customer_id == customer)
    body = connection.scalar(query)
    return str(orjson.loads(body).get("zone") or "") if body else ""
