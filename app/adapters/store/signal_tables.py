"""The tables of signals: what other systems said, and whom it concerns."""

from __future__ import annotations

import sqlalchemy as sa

from app.adapters.store.tables import Seq, metadata

# One row for each signal, kept when it comes in; it counts from when the ledger has it.
signals = sa.Table(
    "signals",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("seq", Seq, nullable=False),  # of its fact; 0: the ledger does not have it yet
    sa.Column("until_ms", sa.BigInteger, nullable=False),  # the last mention that it concerns
    sa.Column("proactive", sa.Boolean, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # JSON: its fact; empty before that
    sa.Index("signals_proactive", "proactive", "until_ms"),
)

# Whom it concerns, at most a thousand rows each: the owners of a product are looked up by it.
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
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("person", sa.String(64), primary_key=True),  # sha256, as subjects are
)
