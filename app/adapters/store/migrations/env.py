"""Alembic's entry: the address comes from the caller, there is no ini file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from app.adapters.store import (  # noqa: F401 (of the same schema)
    chat_tables,
    flight_tables,
    identity_tables,
    known_tables,
    label_tables,
    model_tables,
    outbound_tables,
    rule_event_tables,
    rule_tables,
    seal_tables,
    signal_tables,
)
from app.adapters.store.tables import metadata

engine = sa.create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
