"""The keys with which the ledger is sealed, and who is being erased."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import metadata

# Deleting a row makes what the person said unreadable for ever.
person_keys = sa.Table(
    "person_keys",
    metadata,
    sa.Column("handle_key", sa.String(1700), primary_key=True),
    sa.Column("key_id", sa.String(32), nullable=False, unique=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
)

# Whose key the facts of a mention are sealed with, or a fact without a mention. It stays when the
# key is gone: what is yet said of the mention must not be kept in the clear.
mention_keys = sa.Table(
    "mention_keys",
    metadata,
    sa.Column("matter", sa.String(300), primary_key=True),
    sa.Column("key_id", sa.String(32), nullable=False, index=True),
    sa.Column("source_id", sa.Text, nullable=False),  # the source's own id; emptied with the key
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    # JSON: handle keys and mentions; emptied when it is done.
    sa.Column("person", sa.LargeBinary, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("asked_by", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("asked_ms", sa.BigInteger, nullable=False),
    sa.Column("done_ms", sa.BigInteger, nullable=False),  # 0: under way
    sa.Column("counts", sa.LargeBinary, nullable=False),  # JSON: rows by table
)
