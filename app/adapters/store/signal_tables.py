"""The tables of signals: what other systems said, and whom it concerns."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

# One row for each signal, kept when it comes in; it counts from when the ledger has it. What it
# says is in its fact, sealed.
signals = sa.Table(
    "signals",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("event", sa.String(64), nullable=False, index=True),  # of however many people
    sa.Column("person", sa.String(64), nullable=False, index=True),  # a subject; empty: products
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("seq", Seq, nullable=False),  # of its fact; 0: the ledger does not have it yet
    sa.Column("until_ms", sa.BigInteger, nullable=False),  # the last mention that it concerns
    sa.Column("proactive", sa.Boolean, nullable=False),
    sa.Index("signals_proactive", "proactive", "until_ms"),
)

# Whom it concerns: the owners of a product are looked up by it, and no rows are made for them.
signal_subjects = sa.Table(
    "signal_subjects",
    metadata,
    sa.Column("subject", sa.String(64), primary_key=True),  # sha256: of one length
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("from_ms", sa.BigInteger, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
    sa.Index("signal_subjects_until", "subject", "until_ms"),
)

# Who was told of it before they asked: nobody is told twice.
signal_told = sa.Table(
    "signal_told",
    metadata,
    sa.Column("event", sa.String(64), primary_key=True),
    sa.Column("person", sa.String(64), primary_key=True, index=True),  # sha256, as subjects are
)
