"""The tables of identity: what is compared, by which keys, what was joined, what is to be asked."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

NODE = sa.String(1800)  # `handle:` and a handle key, which an index of PostgreSQL still holds

# What of a customer id or a handle is compared, in its normal form. Made again from its source.
nodes = sa.Table(
    "identity_nodes",
    metadata,
    sa.Column("number", Seq, primary_key=True, autoincrement=True),
    sa.Column("node", NODE, nullable=False, unique=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # JSON
    sa.Column("source", sa.String(64), nullable=False),  # digest of what it was made from
    sa.Column("too_common", sa.Text, nullable=False),  # keys that told nobody apart, one a line
    sa.Column("seen_ms", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Which nodes share a blocking key: 64 bits of its digest, as there are ten of them for each node.
keys = sa.Table(
    "identity_keys",
    metadata,
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# What was joined, taken back and told apart. Append-only: nobody updates a row, and only an
# erasure deletes those of whoever is gone.
events = sa.Table(
    "identity_events",
    metadata,
    sa.Column("seq", Seq, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("a", NODE, nullable=False, index=True),
    sa.Column("b", NODE, nullable=False, index=True),
    sa.Column("of", sa.BigInteger, nullable=False),  # the join that is taken back, or 0
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),  # JSON: reason, confidence, evidence
    sa.Column("op_id", sa.String(64), nullable=False, index=True),  # the command, for repeats
    sa.Column("digest", sa.String(64), nullable=False),  # of what it said
    sqlite_autoincrement=True,
)

# The fold of the events: only nodes that are joined with another one have a row.
groups = sa.Table(
    "identity_groups",
    metadata,
    sa.Column("node", NODE, primary_key=True),
    sa.Column("person", NODE, nullable=False, index=True),
)

# Pairs that a person is to decide, with the evidence; `state` is open, or what came of it.
reviews = sa.Table(
    "identity_reviews",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),  # digest of both
    sa.Column("a", NODE, nullable=False, index=True),
    sa.Column("b", NODE, nullable=False, index=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),  # JSON: score, why, evidence, against
    sa.Column("since_ms", sa.BigInteger, nullable=False),
    sa.Index("identity_reviews_best", "state", "confidence"),
)

# One row: who joins or tells apart takes it first, so that no two do it beside each other.
board = sa.Table(
    "identity_board",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("change", sa.BigInteger, nullable=False),
)
