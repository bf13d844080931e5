"""A person in the store: all handles of one customer, or one handle of which nobody knows more."""

from __future__ import annotations

import orjson
import sqlalchemy as sa

from app.adapters.store.tables import handles, profiles


def keys_of_person(connection: sa.Connection, handle_key: str) -> list[str]:
    """The handle keys of the person behind this one; it is always among them."""
    customer = _customer(handle_key)
    query = sa.select(handles.c.handle_key).where(handles.c.customer_id == customer)
    return sorted({handle_key, *connection.scalars(query)})


def zone_of_person(connection: sa.Connection, handle_key: str) -> str:
    """The name of the time zone in their profile; empty where none is known."""
    query = sa.select(profiles.c.body).where(profiles.c.customer_id == _customer(handle_key))
    body = connection.scalar(query)
    return str(orjson.loads(body).get("zone") or "") if body else ""


def _customer(handle_key: str) -> sa.ScalarSelect[str]:
    query = sa.select(handles.c.customer_id).where(handles.c.handle_key == handle_key)
    return query.scalar_subquery()
