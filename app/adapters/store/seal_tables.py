"""The keys with which the ledger is sealed. Deleting a row of `person_keys` erases a person."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import metadata

person_keys = sa.Table(
    "person_keys",
    metadata,
    sa.Column("handle_key", sa.String(1700), primary_key=True),
    sa.Column("key_id", sa.String(32), nullable=False, unique=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
)

# Whose key a mention's facts are sealed with. It stays when the key is gone: what is yet said of
# the mention must not be kept in the clear.
mention_keys = sa.Table(
    "mention_keys",
    metadata,
    sa.Column("mention_id", sa.String(64), primary_key=True),
    sa.Column("key_id", sa.String(32), nullable=False, index=True),
    sa.Column("source_id", sa.Text, nullable=False),  # the source's own id; emptied with the key
)
