"""The table of the models that were promoted and rolled back."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

# What was done, in order; nobody deletes a row, and of an old one nothing changes but `told`, once
# the fact of it is on its way to the ledger. The newest row says what is live.
changes = sa.Table(
    "model_changes",
    metadata,
    sa.Column("change", Seq, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("by_type", sa.String(20), nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("from_tag", sa.Text, nullable=False),
    sa.Column("to_tag", sa.Text, nullable=False),
    sa.Column("live", sa.BigInteger, nullable=False),  # the promotion; 0: the setting's model
    sa.Column("name", sa.Text, nullable=False),  # in its manifest
    sa.Column("digest", sa.String(64), nullable=False),  # of its manifest, and so of its files
    sa.Column("before", sa.BigInteger, nullable=False),  # the promotion that was live before it
    sa.Column("told", sa.Boolean, nullable=False, index=True),
    sqlite_autoincrement=True,
)
